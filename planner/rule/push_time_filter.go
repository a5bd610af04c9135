package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// PushTimeFilter takes rows that time moves in and out before what is computed of them, so
// that they leave the state of joins, too; and tests a condition on fewer rows before.
//
//	Time filter l.ts > NOW() - INTERVAL 1 HOUR    Join ON l.a = r.a
//	└─ Join ON l.a = r.a                       => ├─ Time filter ts > NOW() - INTERVAL 1 HOUR
//	   ├─ l                                       │  └─ l
//	   └─ r                                       └─ r
//
// Not through a lookup join, which would look up what is there when a row comes in.
var PushTimeFilter = Rule{Name: "PushTimeFilter", Rewrite: pushTimeFilter}

func pushTimeFilter(n logical.Node) (logical.Node, bool) {
	if f, ok := n.(*logical.Filter); ok {
		return filterBeforeTime(f)
	}
	t, ok := n.(*logical.TimeFilter)
	if !ok {
		return n, false
	}
	switch x := t.Input.(type) {
	case *logical.Project:
		arg := substitute(t.Arg, x.Exprs)
		if !copied(x.Exprs, t.Arg) || !pure(arg) || expr.CanFail(arg) {
			return n, false
		}
		return x.WithInputs([]logical.Node{timed(t, x.Input, arg)}), true
	case *logical.Union:
		ins := make([]logical.Node, len(x.Ins))
		for i, in := range x.Ins {
			ins[i] = timed(t, in, t.Arg)
		}
		return x.WithInputs(ins), true
	case *logical.Asof:
		if l, r := sides(t.Arg, x.Left.Schema().Len()); l && !r && !expr.CanFail(t.Arg) {
			return x.WithInputs([]logical.Node{timed(t, x.Left, t.Arg), x.Right}), true
		}
	case *logical.Join:
		return timeBeforeJoin(t, x)
	}
	return n, false
}

// timed is a time filter over another input.
func timed(t *logical.TimeFilter, in logical.Node, arg expr.Expr) logical.Node {
	return &logical.TimeFilter{Input: in, Arg: arg, Op: t.Op, Clock: t.Clock}
}

func timeBeforeJoin(t *logical.TimeFilter, j *logical.Join) (logical.Node, bool) {
	width := j.Left.Schema().Len()
	l, r := sides(t.Arg, width)
	switch {
	case len(j.Params) > 0 || expr.CanFail(t.Arg) || l == r:
	case l && j.Kind != logical.Right && j.Kind != logical.Full:
		return j.WithInputs([]logical.Node{timed(t, j.Left, t.Arg), j.Right}), true
	case r && (j.Kind == logical.Inner || j.Kind == logical.Right):
		return j.WithInputs([]logical.Node{j.Left, timed(t, j.Right, logical.Shift(t.Arg, -width))}), true
	}
	return t, false
}

func filterBeforeTime(f *logical.Filter) (logical.Node, bool) {
	t, ok := f.Input.(*logical.TimeFilter)
	if !ok {
		return f, false
	}
	var below, above []expr.Expr
	for _, c := range expr.Conjuncts(f.Pred) {
		if pure(c) && !expr.CanFail(c) {
			below = append(below, c)
		} else {
			above = append(above, c)
		}
	}
	if len(below) == 0 {
		return f, false
	}
	return filtered(timed(t, filtered(t.Input, below), t.Arg), above), true
}
