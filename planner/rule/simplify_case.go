package rule

import (
	"github.com/sqlstream/sqlstream/sql/expr"
)

// SimplifyCase leaves out branches that no row takes.
//
//	CASE WHEN FALSE THEN a WHEN b THEN c ELSE d END  =>  CASE WHEN b THEN c ELSE d END
//	CASE WHEN b THEN c WHEN TRUE THEN d ELSE e END   =>  CASE WHEN b THEN c ELSE d END
//	CASE WHEN TRUE THEN a ELSE b END                 =>  a
//
// A NULL condition is as FALSE. COALESCE, IFNULL, IF and NULLIF are CASE, too, so that
// COALESCE(a, b) becomes a where a is NOT NULL. Branches only go, and none is evaluated
// on a row that did not take it before.
var SimplifyCase = Rule{Name: "SimplifyCase", Expr: simplifyCase}

func simplifyCase(e expr.Expr) expr.Expr {
	x, ok := e.(*expr.Case)
	if !ok {
		return e
	}
	out := &expr.Case{Else: x.Else, T: x.T}
	for _, w := range x.Whens {
		if isFalse(w.Cond) || isNull(w.Cond) {
			continue
		}
		if isTrue(w.Cond) {
			out.Else = w.Then
			break
		}
		out.Whens = append(out.Whens, w)
	}
	switch {
	case len(out.Whens) == len(x.Whens):
		return e
	case len(out.Whens) > 0:
		return out
	case out.Else == nil:
		return &expr.Literal{T: x.T}
	case !out.Else.Type().Equal(x.T):
		return e
	}
	return out.Else
}
