package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/internal/suggest"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// call binds a function call, and the constructs that look like one.
func (b *binding) call(x *ast.FuncCallExpr) (expr.Expr, error) {
	name := x.FnName.L
	if what, ok := unbuilt[name]; ok {
		return nil, b.notYet(x, what)
	}
	switch name {
	case ast.DateLiteral:
		return b.typed(x, types.Date)
	case ast.TimeLiteral:
		return b.typed(x, types.Time)
	case ast.TimestampLiteral, sql.MarkerMoment:
		return b.typed(x, types.Timestamp)
	case sql.MarkerAtZone:
		return b.atTimeZone(x)
	case sql.MarkerCast, sql.MarkerTryCast:
		return b.cast(x, name == sql.MarkerTryCast)
	case "tumble", "hop", "cumulate", "session":
		return nil, b.m.Errorf(x, "%s stands in FROM", strings.ToUpper(name)).
			WithHint("write FROM %s(TABLE t, DESCRIPTOR(time), …), or GROUP BY window(time, '10 minutes') or session_window(time, '10 minutes')", strings.ToUpper(name))
	case "tumble_start", "tumble_end", "hop_start", "hop_end", "session_start", "session_end":
		return nil, b.m.Errorf(x, "%s is not supported", strings.ToUpper(name)).
			WithHint("write FROM TUMBLE(TABLE t, DESCRIPTOR(time), …), HOP or SESSION, whose rows have window_start and window_end")
	case "window", "session_window":
		return b.timeGroup(x)
	case sql.MarkerArray:
		return b.function("array", x.Args, x)
	case sql.MarkerMap:
		return b.function("map", x.Args, x)
	case sql.MarkerIndex:
		return b.function("element_at", x.Args, x)
	case sql.MarkerJSONValue:
		return b.jsonValue(x)
	case sql.MarkerField:
		return b.fieldOf(x)
	case sql.MarkerFilter:
		return b.filter(x)
	case sql.MarkerOver:
		return b.overMarker(x, nil)
	case sql.MarkerInterval:
		return nil, b.m.Errorf(x, "an INTERVAL as a value of its own is not supported yet").
			WithHint("add it to a time or take it from one")
	case "date_add", "adddate", "date_sub", "subdate":
		return b.dateAdd(x, strings.HasSuffix(name, "sub") || strings.HasPrefix(name, "sub"))
	case "extract":
		if u, ok := x.Args[0].(*ast.TimeUnitExpr); ok && len(x.Args) == 2 {
			if parts := partsOf[u.Unit.String()]; parts != nil {
				return b.extractParts(parts, x)
			}
			if _, ok := b.Functions.Scalar(u.Unit.String()); !ok {
				return nil, b.notYet(x, "EXTRACT("+u.Unit.String()+" …)")
			}
			return b.extractParts([]string{u.Unit.String()}, x)
		}
	case "timestampdiff", "timestampadd":
		if u, ok := x.Args[0].(*ast.TimeUnitExpr); ok {
			return b.withUnit(name, u, x)
		}
	case "if", "ifnull", "nvl", "coalesce", "nullif":
		return b.conditional(x)
	case "trim":
		if len(x.Args) == 3 {
			return b.trim(x)
		}
	case ast.CharFunc: // the grammar adds the character set, NULL where none is given
		if v, ok := x.Args[len(x.Args)-1].(ast.ValueExpr); !ok || v.GetValue() != nil {
			return nil, b.notYet(x, "CHAR(… USING …)")
		}
		return b.function("char", x.Args[:len(x.Args)-1], x)
	case ast.InsertFunc:
		return b.function("insert", x.Args, x)
	}
	return b.function(name, x.Args, x)
}

