package naive

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

func (e *evaluation) values(es []expr.Expr, row, params Row) (Row, error) {
	out := make(Row, len(es))
	for i, x := range es {
		v, err := e.value(x, row, params)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// value computes an expression over one row.
func (e *evaluation) value(x expr.Expr, row, params Row) (any, error) {
	if e.steps++; e.steps > patience {
		return nil, ErrLong
	}
	one := func(x expr.Expr) (any, error) { return e.value(x, row, params) }
	switch x := x.(type) {
	case *expr.Column:
		return row[x.Index], nil
	case *expr.Literal:
		return x.Value, nil
	case *logical.Param:
		return params[x.Index], nil
	case *logical.Subquery:
		return e.subquery(x, row, params)
	case *expr.And:
		return every(x.Args, one)
	case *expr.Or:
		v, err := every(x.Args, func(x expr.Expr) (any, error) {
			v, err := one(x)
			return not(v), err
		})
		return not(v), err
	case *expr.Not:
		v, err := one(x.Arg)
		return not(v), err
	case *expr.IsNull:
		v, err := one(x.Arg)
		return (v == nil) != x.Negated, err
	case *expr.Call:
		if x.Func.StabilityOf(x.Overload) == function.PerEpoch {
			return e.clock(x)
		}
	case *expr.IsTruth:
		v, err := one(x.Arg)
		return (v == x.Want) != x.Negated, err
	case *expr.Case:
		for _, w := range x.Whens {
			v, err := one(w.Cond)
			if err != nil {
				return nil, err
			}
			if v == true {
				return one(w.Then)
			}
		}
		if x.Else == nil {
			return nil, nil
		}
		return one(x.Else)
	}
	args := make([]any, len(x.Children()))
	for i, c := range x.Children() {
		v, err := one(c)
		if err != nil {
			return nil, err
		}
		args[i] = v
	}
	return applied(x, args)
}

// every is AND: FALSE where one is FALSE, without asking the ones behind it, else NULL
// where one is NULL.
func every(args []expr.Expr, one func(expr.Expr) (any, error)) (any, error) {
	out := any(true)
	for _, a := range args {
		v, err := one(a)
		if err != nil {
			return nil, err
		}
		if v == false {
			return false, nil
		}
		if v == nil {
			out = nil
		}
	}
	return out, nil
}

func not(v any) any {
	if v == nil {
		return nil
	}
	return !v.(bool)
}

func or(a, b any) any {
	switch {
	case a == true || b == true:
		return true
	case a == nil || b == nil:
		return nil
	}
	return false
}

// applied computes an operation on values.
func applied(x expr.Expr, args []any) (any, error) {
	switch x := x.(type) {
	case *expr.Compare:
		return compared(x.Op, args[0], args[1]), nil
	case *expr.In:
		out := any(false)
		for _, v := range args[1:] {
			out = or(out, compared(expr.Eq, args[0], v))
		}
		if x.Negated {
			out = not(out)
		}
		return out, nil
	case *expr.Cast:
		if v, known := zoned(x, args[0]); known {
			return v, nil
		}
	case *expr.Arith:
		if v, known, err := calculated(x, args); known {
			return v, err
		}
	}
	return kernel(x, args)
}

// kernel has the engine compute one operation on constants: scalar functions, patterns,
// conversions, division. They are tested for themselves.
func kernel(x expr.Expr, args []any) (any, error) {
	literals := make([]expr.Expr, len(args))
	for i, c := range x.Children() {
		literals[i] = &expr.Literal{T: c.Type(), Value: args[i]}
	}
	l, err := expr.EvalConst(x.WithChildren(literals))
	if err != nil {
		return nil, err
	}
	return l.Value, nil
}

// compared compares two values of one type.
func compared(op expr.Op, a, b any) any {
	if op == expr.NullSafeEq {
		return Compare(a, b) == 0
	}
	if a == nil || b == nil {
		return nil
	}
	if f, ok := a.(float64); ok && (math.IsNaN(f) || math.IsNaN(b.(float64))) {
		return op == expr.Ne
	}
	c := Compare(a, b)
	switch op {
	case expr.Eq:
		return c == 0
	case expr.Ne:
		return c != 0
	case expr.Lt:
		return c < 0
	case expr.Le:
		return c <= 0
	case expr.Gt:
		return c > 0
	}
	return c >= 0
}

// Compare orders two values of one type: NULL first, numbers by value, text bytewise.
func Compare(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch x := a.(type) {
	case bool:
		return cmp.Compare(truth(x), truth(b.(bool)))
	case int64:
		return cmp.Compare(x, b.(int64))
	case uint64:
		return cmp.Compare(x, b.(uint64))
	case float64:
		return cmp.Compare(x, b.(float64))
	case types.DecimalValue:
		return x.BigInt().Cmp(b.(types.DecimalValue).BigInt())
	}
	return strings.Compare(a.(string), b.(string))
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// CompareRows orders rows by all their values in turn.
func CompareRows(a, b Row) int {
	for i := range a {
		if c := Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// calculated adds, subtracts and multiplies whole numbers and DECIMALs; others it does
// not know.
func calculated(x *expr.Arith, args []any) (v any, known bool, err error) {
	if args[0] == nil || args[1] == nil {
		return nil, x.T.Kind != types.Timestamp && x.T.Kind != types.Date, nil
	}
	l, ok1 := whole(args[0])
	r, ok2 := whole(args[1])
	if !ok1 || !ok2 || x.Op > expr.Mul {
		return nil, false, nil
	}
	ls, rs := scaleOf(x.L.Type()), scaleOf(x.R.Type())
	out := new(big.Int)
	switch x.Op {
	case expr.Mul:
		out.Mul(l, r)
		ls += rs
	default:
		common := max(ls, rs)
		l, r = shifted(l, common-ls), shifted(r, common-rs)
		if out.Add(l, r); x.Op == expr.Sub {
			out.Sub(l, r)
		}
		ls = common
	}
	if ls != scaleOf(x.T) { // digits beyond the type's are rounded
		return nil, false, nil
	}
	v, err = fitted(out, x.T)
	return v, true, err
}

func whole(v any) (*big.Int, bool) {
	switch x := v.(type) {
	case int64:
		return big.NewInt(x), true
	case uint64:
		return new(big.Int).SetUint64(x), true
	case types.DecimalValue:
		return x.BigInt(), true
	}
	return nil, false
}

func scaleOf(t types.Type) int {
	if t.Kind == types.Decimal {
		return int(t.Scale)
	}
	return 0
}

func shifted(x *big.Int, digits int) *big.Int {
	return new(big.Int).Mul(x, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))
}

// fitted makes a value of a type, or an error where the number is beyond it.
func fitted(x *big.Int, t types.Type) (any, error) {
	beyond := fmt.Errorf("%s is beyond %s", x, t)
	switch {
	case t.Kind == types.Decimal:
		if len(strings.TrimPrefix(x.String(), "-")) > int(t.Precision) {
			return nil, beyond
		}
		d, err := types.ParseDecimal(x.String(), types.MaxPrecision, 0)
		return d, err
	case t.IsUnsigned():
		if !x.IsUint64() {
			return nil, beyond
		}
		return x.Uint64(), nil
	case !x.IsInt64():
		return nil, beyond
	}
	return x.Int64(), nil
}

// subquery answers a query that stands in an expression.
func (e *evaluation) subquery(s *logical.Subquery, row, params Row) (any, error) {
	rows, ok := e.fixed[s]
	if !ok {
		given, err := e.values(s.Params, row, params)
		if err != nil {
			return nil, err
		}
		if rows, err = e.rows(s.Plan, given); err != nil {
			return nil, err
		}
	}
	switch s.Kind {
	case logical.Exists:
		return len(rows) > 0, nil
	case logical.Scalar:
		switch len(rows) {
		case 0:
			return nil, nil
		case 1:
			return rows[0][0], nil
		}
		return nil, severalRows(len(rows))
	}
	operands, err := e.values(s.Operands, row, params)
	if err != nil {
		return nil, err
	}
	out := any(s.Kind == logical.All)
	for _, r := range rows {
		v := comparedRows(s.Op, operands, r)
		if s.Kind == logical.Any {
			out = or(out, v)
		} else {
			out = not(or(not(out), not(v)))
		}
	}
	return out, nil
}

func severalRows(n int) error {
	return fmt.Errorf("a subquery in the place of a value gave %d rows", n)
}

// comparedRows compares rows of values by one comparison: equal where all values are.
func comparedRows(op expr.Op, a, b Row) any {
	if len(a) == 1 {
		return compared(op, a[0], b[0])
	}
	differ := any(false)
	for i := range a {
		differ = or(differ, compared(expr.Ne, a[i], b[i]))
	}
	if op == expr.Ne {
		return differ
	}
	return not(differ)
}

// called asks a table function for its rows.
func called(x *logical.Expand, args Row) ([]Row, error) {
	if rows, ok, err := timeWindows(x.Func.Name, x.Func.Columns[0].Type, args); ok {
		return rows, err
	}
	if x.Func.JSON != nil {
		return jsonTable(x.Func.JSON, args[0])
	}
	var vecs []*vec.Vec
	for i, v := range args {
		b := vec.NewBuilder(x.Args[i].Type())
		expr.AppendLiteral(b, &expr.Literal{T: x.Args[i].Type(), Value: v})
		vecs = append(vecs, b.Vec())
	}
	var out []*vec.Builder
	for _, f := range x.Func.Columns {
		out = append(out, vec.NewBuilder(f.Type))
	}
	n, err := x.Func.Rows(vecs, 0, out)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, n)
	for i := range rows {
		for _, b := range out {
			rows[i] = append(rows[i], expr.LiteralAt(b.Vec(), i).Value)
		}
	}
	return rows, nil
}
