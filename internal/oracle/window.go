package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

func ordered(keys []logical.SortKey, cols []string) []string {
	var out []string
	for _, k := range keys {
		by := cols[k.Column]
		if k.Desc {
			by += " DESC"
		}
		out = append(out, by)
	}
	return out
}

// total is the order of the keys, and then of all columns.
func total(keys []logical.SortKey, cols []string) string {
	return strings.Join(append(ordered(keys, cols), cols...), ", ")
}

func partitioned(columns []int, cols []string) string {
	var by []string
	for _, c := range columns {
		by = append(by, cols[c])
	}
	if len(by) == 0 {
		return ""
	}
	return "PARTITION BY " + strings.Join(by, ", ") + " "
}

func orderBy(keys []logical.SortKey, cols []string) string {
	if len(keys) == 0 {
		return ""
	}
	return "ORDER BY " + strings.Join(ordered(keys, cols), ", ")
}

func (p *printer) topN(t *logical.TopN, params []string) string {
	in := p.from(t.Input, params)
	by := partitioned(t.Partition, in.cols)
	number := "ROW_NUMBER() OVER (" + by + "ORDER BY " + total(t.Keys, in.cols) + ")"
	rank := "RANK() OVER (" + by + orderBy(t.Keys, in.cols) + ")"
	dense := "DENSE_" + rank
	if len(t.Keys) == 0 { // SQLite numbers rows without an order
		rank, dense = "1", "1"
	}
	width := len(in.cols)
	ranked := p.named("("+selected(append(slices.Clone(in.cols), number, rank, dense))+" FROM "+in.text+")", width+3)
	at := ranked.cols[width+int(t.By)]
	where := fmt.Sprintf("%s > %d", at, t.Offset)
	if t.Limit >= 0 {
		end := t.Offset + t.Limit
		inside := fmt.Sprintf("%s <= %d", at, end)
		if t.Ties && t.Limit > 0 {
			inside = fmt.Sprintf("(%s OR %s <= %d)", inside, ranked.cols[width+1], end)
		}
		where += " AND " + inside
	}
	items := slices.Clone(ranked.cols[:width])
	if t.Number != "" {
		items = append(items, at)
	}
	return selected(items) + " FROM " + ranked.text + " WHERE " + where
}

func (p *printer) window(w *logical.Window, params []string) string {
	c := p.computed(w.Input, params)
	own := c.own()
	items := slices.Clone(own)
	for _, call := range w.Calls {
		items = append(items, c.over(w, call, own))
	}
	return selected(items) + " FROM " + c.text()
}

// over prints a call with its window. Where rows count one by one the order is total;
// where equal keys are treated alike it is that of the keys.
func (c *computed) over(w *logical.Window, call logical.WindowCall, own []string) string {
	by := partitioned(w.Partition, own)
	peers := " OVER (" + by + orderBy(w.Keys, own)
	single := " OVER (" + by + "ORDER BY " + total(w.Keys, own)
	switch {
	case call.IgnoreNulls:
		panic(Missing("IGNORE NULLS"))
	case call.Distinct:
		panic(Missing("DISTINCT over a window"))
	case len(call.Order) > 0:
		panic(Missing("an order in the brackets over a window"))
	}
	switch call.Name {
	case "row_number":
		return "ROW_NUMBER()" + single + ")"
	case "rank", "dense_rank", "percent_rank", "cume_dist":
		return strings.ToUpper(call.Name) + "()" + peers + ")"
	case "ntile", "lag", "lead":
		args := make([]string, len(call.Args))
		for i, a := range call.Args {
			switch l, ok := a.(*expr.Literal); {
			case ok && l.Value == nil:
				panic(Missing("NULL as an argument of a window's function"))
			case ok:
				args[i] = literal(l)
			case i == 0 && call.Name != "ntile":
				args[i] = c.column(a)
			default:
				panic(Missing("arguments of a window's function that are no constants"))
			}
		}
		return strings.ToUpper(call.Name) + "(" + strings.Join(args, ", ") + ")" + single + ")"
	}
	window := peers
	if call.Frame.Unit == logical.Rows {
		window = single
	}
	window += " " + frame(call.Frame, w) + ")"
	if call.Func != nil {
		return c.call(logical.Call{Func: call.Func, Bind: call.Bind, Args: call.Args, Filter: call.Filter}, window)
	}
	if call.Frame.Unit != logical.Rows {
		panic(Missing("an order among rows of equal keys"))
	}
	args := []string{c.column(call.Args[0])}
	if len(call.Args) > 1 {
		l, ok := call.Args[1].(*expr.Literal)
		if !ok || l.Value == nil {
			panic(Missing("arguments of a window's function that are no constants"))
		}
		args = append(args, literal(l))
	}
	return strings.ToUpper(call.Name) + "(" + strings.Join(args, ", ") + ")" + window
}

func frame(f logical.Frame, w *logical.Window) string {
	end := func(b logical.FrameBound) string {
		if b.Offset == nil {
			return b.String()
		}
		distance := literal(b.Offset)
		if f.Unit == logical.Range {
			distance = scaled(b.Offset, w)
		}
		return distance + map[logical.FrameBoundKind]string{logical.Preceding: " PRECEDING", logical.Following: " FOLLOWING"}[b.Kind]
	}
	if f.Unit != logical.Rows && len(w.Keys) == 0 { // SQLite wants an order; all rows are peers
		panic(Missing("a frame of groups without an order"))
	}
	return [...]string{"ROWS", "RANGE", "GROUPS"}[f.Unit] + " BETWEEN " + end(f.From) + " AND " + end(f.To)
}

// scaled is a distance in the last digit of the key.
func scaled(l *expr.Literal, w *logical.Window) string {
	key := w.Input.Schema().Fields[w.Keys[0].Column].Type
	if _, ok := l.Value.(vec.IntervalValue); ok && key.Kind == types.Timestamp {
		return literal(l)
	}
	if !isWhole(key) || !isWhole(l.T) || scaleOf(l.T) > scaleOf(key) {
		panic(Missing("distances of " + l.T.String() + " from " + key.String()))
	}
	return literal(l) + strings.Repeat("0", scaleOf(key)-scaleOf(l.T))
}
