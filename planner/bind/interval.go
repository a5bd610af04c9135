package bind

import (
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// monthsIn and microsIn are the units of an interval.
var (
	monthsIn = map[string]int64{"MONTH": 1, "QUARTER": 3, "YEAR": 12}
	microsIn = map[string]int64{
		"MICROSECOND": 1, "MILLISECOND": 1000, "SECOND": types.MicrosPerSecond, "MINUTE": types.MicrosPerMinute,
		"HOUR": types.MicrosPerHour, "DAY": types.MicrosPerDay, "WEEK": 7 * types.MicrosPerDay,
	}
)

// operand binds an operand of + or -, or an argument of DATE_ADD and its like, which
// alone may be an INTERVAL.
func (b *binding) operand(n ast.ExprNode) (expr.Expr, error) {
	inner := n
	for {
		p, ok := inner.(*ast.ParenthesesExpr)
		if !ok {
			break
		}
		inner = p.Expr
	}
	if x, ok := inner.(*ast.FuncCallExpr); ok && x.FnName.L == sql.MarkerInterval {
		unit, _ := sql.LiteralValue(x.Args[1].(ast.ValueExpr)).(string)
		return b.span(x.Args[0], unit)
	}
	return b.expr(n)
}

// span binds INTERVAL n unit. One that is not constant is a variableSpan.
func (b *binding) span(n ast.ExprNode, unit string) (expr.Expr, error) {
	e, err := b.expr(n)
	if err != nil {
		return nil, err
	}
	if e.Type().Kind == types.Null { // the sum is NULL
		return &variableSpan{Expr: e, unit: "MICROSECOND"}, nil
	}
	if isConstant(e) {
		_, last, several := strings.Cut(unit, "_")
		if !several {
			last = unit
		}
		fixed, err := b.constantInterval(e, unit, n)
		return &fixedSpan{Expr: fixed, clock: microsIn[last]%types.MicrosPerDay != 0}, err
	}
	if partsOf[unit] != nil {
		return nil, b.notYet(n, "an INTERVAL in "+unit+" that is not a constant")
	}
	if t := e.Type(); !t.IsNumeric() && t.Kind != types.Boolean {
		return nil, textHint(b.m.Errorf(n, "an INTERVAL is a number and a unit, not a %s", t), e, &expr.Literal{T: types.Of(types.BigInt)})
	}
	return &variableSpan{Expr: e, unit: unit}, nil
}

func isConstant(e expr.Expr) bool {
	return expr.IsConst(e) && !logical.HasParam(e) && !logical.HasSubquery(e)
}

// interval reads INTERVAL n unit, n a constant.
func (b *binding) interval(n ast.ExprNode, unit string) (expr.Expr, error) {
	e, err := b.expr(n)
	if err != nil {
		return nil, err
	}
	return b.constantInterval(e, unit, n)
}

func (b *binding) constantInterval(e expr.Expr, unit string, n ast.ExprNode) (expr.Expr, error) {
	if !isConstant(e) {
		return nil, b.m.Errorf(n, "the INTERVAL has to be a constant here")
	}
	if parts, ok := partsOf[unit]; ok {
		return b.partsInterval(e, parts, n)
	}
	per, isMonths := monthsIn[unit]
	micros, isMicros := microsIn[unit]
	if !isMonths && !isMicros {
		return nil, b.notYet(n, "an INTERVAL in "+unit)
	}
	l, err := expr.EvalConst(&expr.Cast{Arg: e, To: types.DecimalOf(types.MaxPrecision, 6)})
	if err != nil || l.Value == nil {
		return nil, b.m.Errorf(n, "an INTERVAL is a number and a unit")
	}
	d := l.Value.(types.DecimalValue) // in millionths of the unit
	out := vec.IntervalValue{}
	if isMonths {
		months, fits := types.Rescale(d, 6, 0) // rounded, as in MySQL
		out.Months = int64(months.LowBits())
		if !fits || types.DecimalFromInt(out.Months) != months || max(out.Months, -out.Months) > maxMonths/per {
			return nil, b.m.Errorf(n, "the INTERVAL is too long")
		}
		out.Months *= per
		return &expr.Literal{T: types.Of(types.Interval), Value: out}, nil
	}
	m, fits := types.MulDecimal(d, types.DecimalFromInt(micros))
	if !fits {
		return nil, b.m.Errorf(n, "the INTERVAL is too long")
	}
	if m, fits = types.Rescale(m, 6, 0); !fits || m.HighBits() != int64(m.LowBits())>>63 {
		return nil, b.m.Errorf(n, "the INTERVAL is too long")
	}
	out.Micros = int64(m.LowBits())
	return &expr.Literal{T: types.Of(types.Interval), Value: out}, nil
}

// maxMonths is more than there are between any two dates.
const maxMonths = 12 * 20_000

// wholeUnits reports that an interval is of whole units of a span, such as days, which
// move a DATE to another DATE.
func wholeUnits(e expr.Expr, micros int64) bool {
	l, ok := e.(*expr.Literal)
	if !ok {
		return false
	}
	v, ok := l.Value.(vec.IntervalValue)
	return ok && v.Micros%micros == 0
}

// inMonths reports an interval of months.
func inMonths(e expr.Expr) bool {
	l, ok := e.(*expr.Literal)
	if !ok {
		return false
	}
	v, ok := l.Value.(vec.IntervalValue)
	return ok && v.Months != 0
}

// partsOf are the units of several parts, as INTERVAL '1:30' MINUTE_SECOND has.
var partsOf = map[string][]string{
	"YEAR_MONTH": {"YEAR", "MONTH"}, "DAY_HOUR": {"DAY", "HOUR"}, "DAY_MINUTE": {"DAY", "HOUR", "MINUTE"},
	"DAY_SECOND": {"DAY", "HOUR", "MINUTE", "SECOND"}, "DAY_MICROSECOND": {"DAY", "HOUR", "MINUTE", "SECOND", "MICROSECOND"},
	"HOUR_MINUTE": {"HOUR", "MINUTE"}, "HOUR_SECOND": {"HOUR", "MINUTE", "SECOND"},
	"HOUR_MICROSECOND": {"HOUR", "MINUTE", "SECOND", "MICROSECOND"}, "MINUTE_SECOND": {"MINUTE", "SECOND"},
	"MINUTE_MICROSECOND": {"MINUTE", "SECOND", "MICROSECOND"}, "SECOND_MICROSECOND": {"SECOND", "MICROSECOND"},
}

// partsInterval reads an interval of several parts as MySQL does: numbers with anything
// between them, the last of which are the smallest parts. Behind all of them seconds may have
// a fraction.
func (b *binding) partsInterval(e expr.Expr, parts []string, n ast.ExprNode) (expr.Expr, error) {
	if e.Type().Kind != types.Varchar && !e.Type().IsNumeric() {
		return nil, b.m.Errorf(n, "an INTERVAL of several parts is a text, not a %s", e.Type())
	}
	l, err := expr.EvalConst(expr.NewCast(e, types.Of(types.Varchar)))
	if err != nil || l.Value == nil {
		return nil, b.m.Errorf(n, "an INTERVAL is a number and a unit")
	}
	text := strings.TrimSpace(l.Value.(string))
	digits, negative := strings.CutPrefix(text, "-")
	numbers := strings.FieldsFunc(digits, func(c rune) bool { return c < '0' || c > '9' })
	if parts[len(parts)-1] == "SECOND" && len(numbers) == len(parts)+1 && strings.Contains(digits, ".") {
		parts = append(append([]string(nil), parts...), "MICROSECOND")
	}
	if len(numbers) == 0 || len(numbers) > len(parts) {
		return nil, b.m.Errorf(n, "'%s' is not an INTERVAL of %s", text, strings.Join(parts, ", "))
	}
	parts = parts[len(parts)-len(numbers):]
	var out vec.IntervalValue
	for i, digits := range numbers {
		if parts[i] == "MICROSECOND" { // of a second's fraction the first six digits
			digits = (digits + "00000")[:max(len(digits), 6)]
		}
		v, err := strconv.ParseInt(digits, 10, 64)
		months, micros := monthsIn[parts[i]], microsIn[parts[i]]
		if err != nil || v > maxMonths*31*types.MicrosPerDay/max(months*31*types.MicrosPerDay, micros) {
			return nil, b.m.Errorf(n, "the INTERVAL is too long")
		}
		out.Months += v * months
		out.Micros += v * micros
	}
	if negative {
		out.Months, out.Micros = -out.Months, -out.Micros
	}
	return &expr.Literal{T: types.Of(types.Interval), Value: out}, nil
}

// A variableSpan is an INTERVAL of as many units as an expression says. It lives until it
// is added to a time.
type variableSpan struct {
	expr.Expr
	unit string
}

// Type implements expr.Expr.
func (*variableSpan) Type() types.Type { return types.Of(types.Interval) }

// A fixedSpan is a constant INTERVAL. It lives until it is added to a time: a DATE becomes
// a TIMESTAMP where the unit is one of the clock, though it may be 0 or 24 hours.
type fixedSpan struct {
	expr.Expr
	clock bool
}

// addSpan binds a time plus or minus a variable interval, as TIMESTAMPADD. As in one that
// is constant a part of a month is rounded, that of any other unit counts.
func (b *binding) addSpan(op expr.Op, t expr.Expr, span *variableSpan, n ast.Node) (expr.Expr, error) {
	if t.Type().Kind == types.Time && span.Expr.Type().Kind == types.Null {
		return &expr.Literal{T: t.Type()}, nil
	}
	if k := t.Type().Kind; k != types.Date && k != types.Timestamp && k != types.Null {
		return nil, b.m.Errorf(n, "an INTERVAL that is not a constant is added to a DATE or TIMESTAMP, not to a %s", t.Type())
	}
	count, unit, by := span.Expr, span.unit, int64(1)
	switch whole := !count.Type().IsFloat() && count.Type().Kind != types.Decimal; {
	case unit == "MILLISECOND", microsIn[unit] > 0 && !whole:
		unit, by = "MICROSECOND", microsIn[unit]
	}
	var err error
	if by > 1 {
		if count, err = b.arith(expr.Mul, count, &expr.Literal{T: types.Of(types.BigInt), Value: by}, n); err != nil {
			return nil, err
		}
	}
	count = expr.NewCast(count, types.Of(types.BigInt))
	if op == expr.Sub {
		count = &expr.Neg{Arg: count}
	}
	f, ok := b.Functions.Scalar("timestampadd")
	if !ok {
		return nil, b.notYet(n, "an INTERVAL that is not a constant")
	}
	out, err := b.scalarCall(f, []expr.Expr{&expr.Literal{T: types.Of(types.Varchar), Value: strings.ToLower(unit)}, count, t}, n)
	if err == nil && t.Type().Kind == types.Date && (microsIn[unit]%types.MicrosPerDay == 0) {
		out = expr.NewCast(out, t.Type())
	}
	return out, err
}

// extractParts binds EXTRACT of a unit of one or several parts: the digits of one behind
// those of the other.
func (b *binding) extractParts(parts []string, x *ast.FuncCallExpr) (expr.Expr, error) {
	arg, err := b.expr(x.Args[1])
	if err != nil {
		return nil, err
	}
	out, of, err := b.joinParts(parts, arg, x)
	if err != nil || of.Type().Kind != types.Time {
		return out, err
	}
	// The functions give the parts of a TIME without its sign, which EXTRACT keeps.
	before := &expr.Compare{Op: expr.Lt, L: of, R: &expr.Literal{T: of.Type(), Value: int64(0)}}
	return &expr.Case{Whens: []expr.When{{Cond: before, Then: &expr.Neg{Arg: out}}}, Else: out, T: out.Type()}, nil
}

// joinParts returns the digits, and the argument as the last part's function takes it.
func (b *binding) joinParts(parts []string, arg expr.Expr, x *ast.FuncCallExpr) (out, of expr.Expr, err error) {
	for _, part := range parts {
		f, ok := b.Functions.Scalar(part)
		if !ok {
			return nil, nil, b.notYet(x, "EXTRACT("+part+" …)")
		}
		e, err := b.scalarCall(f, []expr.Expr{arg}, x)
		if err != nil {
			return nil, nil, err
		}
		of = arg
		if c, ok := e.(*expr.Call); ok {
			of = c.Args[0]
		}
		if out == nil {
			out = e
			continue
		}
		by := int64(100)
		if part == "MICROSECOND" {
			by = types.MicrosPerSecond
		}
		if out, err = b.arith(expr.Mul, out, &expr.Literal{T: types.Of(types.BigInt), Value: by}, x); err != nil {
			return nil, nil, err
		}
		if out, err = b.arith(expr.Add, out, e, x); err != nil {
			return nil, nil, err
		}
	}
	return out, of, nil
}
