package rule

import (
	"github.com/sqlstream/sqlstream/sql/expr"
)

// SimplifyNulls decides tests for NULL of what never is NULL, and operations on NULL.
//
//	a IS NULL         =>  FALSE       where a is NOT NULL
//	a IS TRUE         =>  a           likewise
//	a = a, a <=> a    =>  TRUE        likewise; a <=> a always
//	a = NULL, a + NULL => NULL        where a cannot fail
//	a <=> NULL        =>  a IS NULL
//
// Where a may be NULL, a = a is NULL on such a row and stays. RAND() = RAND() stays:
// each is another value. An operand that can fail is kept, and so is its error, which
// eval_error = 'null' would make a NULL.
var SimplifyNulls = Rule{Name: "SimplifyNulls", Expr: simplifyNulls}

func simplifyNulls(e expr.Expr) expr.Expr {
	switch x := e.(type) {
	case *expr.IsNull:
		if certain(x.Arg) {
			return truth(x.Negated)
		}
	case *expr.IsTruth:
		if certain(x.Arg) {
			if x.Want != x.Negated {
				return x.Arg
			}
			return &expr.Not{Arg: x.Arg}
		}
	case *expr.Compare:
		return compareNulls(x)
	case *expr.Arith:
		if isNull(x.L) && !expr.CanFail(x.R) || isNull(x.R) && !expr.CanFail(x.L) {
			return &expr.Literal{T: x.T}
		}
	}
	return e
}

func compareNulls(x *expr.Compare) expr.Expr {
	l, r := x.L, x.R
	if isNull(l) {
		l, r = r, l
	}
	switch {
	case isNull(r) && x.Op == expr.NullSafeEq:
		return &expr.IsNull{Arg: l}
	case isNull(r) && !expr.CanFail(l):
		return &expr.Literal{T: boolean}
	case !exact(l.Type()) || !expr.Equal(l, r) || expr.CanFail(l):
		return x
	}
	switch x.Op {
	case expr.NullSafeEq:
		return truth(true)
	case expr.Eq, expr.Le, expr.Ge:
		if l.NotNull() {
			return truth(true)
		}
	case expr.Ne, expr.Lt, expr.Gt:
		if l.NotNull() {
			return truth(false)
		}
	}
	return x
}