func (b *binding) function(name string, nodes []ast.ExprNode, n ast.Node) (expr.Expr, error) {
	f, ok := b.Functions.Scalar(name)
	if !ok {
		if _, isAggregate := b.Functions.Aggregate(name); isAggregate || isGrouping(name) {
			return b.userAggregate(name, nodes, n, nil)
		}
		if _, ok := windowFunctions[name]; ok {
			return nil, b.m.Errorf(n, "%s needs a window", strings.ToUpper(name)).WithHint("write %s(…) OVER (…)", strings.ToUpper(name))
		}
		err := b.m.Errorf(n, "there is no function %s", name)
		if near := suggest.Nearest(name, b.Functions.Names()); near != "" {
			return nil, err.WithHint("did you mean %s?", near)
		}
		return nil, err.WithHint("SHOW FUNCTIONS lists them")
	}
	if roundsFirst[f.Name] {
		defer b.computing()()
	}
	args, err := b.exprs(nodes)
	if err != nil {
		return nil, err
	}
	return b.scalarCall(f, args, n)
}

// scalarCall picks the overload and converts the arguments to its parameters.
func (b *binding) scalarCall(f *function.Scalar, args []expr.Expr, n ast.Node) (expr.Expr, error) {
	if err := b.ordersJSON(f.Name, args, n); err != nil {
		return nil, err
	}
	widerArgument(f.Name, args)
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	over, to, err := f.Resolve(ts)
	if err != nil {
		if over, to, _ = f.Resolve(literalTypes(args)); over == nil {
			return nil, parameterHint(b.m.Errorf(n, "%v", err), f, args)
		}
	}
	for i := range args {
		to[i] = to[i].In(b.Zone)
		if args[i], err = b.argument(args[i], to[i], n); err != nil {
			return nil, err
		}
	}
	constant := func(i int) any {
		if expr.IsConst(args[i]) {
			if l, err := expr.EvalConst(args[i]); err == nil {
				return l.Value
			}
		}
		return nil
	}
	call := &expr.Call{Func: f, Overload: over, Args: args, T: over.Result(to, constant).In(b.Zone)}
	if f.StabilityOf(over) == function.Volatile {
		call.Draw = b.draw()
	}
	return call, nil
}

// literalTypes gives the types of arguments where a text that is written in the
// query counts as the number or time it spells, or as anything at all.
func literalTypes(args []expr.Expr) []types.Type {
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
		if l, ok := a.(*expr.Literal); ok && l.T.Kind == types.Varchar && l.Value != nil {
			ts[i] = spelledType(strings.TrimSpace(l.Value.(string)))
		}
	}
	return ts
}

func spelledType(text string) types.Type {
	if number, ok := numberLiteral(text); ok {
		return number.T
	}
	if _, ok := types.ParseDate(text); ok {
		return types.Of(types.Date)
	}
	if _, ok := types.ParseTimestamp(text); ok {
		return timestampOf(text)
	}
	if _, ok := types.ParseTime(text); ok {
		return types.Type{Kind: types.Time, Precision: timestampOf(text).Precision}
	}
	return types.Of(types.Null)
}

// argument converts an argument; a text literal given for a time or a number is
// read here.
func (b *binding) argument(e expr.Expr, to types.Type, n ast.Node) (expr.Expr, error) {
	if to.IsTemporal() || to.IsNumeric() || to.Kind == types.Boolean {
		c, err := b.fromText(e, to, n)
		if err != nil {
			return nil, err
		}
		e = c
	}
	return expr.NewCast(e, to), nil
}

func (b *binding) cast(x *ast.FuncCallExpr, try bool) (expr.Expr, error) {
	text, _ := sql.LiteralValue(x.Args[1].(ast.ValueExpr)).(string)
	to, wrong := sql.ParseType(text)
	if wrong == nil && to.IsNumeric() {
		defer b.computing()()
	}
	e, err := b.expr(x.Args[0])
	if err != nil {
		return nil, err
	}
	if wrong != nil {
		return nil, b.m.Errorf(x, "%v", wrong)
	}
	to = to.In(b.Zone)
	if !types.CanCast(e.Type(), to) {
		return nil, castHint(b.m.Errorf(x, "a %s cannot be cast to %s", e.Type(), to), e, to)
	}
	if to.IsNumeric() {
		e = wider(e)
	}
	return &expr.Cast{Arg: e, To: to, Try: try}, nil
}

