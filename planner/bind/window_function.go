package bind

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// windowFunctions are those that are no aggregates, with how many arguments they take.
var windowFunctions = map[string][2]int{
	"row_number": {0, 0}, "rank": {0, 0}, "dense_rank": {0, 0}, "percent_rank": {0, 0}, "cume_dist": {0, 0}, "ntile": {1, 1},
	"lag": {1, 3}, "lead": {1, 3}, "first_value": {1, 1}, "last_value": {1, 1}, "nth_value": {2, 2},
}

// windowFunction resolves the function of a call and converts its arguments.
func (b *binding) windowFunction(w *windowRef, c overCall, args []expr.Expr) error {
	w.call.Name, w.call.IgnoreNulls = c.name, c.ignoreNulls
	counts, ok := windowFunctions[c.name]
	if !ok {
		return b.windowAggregate(w, c, args)
	}
	switch {
	case len(args) < counts[0] || len(args) > counts[1]:
		return b.m.Errorf(c.at, "%s takes %s, not %d", c.name, argumentCount(counts), len(args))
	case c.filter != nil:
		return b.m.Errorf(c.at, "FILTER belongs behind an aggregate")
	case c.distinct, c.order != nil:
		return b.m.Errorf(c.at, "DISTINCT and ORDER BY belong in the brackets of an aggregate")
	}
	bigint := types.Of(types.BigInt)
	var err error
	switch c.name {
	case "row_number", "rank", "dense_rank":
		w.call.Returns = bigint
	case "percent_rank", "cume_dist":
		w.call.Returns = types.Of(types.Double)
	case "ntile":
		w.call.Returns = bigint
		args[0], err = b.whole(args[0], c)
	default:
		if args[0].Type().Kind == types.Interval {
			return b.m.Errorf(c.at, "%s does not take an INTERVAL", c.name)
		}
		if args[0].Type().Kind == types.Null {
			args[0] = expr.NewCast(args[0], types.Of(types.Varchar))
		}
		if len(args) > 1 {
			args[1], err = b.whole(args[1], c)
		}
		if len(args) > 2 && err == nil {
			err = b.fallback(args, c)
		}
		w.call.Returns = args[0].Type()
	}
	w.call.Args = args
	return err
}

func argumentCount(counts [2]int) string {
	switch counts {
	case [2]int{0, 0}:
		return "no arguments"
	case [2]int{1, 1}:
		return "one argument"
	case [2]int{2, 2}:
		return "two arguments"
	}
	return "one to three arguments"
}

// whole converts an argument to a whole number.
func (b *binding) whole(e expr.Expr, c overCall) (expr.Expr, error) {
	if t := e.Type(); !t.IsInteger() && t.Kind != types.Null {
		return nil, b.m.Errorf(c.at, "%s takes a whole number, not a %s", c.name, t)
	}
	return expr.NewCast(e, types.Of(types.BigInt)), nil
}

// fallback converts the default of LAG and LEAD and what it stands for to one type.
func (b *binding) fallback(args []expr.Expr, c overCall) error {
	d, err := b.fromText(args[2], args[0].Type(), c.at)
	if err != nil {
		return err
	}
	t, ok := types.Common(args[0].Type(), d.Type())
	if !ok {
		return b.m.Errorf(c.at, "the default of %s is a %s, and its value a %s", c.name, d.Type(), args[0].Type())
	}
	args[0], args[2] = expr.NewCast(args[0], t), expr.NewCast(d, t)
	return nil
}

// windowAggregate binds an aggregate OVER a window.
func (b *binding) windowAggregate(w *windowRef, c overCall, args []expr.Expr) error {
	f, ok := b.Functions.Aggregate(c.name)
	switch {
	case !ok:
		if _, scalar := b.Functions.Scalar(c.name); scalar {
			return b.m.Errorf(c.at, "%s is no aggregate, and takes no OVER", c.name)
		}
		return b.m.Errorf(c.at, "there is no window function or aggregate %s", c.name)
	case c.ignoreNulls:
		return b.m.Errorf(c.at, "IGNORE NULLS belongs behind LAG, LEAD, FIRST_VALUE, LAST_VALUE and NTH_VALUE")
	}
	if c.name == "count" && len(args) == 1 && !c.distinct {
		if l, ok := args[0].(*expr.Literal); ok && l.Value != nil {
			args = nil
		}
	}
	var order []logical.Order
	if c.order != nil {
		var err error
		if order, err = b.argumentOrder(&ast.AggregateFuncExpr{F: c.name, Args: c.args, Order: c.order}); err != nil {
			return err
		}
	}
	if f.Within && order != nil {
		if len(order) != 1 {
			return b.m.Errorf(c.at, "%s takes one expression to order by", strings.ToUpper(c.name))
		}
		args = append([]expr.Expr{order[0].Expr}, args...)
		if k, ok := args[0].(*expr.Call); ok && k.Func.Name == jsonKeyName {
			return b.ordersJSON(f.Name, k.Args, c.at)
		}
	}
	bound, err := b.boundAggregate(f, args, c.at)
	if err != nil {
		return err
	}
	switch {
	case f.Within && order != nil && order[0].Desc:
		w.call.Order = []logical.Order{{Expr: args[0], Desc: true}}
	case f.Ordered:
		w.call.Order = order
	}
	w.call.Distinct = (c.distinct || f.Distinct) && !f.Idempotent
	w.call.Func, w.call.Bind, w.call.Args, w.call.Returns = f, bound, args, bound.Returns
	if c.filter != nil {
		w.call.Filter, err = b.condition(c.filter)
	}
	return err
}

