package bind

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// wordDigits is how many digits MySQL keeps in a word: a quotient fills its last one.
const wordDigits = 9

// wider returns an exact number that is computed on with the digits that MySQL carries
// within an expression: a quotient has whole words of them behind the point, and is
// rounded to its type where it is shown, kept or compared, not where it is only a part.
//
//	1 / 3         0.3333
//	1 / 3 * 100   33.3333 and not 33.3300
//
// Values stay as they are where e holds no quotient.
func wider(e expr.Expr) expr.Expr {
	if !holdsQuotient(e) {
		return e
	}
	switch x := e.(type) {
	case *expr.Arith:
		return widerArith(x)
	case *expr.Neg:
		return &expr.Neg{Arg: wider(x.Arg)}
	case *expr.Cast:
		if isShown(x) {
			return x.Arg
		}
		arg := wider(x.Arg)
		return expr.NewCast(arg, atScale(x.To, arg.Type().Scale))
	case *expr.Case:
		return widerCase(x)
	}
	return e
}

// holdsQuotient reports a DECIMAL in which a quotient is a part.
func holdsQuotient(e expr.Expr) bool {
	if e.Type().Kind != types.Decimal {
		return false
	}
	switch x := e.(type) {
	case *expr.Arith:
		return x.Op == expr.Div || holdsQuotient(x.L) || holdsQuotient(x.R)
	case *expr.Neg:
		return holdsQuotient(x.Arg)
	case *expr.Cast:
		return x.Implicit && (isShown(x) || holdsQuotient(x.Arg))
	case *expr.Case:
		return x.Else != nil && holdsQuotient(x.Else) || slices.ContainsFunc(x.Whens, func(w expr.When) bool { return holdsQuotient(w.Then) })
	}
	return false
}

// isShown reports a SUM of quotients that is rounded to be shown.
func isShown(x *expr.Cast) bool {
	from := x.Arg.Type()
	return x.Implicit && from.Kind == types.Decimal && from.Scale > x.To.Scale
}

func widerArith(x *expr.Arith) expr.Expr {
	l, r := wider(x.L), wider(x.R)
	ls, rs := l.Type().Scale, r.Type().Scale
	scale := 0
	switch x.Op {
	case expr.Div:
		scale = quotientScale(ls, rs)
	case expr.Mul:
		scale = ls + rs
	default:
		scale = max(ls, rs)
	}
	return &expr.Arith{Op: x.Op, L: l, R: r, T: atScale(x.T, scale)}
}

// quotientScale is the digits behind the point of a quotient, as MySQL's do_div_mod
// counts them: those of both operands and four more, in words.
func quotientScale(l, r int) int {
	words := func(digits int) int { return (digits + wordDigits - 1) / wordDigits * wordDigits }
	more := max(4-(words(l)-l)-(words(r)-r), 0)
	return words(words(l) + words(r) + more)
}

// atScale is a type with more digits behind the point, and as many before it. Where that
// is more than a DECIMAL has, as of a SUM by its type, one word of them takes its place
// from digits that a number hardly has.
func atScale(t types.Type, scale int) types.Type {
	whole := t.Precision - t.Scale
	if whole+scale > types.MaxPrecision {
		scale = min(scale, max(types.MaxPrecision-whole, wordDigits))
	}
	scale = max(scale, t.Scale)
	return types.DecimalOf(min(whole+scale, types.MaxPrecision), scale)
}

func widerCase(x *expr.Case) expr.Expr {
	values := make([]expr.Expr, 0, len(x.Whens)+1)
	for _, w := range x.Whens {
		values = append(values, wider(w.Then))
	}
	if x.Else != nil {
		values = append(values, wider(x.Else))
	}
	scale := x.T.Scale
	for _, v := range values {
		scale = max(scale, v.Type().Scale)
	}
	t := atScale(x.T, scale)
	out := &expr.Case{Whens: slices.Clone(x.Whens), T: t}
	for i := range out.Whens {
		out.Whens[i].Then = expr.NewCast(values[i], t)
	}
	if x.Else != nil {
		out.Else = expr.NewCast(values[len(values)-1], t)
	}
	return out
}

// computing says that an expression is bound which is computed on, until the function that
// it returns is called.
func (b *binding) computing() (done func()) {
	before := b.inArith
	b.inArith = true
	return func() { b.inArith = before }
}

// carried converts an operand to the type that an operator takes it in; a DECIMAL may
// have more digits behind the point.
func carried(e expr.Expr, to types.Type) expr.Expr {
	if to.Kind == types.Decimal && holdsQuotient(e) {
		return wider(e)
	}
	return expr.NewCast(wider(e), to)
}

// roundsFirst are the functions whose result does not show how many digits their first
// argument has.
var roundsFirst = map[string]bool{"round": true, "truncate": true, "floor": true, "ceiling": true, "sign": true, "format": true}

// widerArgument replaces the first argument of a function that rounds it to a number of
// digits that is known.
func widerArgument(name string, args []expr.Expr) {
	if roundsFirst[name] && (len(args) == 1 || len(args) == 2 && expr.IsConst(args[1])) {
		args[0] = wider(args[0])
	}
}

// averageQuotient binds an AVG that is computed on, as SUM / COUNT, which has the digits of
// any quotient within an expression.
func (b *selection) averageQuotient(outer *binding, avg *ast.AggregateFuncExpr, args []expr.Expr, filter ast.ExprNode) (expr.Expr, error) {
	f, _ := b.Functions.Aggregate(avg.F)
	shown, err := b.boundAggregate(f, args, avg)
	if err != nil {
		return nil, err
	}
	sum, count := *avg, *avg
	sum.F, count.F = "sum", "count"
	l, err := b.aggregate(outer, &sum, filter)
	if err != nil {
		return nil, err
	}
	r, err := b.aggregate(outer, &count, filter)
	if err != nil {
		return nil, err
	}
	return &expr.Arith{Op: expr.Div, L: carried(l, decimalOf(l)), R: carried(r, decimalOf(r)), T: shown.Returns}, nil
}

func decimalOf(e expr.Expr) types.Type {
	t, _ := types.DecimalDigits(e.Type())
	return t
}