// castHint names the functions between numbers and times.
func castHint(err *sql.Error, e expr.Expr, to types.Type) error {
	from := e.Type()
	switch {
	case from.IsNumeric() && to.Zoned:
		return err.WithHint("to_timestamp_ltz(%s) takes milliseconds since 1970, to_timestamp_ltz(%s, 0) seconds", e, e)
	case from.IsNumeric() && to.Kind == types.Timestamp:
		return err.WithHint("from_unixtime(%s) takes seconds since 1970, to_timestamp(%s) milliseconds", e, e)
	case from.IsNumeric() && to.Kind == types.Date:
		return err.WithHint("from_days(%s) takes days since the year 0, from_unixtime(%s) seconds since 1970", e, e)
	case from.IsNumeric() && to.Kind == types.Time:
		return err.WithHint("sec_to_time(%s) takes seconds", e)
	case from.Kind == types.Time && to.IsNumeric():
		return err.WithHint("time_to_sec(%s) gives seconds", e)
	case from.IsTemporal() && to.IsNumeric():
		return err.WithHint("unix_timestamp(%s) gives seconds since 1970", e)
	case from.Kind == types.Time && to.Kind == types.Timestamp:
		return err.WithHint("a TIME is of no day; add it to one: addtime(current_date, %s)", e)
	}
	return err
}

// dateAdd binds DATE_ADD(t, INTERVAL n unit) and its like; ADDDATE and SUBDATE take
// a number of days, too.
func (b *binding) dateAdd(x *ast.FuncCallExpr, sub bool) (expr.Expr, error) {
	if len(x.Args) != 2 {
		return nil, b.m.Errorf(x, "%s takes 2 arguments, not %d", x.FnName.L, len(x.Args))
	}
	t, err := b.expr(x.Args[0])
	if err != nil {
		return nil, err
	}
	span, err := b.operand(x.Args[1])
	if err != nil {
		return nil, err
	}
	if span.Type().Kind != types.Interval {
		if x.FnName.L != "adddate" && x.FnName.L != "subdate" {
			return nil, b.m.Errorf(x.Args[1], "%s takes an INTERVAL, not %s", x.FnName.L, span.Type())
		}
		if span, err = b.span(x.Args[1], "DAY"); err != nil {
			return nil, err
		}
	}
	op := expr.Add
	if sub {
		op = expr.Sub
	}
	return b.timeArith(op, t, span, x)
}

// trim binds TRIM(LEADING|TRAILING|BOTH x FROM s).
func (b *binding) trim(x *ast.FuncCallExpr) (expr.Expr, error) {
	name := "trim"
	if d, ok := x.Args[2].(*ast.TrimDirectionExpr); ok {
		switch d.Direction {
		case ast.TrimLeading:
			name = "ltrim"
		case ast.TrimTrailing:
			name = "rtrim"
		}
	}
	return b.function(name, x.Args[:2], x)
}

// withUnit passes a unit as a text.
func (b *binding) withUnit(name string, u *ast.TimeUnitExpr, x *ast.FuncCallExpr) (expr.Expr, error) {
	f, ok := b.Functions.Scalar(name)
	if !ok {
		return nil, b.notYet(x, strings.ToUpper(name))
	}
	args, err := b.exprs(x.Args[1:])
	if err != nil {
		return nil, err
	}
	unit := u.Unit.String()
	args = append([]expr.Expr{&expr.Literal{T: types.Of(types.Varchar), Value: strings.ToLower(unit)}}, args...)
	out, err := b.scalarCall(f, args, x)
	if err == nil && name == "timestampadd" && args[2].Type().Kind == types.Date && microsIn[unit]%types.MicrosPerDay == 0 {
		out = expr.NewCast(out, args[2].Type()) // days and months lead from a DATE to a DATE
	}
	return out, err
}