// frame binds the frame of a call. Without one it is all rows, or where they are ordered
// those up to the current one and its peers.
func (b *binding) frame(w *windowRef, f *ast.FrameClause, at ast.Node) error {
	out := &w.call.Frame
	if f == nil {
		out.Unit, out.To.Kind = logical.Range, logical.CurrentRow
		if len(w.order) == 0 {
			*out = logical.Frame{Unit: logical.Rows, To: logical.FrameBound{Kind: logical.UnboundedFollowing}}
		}
		return nil
	}
	out.Unit = [...]logical.FrameUnit{ast.Rows: logical.Rows, ast.Ranges: logical.Range, ast.Groups: logical.Groups}[f.Type]
	for _, end := range []struct {
		ast *ast.FrameBound
		out *logical.FrameBound
	}{{&f.Extent.Start, &out.From}, {&f.Extent.End, &out.To}} {
		if err := b.frameBound(w, end.ast, end.out, at); err != nil {
			return err
		}
	}
	switch {
	case out.From.Kind == logical.UnboundedFollowing, out.To.Kind == logical.UnboundedPreceding, out.From.Kind > out.To.Kind:
		return b.m.Errorf(at, "the frame of %s ends before it begins", w.call.Name)
	case out.Unit == logical.Groups && len(w.order) == 0:
		return b.m.Errorf(at, "a frame of GROUPS needs an ORDER BY")
	}
	return nil
}

func (b *binding) frameBound(w *windowRef, f *ast.FrameBound, out *logical.FrameBound, at ast.Node) error {
	switch {
	case f.Type == ast.CurrentRow:
		out.Kind = logical.CurrentRow
		return nil
	case f.UnBounded && f.Type == ast.Preceding:
		out.Kind = logical.UnboundedPreceding
		return nil
	case f.UnBounded:
		out.Kind = logical.UnboundedFollowing
		return nil
	}
	out.Kind = logical.Preceding
	if f.Type == ast.Following {
		out.Kind = logical.Following
	}
	if w.call.Frame.Unit == logical.Range {
		return b.distance(w, f, out, at)
	}
	if f.Unit != ast.TimeUnitInvalid {
		return b.m.Errorf(at, "a frame of ROWS or GROUPS counts them, and takes no INTERVAL")
	}
	e, err := b.expr(f.Expr)
	if err != nil {
		return err
	}
	l, ok := e.(*expr.Literal)
	n, whole := int64(0), false
	if ok {
		n, whole = l.Value.(int64)
	}
	if !whole || n < 0 {
		return b.m.Errorf(f.Expr, "a frame of ROWS or GROUPS is given by a whole number from 0 on")
	}
	out.Offset = &expr.Literal{T: types.Of(types.BigInt), Value: n}
	return nil
}

// distance binds the end of a RANGE: so much less or more than the one sort key.
func (b *binding) distance(w *windowRef, f *ast.FrameBound, out *logical.FrameBound, at ast.Node) error {
	if null, ok := w.order[0].(*expr.IsNull); ok && len(w.order) == 2 && expr.Equal(null.Arg, w.order[1]) {
		return b.m.Errorf(at, "a frame of RANGE with a distance takes NULLs where the order has them by itself: first, or with DESC last")
	}
	if len(w.order) != 1 {
		return b.m.Errorf(at, "a frame of RANGE with a distance needs one expression in ORDER BY, not %d", len(w.order))
	}
	var d expr.Expr
	var err error
	if f.Unit != ast.TimeUnitInvalid {
		d, err = b.interval(f.Expr, f.Unit.String())
	} else {
		d, err = b.expr(f.Expr)
	}
	if err != nil {
		return err
	}
	l, ok := d.(*expr.Literal)
	if !ok || l.Value == nil {
		return b.m.Errorf(at, "the distance of a RANGE is a constant")
	}
	if negative(l) {
		return b.m.Errorf(at, "the distance of a RANGE is not below zero")
	}
	key := w.order[0]
	switch t := key.Type(); {
	case t.IsInteger(): // so that the distance takes it nowhere beyond its type
		key = expr.NewCast(key, types.DecimalOf(20, 0))
	case !t.IsNumeric() && t.Kind != types.Timestamp && t.Kind != types.Date:
		return b.m.Errorf(at, "a RANGE with a distance needs a number or a time to order by, not a %s", t)
	}
	op := expr.Sub
	if (out.Kind == logical.Following) != w.desc[0] {
		op = expr.Add
	}
	end, err := b.arith(op, key, d, at)
	if err != nil {
		return err
	}
	out.Offset = l
	return b.comparable(w, end, out, at)
}

// comparable brings the key and the values at which the frame ends to one type.
func (b *binding) comparable(w *windowRef, end expr.Expr, out *logical.FrameBound, at ast.Node) error {
	f := &w.call.Frame
	key := f.Key
	if key == nil {
		key = w.order[0]
	}
	t, ok := types.Comparable(key.Type(), end.Type())
	if !ok {
		return b.m.Errorf(at, "%s cannot be compared with %s", key.Type(), end.Type())
	}
	f.Key, out.At = expr.NewCast(key, t), expr.NewCast(end, t)
	if f.From.At != nil {
		f.From.At = expr.NewCast(f.From.At, t)
	}
	return nil
}

// negative reports that a distance is below zero.
func negative(l *expr.Literal) bool {
	zero := &expr.Literal{T: types.Of(types.BigInt), Value: int64(0)}
	t, ok := types.Comparable(l.T, zero.T)
	if !ok { // an INTERVAL
		return slices.Contains([]byte(l.String()), '-')
	}
	v, err := expr.EvalConst(&expr.Compare{Op: expr.Lt, L: expr.NewCast(l, t), R: expr.NewCast(zero, t)})
	return err == nil && v.Value == true
}
