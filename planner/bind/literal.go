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
	case sql.Bit:
		if raw, ok := bits(string(v)); ok {
			return &expr.Literal{T: types.Of(types.Binary), Value: raw}, nil
		}
	}
	return nil, b.notYet(x, "this literal")
}

// bits reads b'101' or 0b101 as bytes, the last bit the lowest of the last one.
func bits(s string) (string, bool) {
	s = strings.Trim(strings.TrimPrefix(strings.TrimPrefix(s, "0b"), "0B"), "bB'")
	n := (len(s) + 7) / 8
	raw := make([]byte, n)
	for i := range len(s) {
		at := len(s) - 1 - i
		if s[at] != '0' && s[at] != '1' {
			return "", false
		}
		raw[n-1-i/8] |= (s[at] - '0') << (i % 8)
	}
	return string(raw), true
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
