package oracle

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A scope is what an expression reads: columns by position, and parameters.
type scope struct{ cols, params []string }

func (p *printer) exprs(es []expr.Expr, s scope) []string {
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = p.expr(e, s)
	}
	return out
}

func (p *printer) expr(e expr.Expr, s scope) string {
	switch x := e.(type) {
	case *expr.Column:
		return s.cols[x.Index]
	case *logical.Param:
		return s.params[x.Index]
	case *expr.Literal:
		return literal(x)
	case *logical.Subquery:
		return p.subquery(x, s)
	case *expr.Case:
		out := "CASE"
		for _, w := range x.Whens {
			out += " WHEN " + p.expr(w.Cond, s) + " THEN " + p.expr(w.Then, s)
		}
		if x.Else != nil {
			out += " ELSE " + p.expr(x.Else, s)
		}
		return out + " END"
	}
	return operation(e, p.exprs(e.Children(), s))
}

// operation prints an operation on what is printed already.
func operation(e expr.Expr, args []string) string {
	not := func(negated bool) string {
		if negated {
			return "NOT "
		}
		return ""
	}
	switch x := e.(type) {
	case *expr.And:
		return "(" + strings.Join(args, " AND ") + ")"
	case *expr.Or:
		return "(" + strings.Join(args, " OR ") + ")"
	case *expr.Not:
		return "(NOT " + args[0] + ")"
	case *expr.IsNull:
		return "(" + args[0] + " IS " + not(x.Negated) + "NULL)"
	case *expr.IsTruth:
		return fmt.Sprintf("(%s IS %s%d)", args[0], not(x.Negated), truth(x.Want))
	case *expr.Compare:
		return compared(x.Op, args[0], args[1])
	case *expr.In:
		return "(" + args[0] + " " + not(x.Negated) + "IN (" + strings.Join(args[1:], ", ") + "))"
	case *expr.Like:
		if x.Fold || x.Escape == 0 {
			panic(Missing("ILIKE"))
		}
		return "(" + args[0] + " " + not(x.Negated) + "LIKE " + args[1] + " ESCAPE '" + strings.ReplaceAll(string(x.Escape), "'", "''") + "')"
	case *expr.Neg:
		return "(- " + args[0] + ")"
	case *expr.Arith:
		return arith(x, args[0], args[1])
	case *expr.Cast:
		return cast(x, args[0])
	case *expr.Call:
		return called(x, args)
	}
	panic(Missing(fmt.Sprintf("%T", e)))
}

