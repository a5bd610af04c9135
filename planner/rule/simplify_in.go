package rule

import "github.com/sqlstream/sqlstream/sql/expr"

// SimplifyIn writes a list of one item as a comparison, which has a faster kernel and
// is understood by other rules.
//
//	a IN (1)      =>  a = 1
//	a NOT IN (1)  =>  a <> 1
//
// Not for floats, where IN finds NaN in a list and = does not.
var SimplifyIn = Rule{Name: "SimplifyIn", Expr: simplifyIn}

func simplifyIn(e expr.Expr) expr.Expr {
	x, ok := e.(*expr.In)
	if !ok || len(x.List) != 1 || !exact(x.Arg.Type()) {
		return e
	}
	op := expr.Eq
	if x.Negated {
		op = expr.Ne
	}
	return &expr.Compare{Op: op, L: x.Arg, R: x.List[0]}
}
