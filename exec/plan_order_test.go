package exec_test

import (
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function/scalar"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Nodes that count rows, or put them in an order:
//
//	i = intersect l, r
//	e = except all l, r
//	n = top t: 3 OFFSET 1 RANK TIES NUMBER BY v DESC, o PER k
//	w = window t: lag(v, 2) IGNORE NULLS AS a, sum(v) FILTER v > 1 OVER ROWS 1 PRECEDING TO CURRENT ROW AS s BY o PER k
//	a = left asof l, r: o >= o ON k = k
//	u = left lookup l, r: k = k IF l.v < r.v
//	f = time t: v > -2 (the seconds of the clock and -2)
//	r = recursive all b, e: self = scan a INT; e = scan a INT, b INT; j = inner join self, e: a = a; p = project j: b AS a
//
// The step of a recursion is a plan of its own, whose scan self is what came last.

func (p *planner) setOp(kind, ins string) exec.Plan {
	ins, all := strings.CutPrefix(ins, "all ")
	left, right, _ := strings.Cut(ins, ", ")
	s := &exec.SetOp{Left: p.routed(p.input(left)), Right: p.routed(p.input(right)), Except: kind == "except", All: all}
	s.Out = s.Left.Schema()
	return s
}

// asof reads the comparison of the times, and behind ON equalities of keys. FORGET is by the
// watermarks of both times.
func (p *planner) asof(outer bool, ins, what string) exec.Plan {
	left, right, _ := strings.Cut(ins, ", ")
	what, forget := strings.CutSuffix(what, " FORGET")
	what, on, _ := strings.Cut(what, " ON ")
	a := &exec.Asof{Left: p.input(left), Right: p.input(right), Outer: outer, Out: &types.Schema{}}
	l, r := a.Left.Schema(), a.Right.Schema()
	for _, f := range append(l.Fields[:l.Len():l.Len()], r.Fields...) {
		a.Out.Fields = append(a.Out.Fields, types.Field{Name: f.Name, Type: f.Type})
	}
	words := strings.Fields(what)
	var keys [2][]int
	a.Keys, keys = matchKeys(on, l, r)
	a.LeftTime, a.RightTime = l.Index(words[0]), r.Index(words[2])
	if forget {
		for i, table := range []string{left, right} {
			at := []int{a.LeftTime, a.RightTime}[i]
			a.Until = append(a.Until, exec.WatermarkTerm{Of: exec.WatermarkOf{Table: table, Column: at}, Name: words[0]})
		}
	}
	a.Earliest, a.Strict = words[1][0] == '<', len(words[1]) == 1
	a.Left, a.Right = p.keyed(a.Left, keys[0]), p.keyed(a.Right, keys[1])
	return a
}

// matchKeys reads equalities of columns, and lists those of each side.
func matchKeys(on string, l, r *types.Schema) (keys []exec.MatchKey, columns [2][]int) {
	for _, eq := range split(on) {
		words := strings.Fields(eq)
		k := exec.MatchKey{Left: l.Index(words[0]), Right: r.Index(words[2]), NullSafe: words[1] == "<=>"}
		keys = append(keys, k)
		columns[0], columns[1] = append(columns[0], k.Left), append(columns[1], k.Right)
	}
	return keys, columns
}

// lookup reads equalities of columns, and behind IF a condition over pairs.
func (p *planner) lookup(outer bool, ins, what string) exec.Plan {
	left, right, _ := strings.Cut(ins, ", ")
	what, on, some := strings.Cut(what, " IF ")
	u := &exec.Lookup{Left: p.input(left), Right: p.input(right), Outer: outer, AppendOnly: p.appendOnly, Out: &types.Schema{}}
	pairs := &types.Schema{}
	for i, in := range u.Inputs() {
		for _, f := range in.Schema().Fields {
			u.Out.Fields = append(u.Out.Fields, types.Field{Name: f.Name, Type: f.Type})
			pairs.Fields = append(pairs.Fields, types.Field{Name: "lr"[i:i+1] + "." + f.Name, Type: f.Type})
		}
	}
	if some {
		u.On = parseExpr(on, pairs)
	}
	var keys [2][]int
	u.Keys, keys = matchKeys(what, u.Left.Schema(), u.Right.Schema())
	u.Left, u.Right = p.keyed(u.Left, keys[0]), p.keyed(u.Right, keys[1])
	return u
}

// time reads a comparison of a column with the seconds of the clock and a number.
func (p *planner) time(in exec.Plan, what string) exec.Plan {
	words := strings.Fields(what)
	at := in.Schema().Index(words[0])
	by, _ := strconv.ParseInt(words[2], 10, 64)
	seconds := types.Of(types.BigInt)
	f := &exec.TimeFilter{Input: in, Arg: &expr.Column{Index: at, Field: in.Schema().Fields[at]}, AppendOnly: p.appendOnly}
	f.Op = map[string]expr.Op{">": expr.Gt, ">=": expr.Ge, "<": expr.Lt, "<=": expr.Le}[words[1]]
	f.Clock = arith(expr.Add, &expr.Call{Func: &scalar.UnixTimestamp, Overload: &scalar.UnixTimestamp.Overloads[0], T: seconds}, &expr.Literal{T: seconds, Value: by})
	if p.workers > 1 && !p.appendOnly {
		f.Input = p.routed(in)
	}
	return f
}

// keyed sends rows of equal columns to one worker.
func (p *planner) keyed(in exec.Plan, columns []int) exec.Plan {
	if p.workers == 1 {
		return in
	}
	return &exec.Exchange{Input: in, Keys: columns}
}

// ordered reads the sort keys and the columns of the partition at the end of a text.
func ordered(text string, s *types.Schema) (rest string, keys []exec.SortKey, partition []int) {
	text, per, _ := strings.Cut(text, " PER ")
	for _, name := range split(per) {
		partition = append(partition, s.Index(name))
	}
	text, by, _ := strings.Cut(text, " BY ")
	for _, key := range split(by) {
		name, desc := strings.CutSuffix(key, " DESC")
		keys = append(keys, exec.SortKey{Column: s.Index(name), Desc: desc})
	}
	return text, keys, partition
}

func (p *planner) top(in exec.Plan, what string) exec.Plan {
	t := &exec.TopN{Limit: -1, Out: in.Schema(), AppendOnly: p.appendOnly}
	what, t.Keys, t.Partition = ordered(what, in.Schema())
	t.Input = p.keyed(in, t.Partition)
	x := &parser{toks: tokens(what)}
	for len(x.toks) > 0 {
		switch {
		case x.accept("OFFSET"):
			t.Offset, _ = strconv.ParseInt(x.next(), 10, 64)
		case x.accept("RANK"):
			t.By = exec.RankTies
		case x.accept("DENSE"):
			t.By = exec.DenseRank
		case x.accept("TIES"):
			t.Ties = true
		case x.accept("NUMBER"):
			t.Number = true
			t.Out = &types.Schema{Fields: append(t.Out.Fields[:len(t.Out.Fields):len(t.Out.Fields)], types.Field{Name: "number", Type: types.Of(types.BigInt), NotNull: true})}
		default:
			t.Limit, _ = strconv.ParseInt(x.next(), 10, 64)
		}
	}
	return t
}

func (p *planner) window(in exec.Plan, what string) exec.Plan {
	w := &exec.Window{Out: &types.Schema{Fields: append([]types.Field(nil), in.Schema().Fields...)}}
	what, w.Keys, w.Partition = ordered(what, in.Schema())
	w.Input = p.keyed(in, w.Partition)
	for _, item := range split(what) {
		body, name := item, item
		if at := strings.LastIndex(item, " AS "); at >= 0 {
			body, name = item[:at], item[at+len(" AS "):]
		}
		c := windowCall(body, in.Schema(), w.Keys)
		w.Calls = append(w.Calls, c)
		w.Out.Fields = append(w.Out.Fields, types.Field{Name: name, Type: c.Returns})
	}
	return w
}

// session reads the gap in seconds, the time, and the partition: 10 BY ts PER k.
func (p *planner) session(in exec.Plan, what string) exec.Plan {
	gap, keys, partition := ordered(what, in.Schema())
	seconds, err := strconv.Atoi(strings.TrimSpace(gap))
	if err != nil {
		panic(err)
	}
	x := &exec.Session{
		Input: p.keyed(in, partition), Partition: partition, Time: keys[0].Column, Gap: int64(seconds) * types.MicrosPerSecond,
		Out: &types.Schema{Fields: append([]types.Field(nil), in.Schema().Fields...)},
	}
	for _, name := range []string{"from", "to", "last"} {
		x.Out.Fields = append(x.Out.Fields, types.Field{Name: name, Type: in.Schema().Fields[x.Time].Type})
	}
	return x
}

// windowCall reads one call; its frame, where it has none, is RANGE from the first row on
// where there are keys, else the partition.
func windowCall(text string, s *types.Schema, keys []exec.SortKey) exec.WindowCall {
	text, frame, framed := strings.Cut(text, " OVER ")
	text, filter, filtered := strings.Cut(text, " FILTER ")
	text, ignore := strings.CutSuffix(text, " IGNORE NULLS")
	name, args, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	c := exec.WindowCall{Name: strings.ToLower(name), IgnoreNulls: ignore, Returns: types.Of(types.BigInt)}
	if filtered {
		c.Filter = parseExpr(filter, s)
	}
	switch c.Name {
	case "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value", "nth_value":
		for _, a := range split(args) {
			c.Args = append(c.Args, parseExpr(a, s))
		}
		if c.Name == "percent_rank" || c.Name == "cume_dist" {
			c.Returns = types.Of(types.Double)
		} else if len(c.Args) > 0 && c.Name != "ntile" {
			c.Returns = c.Args[0].Type()
		}
	default:
		a := aggregateCall(text, s)
		c.Func, c.Args, c.Returns = a.Func, a.Args, a.Func.Returns
	}
	if !framed {
		frame = "RANGE UNBOUNDED PRECEDING TO CURRENT ROW"
		if len(keys) == 0 {
			frame = "ROWS UNBOUNDED PRECEDING TO UNBOUNDED FOLLOWING"
		}
	}
	c.Frame = windowFrame(frame, s, keys)
	return c
}

func windowFrame(text string, s *types.Schema, keys []exec.SortKey) exec.Frame {
	unit, text, _ := strings.Cut(text, " ")
	from, to, _ := strings.Cut(text, " TO ")
	f := exec.Frame{Unit: map[string]exec.FrameUnit{"ROWS": exec.RowsFrame, "RANGE": exec.RangeFrame, "GROUPS": exec.GroupsFrame}[unit]}
	for i, end := range []string{from, to} {
		b := []*exec.FrameBound{&f.From, &f.To}[i]
		offset, way, _ := strings.Cut(end, " ")
		switch end {
		case "UNBOUNDED PRECEDING":
			b.Kind = exec.UnboundedPreceding
			continue
		case "CURRENT ROW":
			b.Kind = exec.CurrentRow
			continue
		case "UNBOUNDED FOLLOWING":
			b.Kind = exec.UnboundedFollowing
			continue
		}
		b.Kind = exec.Preceding
		if way == "FOLLOWING" {
			b.Kind = exec.Following
		}
		if f.Unit != exec.RangeFrame {
			b.Offset, _ = strconv.ParseInt(offset, 10, 64)
			continue
		}
		key := &expr.Column{Index: keys[0].Column, Field: s.Fields[keys[0].Column]}
		f.Key, f.Desc = key, keys[0].Desc
		op := expr.Sub
		if (b.Kind == exec.Following) != f.Desc {
			op = expr.Add
		}
		b.At = arith(op, key, parseExpr(offset, s))
	}
	return f
}

func (p *planner) recursive(ins, step string) exec.Plan {
	ins, all := strings.CutPrefix(ins, "all ")
	inner := &planner{workers: 1}
	r := &exec.Recursive{All: all, Name: "r", Step: inner.plan(strings.ReplaceAll(step, "; ", "\n"))}
	for i, name := range split(ins) {
		in := p.input(name)
		if i > 0 {
			r.Reads = append(r.Reads, inner.scans[name])
		}
		r.Ins = append(r.Ins, p.keyed(in, nil))
	}
	r.Self = inner.scans["self"]
	r.Out = r.Self.Out
	return r
}
