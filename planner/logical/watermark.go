package logical

import (
	"maps"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A Watermark says that an expression over a node's columns has a watermark: in every change
// still to come it is NULL or has at least the least value of the terms. Without terms no
// change is still to come.
type Watermark struct {
	Expr expr.Expr
	Of   []WatermarkTerm
	// Padded says that rows are there that have NULL for lack of a match in an outer join:
	// they are never below the watermark, though they become final as others do.
	Padded bool
	// Later says that another column of the rows tells sooner that they are final.
	Later bool
}

// Column is the position of the column that the expression is, -1 where it computes.
func (m Watermark) Column() int { return columnOf(m.Expr) }

// A WatermarkTerm is the watermark of a column of a relation, or what a nondecreasing
// function makes of it.
type WatermarkTerm struct {
	Relation *Relation
	Column   int       // in the relation's schema
	Func     expr.Expr // over the watermark as column 0; nil for the watermark itself
}

// value is the term as an expression over the watermark.
func (t WatermarkTerm) value() expr.Expr {
	if t.Func != nil {
		return t.Func
	}
	f := t.Relation.Schema.Fields[t.Column]
	f.Name = t.Relation.Name + "." + f.Name
	return &expr.Column{Field: f}
}

// String prints the term: "bid.ts", "bid.ts - INTERVAL 4 SECOND".
func (t WatermarkTerm) String() string { return t.value().String() }

// Watermarks derives the watermarks of a node's output from those of the relations that it
// reads. What is true of each kind of node:
//
//   - A scan has those of its relation. What passes rows on or computes over each row alone
//     keeps them, also through nondecreasing functions.
//   - The groups of an aggregate change only while rows of them come: columns that are
//     grouped by keep their watermarks. So do the columns that a window or a top N partitions
//     by, and their first key where it is ascending and no row looks at later ones.
//   - The end of a session is a gap behind its last row, so that a row which joins it is
//     not later than its end.
//   - UNION, INTERSECT and EXCEPT have the least of their inputs.
//   - Of a join see joinWatermarks.
func Watermarks(n Node) []Watermark {
	switch x := n.(type) {
	case *Scan:
		return x.watermarks()
	case *Values:
		return x.watermarks()
	case *History:
		return x.watermarks()
	case *Filter:
		return filterWatermarks(x)
	case *Project:
		return derived(x.Exprs, Watermarks(x.Input))
	case *Sort:
		return Watermarks(x.Input)
	case *First:
		return Watermarks(x.Input)
	case *Unique:
		return Watermarks(x.Input)
	case *Union:
		return leastWatermarks(x.Ins)
	case *SetOp:
		return leastWatermarks(x.Inputs())
	case *Aggregate:
		if x.Sets == nil {
			return derived(x.Group, Watermarks(x.Input))
		}
	case *Join:
		if len(x.Params) == 0 {
			return joinWatermarks(x, nil)
		}
	case *TopN:
		return orderedWatermarks(x.Input, x.Partition, x.Keys, true)
	case *Window:
		return orderedWatermarks(x.Input, x.Partition, x.Keys, !slices.ContainsFunc(x.Calls, WindowCall.looksAhead))
	case *Expand:
		return x.watermarks()
	case *Session:
		return x.watermarks()
	case *Lookup: // the right side changes nothing that was put out
		return Watermarks(x.Left)
	case *Asof:
		return x.watermarks()
	case *EmitFinal:
		if len(x.By) == 1 {
			return slices.DeleteFunc(Watermarks(x.Input), func(m Watermark) bool { return m.Column() != x.By[0].Column })
		}
	}
	return nil
}

// watermarks are the relation's, where its rows arrive as they are.
func (s *Scan) watermarks() []Watermark {
	if s.Relation.Arrival != Plain {
		return nil
	}
	var out []Watermark
	for _, w := range s.Relation.Watermarks {
		of := []WatermarkTerm{{Relation: s.Relation, Column: w.Column}}
		if w.Computed == nil {
			if at := slices.Index(s.Columns, w.Column); at >= 0 {
				out = append(out, Watermark{Expr: &expr.Column{Index: at, Field: s.Relation.Schema.Fields[w.Column]}, Of: of})
			}
			continue
		}
		there := true
		e := expr.Transform(w.Computed, func(x expr.Expr) expr.Expr {
			c, ok := x.(*expr.Column)
			if !ok {
				return x
			}
			at := slices.Index(s.Columns, c.Index)
			there = there && at >= 0
			return &expr.Column{Index: at, Field: c.Field}
		})
		if there {
			out = append(out, Watermark{Expr: e, Of: of})
		}
	}
	return out
}

// watermarks of rows that are written in the query: none is still to come.
func (v *Values) watermarks() []Watermark { return endless(v.Schema()) }

func endless(s *types.Schema) []Watermark {
	out := make([]Watermark, s.Len())
	for i, f := range s.Fields {
		out[i] = Watermark{Expr: &expr.Column{Index: i, Field: f}}
	}
	return out
}

func filterWatermarks(f *Filter) []Watermark {
	preds, in := []expr.Expr{f.Pred}, f.Input
	for {
		switch x := in.(type) {
		case *Filter:
			preds, in = append(preds, x.Pred), x.Input
			continue
		case *Join:
			if x.Kind == Inner && len(x.Params) == 0 {
				return joinWatermarks(x, preds)
			}
		}
		return Watermarks(in)
	}
}

// leastWatermarks are the columns that have a watermark in all inputs.
func leastWatermarks(ins []Node) []Watermark {
	var out []Watermark
	for i, in := range ins {
		marks := columnWatermarks(in)
		if i == 0 {
			for _, c := range slices.Sorted(maps.Keys(marks)) {
				out = append(out, marks[c])
			}
			continue
		}
		kept := out[:0]
		for _, m := range out {
			if o, ok := marks[m.Column()]; ok {
				kept = append(kept, Watermark{m.Expr, least(m.Of, o.Of), m.Padded || o.Padded, m.Later || o.Later})
			}
		}
		out = kept
	}
	return out
}

// columnWatermarks are the watermarks of a node's columns by position.
func columnWatermarks(n Node) map[int]Watermark {
	out := map[int]Watermark{}
	for _, m := range Watermarks(n) {
		if c := m.Column(); c >= 0 {
			if _, twice := out[c]; !twice {
				out[c] = m
			}
		}
	}
	return out
}

// least joins the terms of two bounds, each once.
func least(a, b []WatermarkTerm) []WatermarkTerm {
	out := slices.Clone(a)
	for _, t := range b {
		same := func(o WatermarkTerm) bool {
			return o.Relation.Name == t.Relation.Name && o.Column == t.Column && expr.Fingerprint(o.value()) == expr.Fingerprint(t.value())
		}
		if !slices.ContainsFunc(out, same) {
			out = append(out, t)
		}
	}
	return out
}

// orderedWatermarks keeps the watermarks of the columns that rows are partitioned by. With behind
// a row is told by what lies before it alone, so that a watermark of the first key holds, too:
// what comes changes nothing that has a lesser key.
func orderedWatermarks(in Node, partition []int, keys []SortKey, behind bool) []Watermark {
	fields := in.Schema().Fields
	var out []Watermark
	for _, m := range Watermarks(in) {
		c := m.Column()
		first := behind && len(keys) > 0 && keys[0].Column == c && !keys[0].Desc
		if c >= 0 && (slices.Contains(partition, c) || first && fields[c].NotNull) {
			out = append(out, m)
		}
	}
	return out
}

// looksAhead reports that the value of a row may change with rows behind it.
func (c WindowCall) looksAhead() bool {
	switch c.Name {
	case "row_number", "rank", "dense_rank", "lag":
		return false
	case "ntile", "percent_rank", "cume_dist", "lead":
		return true
	}
	return c.Frame.To.Kind > CurrentRow
}

// watermarks: rows keep their columns; those of the function follow from its first argument.
func (x *Expand) watermarks() []Watermark {
	out := Watermarks(x.Input)
	if x.Func.Least == nil || len(x.Args) == 0 {
		return out
	}
	first, ok := derive(x.Args[0], out)
	if !ok {
		return out
	}
	width := x.Input.Schema().Len()
	for i, f := range x.Schema().Fields[width:] {
		m := Watermark{Expr: &expr.Column{Index: width + i, Field: f}, Padded: x.Outer, Later: slices.Contains(x.Func.Later, i)}
		for _, t := range first.Of {
			t.Func = leastCall(x.Func, i, t.value())
			m.Of = append(m.Of, t)
		}
		out = append(out, m)
	}
	return out
}

// Bound prints the value of the watermark.
func (m Watermark) Bound() string {
	parts := make([]string, len(m.Of))
	for i, t := range m.Of {
		parts[i] = t.String()
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "least(" + strings.Join(parts, ", ") + ")"
}

// watermarks: a row changes the sessions that end at its time or later, in its partition.
func (x *Session) watermarks() []Watermark {
	var out []Watermark
	width := x.Input.Schema().Len()
	for _, w := range Watermarks(x.Input) {
		c := w.Column()
		if slices.Contains(x.Partition, c) {
			out = append(out, w)
		}
		if c != x.Time {
			continue
		}
		last := Watermark{Expr: &expr.Column{Index: width + 2, Field: x.Columns[2]}}
		for _, t := range w.Of {
			t.Func = expr.Later(t.value(), -1000) // a millisecond before the end
			last.Of = append(last.Of, t)
		}
		out = append(out, Watermark{Expr: &expr.Column{Index: width + 1, Field: x.Columns[1]}, Of: w.Of}, last)
	}
	return out
}

// watermarks: where the latest right row is taken, one that comes changes left rows that are
// not before it.
func (a *Asof) watermarks() []Watermark {
	l, ok := columnWatermarks(a.Left)[a.LeftTime]
	r, there := columnWatermarks(a.Right)[a.RightTime]
	if !ok || !there || !a.Latest() {
		return nil
	}
	return []Watermark{{l.Expr, least(l.Of, r.Of), l.Padded, l.Later}}
}
