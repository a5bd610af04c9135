package bind

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// literal binds a constant.
func (b *binding) literal(x ast.ValueExpr) (expr.Expr, error) {
	switch v := sql.LiteralValue(x).(type) {
	case nil:
		return &expr.Literal{T: types.Of(types.Null)}, nil
	case bool:
		return &expr.Literal{T: types.Of(types.Boolean), Value: v}, nil
	case int64:
		return &expr.Literal{T: types.Of(types.BigInt), Value: v}, nil
	case uint64:
		return &expr.Literal{T: types.Of(types.UBigInt), Value: v}, nil
	case float64:
		return &expr.Literal{T: types.Of(types.Double), Value: v}, nil
	case string:
		return &expr.Literal{T: types.Of(types.Varchar), Value: v}, nil
	case sql.Decimal:
		if l, ok := numberLiteral(string(v)); ok {
			return l, nil
		}
		return nil, b.m.Errorf(x, "%s has more than %d digits", v, types.MaxPrecision)
	case sql.Hex:
		if raw, err := hex.DecodeString(hexDigits(string(v))); err == nil {
			return &expr.Literal{T: types.Of(types.Binary), Value: string(raw)}, nil
		}
	}
	return nil, b.notYet(x, "this literal")
}

func hexDigits(s string) string {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "0x"), "0X")
	s = strings.Trim(strings.TrimLeft(s, "xX"), "'")
	if len(s)%2 == 1 {
		s = "0" + s
	}
	return s
}

// numberLiteral reads an exact number as the narrowest of BIGINT, BIGINT UNSIGNED
// and DECIMAL, one with an exponent as DOUBLE.
func numberLiteral(text string) (*expr.Literal, bool) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return &expr.Literal{T: types.Of(types.BigInt), Value: i}, true
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		return &expr.Literal{T: types.Of(types.UBigInt), Value: u}, true
	}
	if strings.ContainsAny(text, "eE") {
		f, err := strconv.ParseFloat(text, 64)
		return &expr.Literal{T: types.Of(types.Double), Value: f}, err == nil && !math.IsInf(f, 0)
	}
	whole, frac, _ := strings.Cut(strings.TrimLeft(text, "+-0"), ".")
	t := types.DecimalOf(max(len(whole)+len(frac), 1), len(frac))
	if t.Precision > types.MaxPrecision {
		return nil, false
	}
	d, err := types.ParseDecimal(text, t.Precision, t.Scale)
	return &expr.Literal{T: t, Value: d}, err == nil
}

// negativeLiteral reads -n at once, so that the least BIGINT is one.
func negativeLiteral(n ast.ExprNode) (*expr.Literal, bool) {
	v, ok := n.(ast.ValueExpr)
	if !ok {
		return nil, false
	}
	switch x := sql.LiteralValue(v).(type) {
	case int64:
		return &expr.Literal{T: types.Of(types.BigInt), Value: -x}, true
	case uint64:
		if x == 1<<63 {
			return &expr.Literal{T: types.Of(types.BigInt), Value: int64(math.MinInt64)}, true
		}
		return nil, false
	case float64:
		return &expr.Literal{T: types.Of(types.Double), Value: -x}, true
	case sql.Decimal:
		return numberLiteral("-" + string(x))
	}
	return nil, false
}

// typed reads DATE '…', TIME '…' and TIMESTAMP '…'.
func (b *binding) typed(x *ast.FuncCallExpr, k types.Kind) (expr.Expr, error) {
	v, ok := x.Args[0].(ast.ValueExpr)
	text, isText := "", false
	if ok {
		text, isText = sql.LiteralValue(v).(string)
	}
	if !isText {
		return nil, b.m.Errorf(x, "%s '…' is expected here", k)
	}
	t := types.Of(k)
	switch k {
	case types.Timestamp:
		t = timestampOf(text)
		if x.FnName.L == sql.MarkerMoment {
			t.Zoned, t.Zone = true, b.Zone
		}
	case types.Time:
		t.Precision = timestampOf(text).Precision
	}
	l, err := expr.EvalConst(&expr.Cast{Arg: &expr.Literal{T: types.Of(types.Varchar), Value: text}, To: t})
	if err != nil {
		return nil, b.m.Errorf(x, "'%s' is not a %s", text, k)
	}
	return l, nil
}

// timestampOf returns the TIMESTAMP with as many fractional digits as a text has.
func timestampOf(text string) types.Type {
	_, frac, _ := strings.Cut(text, ".")
	n := 0
	for n < len(frac) && n < types.MaxFraction && frac[n]-'0' <= 9 {
		n++
	}
	return types.TimestampOf(n)
}

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
		return b.interval(x.Args[0], unit)
	}
	return b.expr(n)
}

// interval reads INTERVAL n unit, n a constant.
func (b *binding) interval(n ast.ExprNode, unit string) (expr.Expr, error) {
	per, isMonths := monthsIn[unit]
	micros, isMicros := microsIn[unit]
	if !isMonths && !isMicros {
		return nil, b.notYet(n, "an INTERVAL in "+unit)
	}
	e, err := b.expr(n)
	if err != nil {
		return nil, err
	}
	if !expr.IsConst(e) {
		return nil, b.notYet(n, "an INTERVAL that is not a constant")
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