func compared(op expr.Op, a, b string) string {
	sign := map[expr.Op]string{expr.Eq: "=", expr.Ne: "<>", expr.Lt: "<", expr.Le: "<=", expr.Gt: ">", expr.Ge: ">=", expr.NullSafeEq: "IS"}[op]
	return "(" + a + " " + sign + " " + b + ")"
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// isWhole reports a type of whole numbers; a DECIMAL is one of its last digits.
func isWhole(t types.Type) bool {
	return t.Kind >= types.TinyInt && t.Kind <= types.BigInt || t.Kind >= types.UTinyInt && t.Kind <= types.UInt || t.Kind == types.Decimal
}

func scaleOf(t types.Type) int {
	if t.Kind == types.Decimal {
		return t.Scale
	}
	return 0
}

// arith computes with whole numbers of a common last digit.
func arith(x *expr.Arith, a, b string) string {
	lt, rt := x.L.Type(), x.R.Type()
	sign, ok := map[expr.Op]string{expr.Add: "+", expr.Sub: "-", expr.Mul: "*", expr.Div: "/", expr.IntDiv: "/", expr.Mod: "%"}[x.Op]
	switch {
	case !ok:
		panic(Missing("operators on bits"))
	case lt.IsFloat() && rt.IsFloat() && x.Op != expr.IntDiv && x.Op != expr.Mod:
		return "(" + a + " " + sign + " " + b + ")"
	case lt.Kind == types.Timestamp && rt.Kind == types.Interval:
		return "(" + a + " " + sign + " " + b + ")"
	case !isWhole(lt) || !isWhole(rt):
		panic(Missing("arithmetic of " + lt.String() + " and " + rt.String()))
	}
	ls, rs, to := scaleOf(lt), scaleOf(rt), scaleOf(x.T)
	common := max(ls, rs)
	switch x.Op {
	case expr.Mul:
		return rescaled("("+a+" * "+b+")", ls+rs, to)
	case expr.Div:
		if to+rs < ls { // the dividend has digits to spare
			b = rescaled(b, rs, ls-to)
		}
		to = max(to, ls-rs)
		return quotient(rescaled(a, ls, to+rs), b)
	}
	a, b = rescaled(a, ls, common), rescaled(b, rs, common)
	if x.Op == expr.IntDiv {
		return "(" + a + " / " + b + ")"
	}
	return rescaled("("+a+" "+sign+" "+b+")", common, to)
}

// rescaled moves the point, rounding half away from zero.
func rescaled(x string, from, to int) string {
	switch {
	case from < to:
		return "(" + x + " * 1" + strings.Repeat("0", to-from) + ")"
	case from > to:
		return quotient(x, "1"+strings.Repeat("0", from-to))
	}
	return x
}

// quotient divides whole numbers, rounding half away from zero. By 0 it is NULL.
func quotient(a, b string) string {
	return fmt.Sprintf("((abs(%[1]s) * 2 + abs(%[2]s)) / (abs(%[2]s) * 2) * sign(%[1]s) * sign(%[2]s))", a, b)
}

func cast(x *expr.Cast, a string) string {
	from, to := x.Arg.Type(), x.To
	switch {
	case isWhole(from) && isWhole(to):
		return rescaled(a, scaleOf(from), scaleOf(to))
	case isWhole(from) && to.Kind == types.Double:
		return "(CAST(" + a + " AS REAL) / 1" + strings.Repeat("0", scaleOf(from)) + ".0)"
	case isWhole(from) && scaleOf(from) == 0 && to.Kind == types.Varchar && to.Length == 0:
		return "CAST(" + a + " AS TEXT)"
	case from.Kind == types.Varchar && to.Kind == types.Varchar && to.Length == 0, from.Kind == types.Null, from.Kind == types.Float && to.Kind == types.Double:
		return a
	case from.Kind == types.Boolean && isWhole(to):
		return rescaled(a, 0, scaleOf(to))
	case isWhole(from) && to.Kind == types.Boolean:
		return "(" + a + " <> 0)"
	case from.Kind == types.Timestamp && to.Kind == types.Timestamp && from.Precision <= to.Precision:
		return a
	}
	panic(Missing("CAST from " + from.String() + " to " + to.String()))
}

func called(x *expr.Call, args []string) string {
	list := strings.Join(args, ", ")
	switch x.Func.Name {
	case "concat":
		return "(" + strings.Join(args, " || ") + ")"
	case "char_length", "character_length":
		return "length(" + list + ")"
	case "abs":
		return "abs(" + list + ")"
	case "hex", "replace", "ltrim", "rtrim":
		if len(args) == 1 && x.Args[0].Type().Kind == types.Varchar || x.Func.Name == "replace" {
			return x.Func.Name + "(" + list + ")"
		}
	}
	panic(Missing("the function " + x.Func.Name))
}

func literalAt(v *vec.Vec, row int) string { return literal(expr.LiteralAt(v, row)) }

func literal(l *expr.Literal) string {
	switch v := l.Value.(type) {
	case nil:
		return "NULL"
	case bool:
		return strconv.Itoa(truth(v))
	case int64:
		if v == math.MinInt64 {
			panic(Missing("numbers of more than 63 bits"))
		}
		return strconv.FormatInt(v, 10)
	case uint64:
		if v > math.MaxInt64 {
			panic(Missing("numbers of more than 63 bits"))
		}
		return strconv.FormatUint(v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			panic(Missing("floats that are not finite"))
		}
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		return text
	case types.DecimalValue:
		if n := v.BigInt(); n.IsInt64() {
			return n.String()
		}
		panic(Missing("numbers of more than 63 bits"))
	case vec.IntervalValue:
		if v.Months == 0 {
			return strconv.FormatInt(v.Micros, 10)
		}
		panic(Missing("intervals of months"))
	case string:
		if l.T.Kind != types.Varchar || strings.ContainsRune(v, 0) {
			panic(Missing("values of " + l.T.String()))
		}
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	}
	panic(Missing(fmt.Sprintf("%T", l.Value)))
}

// subquery inlines what the plan is given. ANY and ALL are asked by what SQL defines
// them as; IN is SQLite's own.
func (p *printer) subquery(x *logical.Subquery, s scope) string {
	plan := p.node(x.Plan, p.exprs(x.Params, s))
	operands := p.exprs(x.Operands, s)
	switch {
	case x.Kind == logical.Exists:
		return "EXISTS (" + plan + ")"
	case x.Kind == logical.Scalar:
		return "(" + plan + ")"
	case x.Kind == logical.Any && x.Op == expr.Eq && len(operands) == 1:
		return "(" + operands[0] + " IN (" + plan + "))"
	case x.Kind == logical.Any && x.Op == expr.Eq:
		return "((" + strings.Join(operands, ", ") + ") IN (" + plan + "))"
	case len(operands) > 1:
		panic(Missing("comparisons of rows with ANY or ALL"))
	}
	q := p.named("("+plan+")", 1)
	test := compared(x.Op, operands[0], q.cols[0])
	first, otherwise := test, 0
	if x.Kind == logical.All {
		first, otherwise = "NOT "+test, 1
	}
	return fmt.Sprintf("CASE WHEN EXISTS (SELECT 1 FROM %[1]s WHERE %[2]s) THEN %[3]d WHEN EXISTS (SELECT 1 FROM %[1]s WHERE %[4]s IS NULL) THEN NULL ELSE %[5]d END",
		q.text, first, 1-otherwise, test, otherwise)
}
