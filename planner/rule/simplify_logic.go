package rule

import (
	"github.com/sqlstream/sqlstream/sql/expr"
)

// SimplifyLogic leaves out of conditions what decides nothing, and all behind what
// decides.
//
//	x AND TRUE, x OR FALSE, x AND x  =>  x
//	FALSE AND x                      =>  FALSE      TRUE OR x  =>  TRUE
//	x AND FALSE                      =>  FALSE, where x cannot fail
//	NOT NOT x                        =>  x
//	NOT a < b                        =>  a >= b     NOT a IS NULL  =>  a IS NOT NULL
//
// All of them hold for NULL, too: NULL AND FALSE is FALSE. NOT a < b is not a >= b for
// floats, as NaN is neither. In CAST(s AS INT) = 1 AND FALSE the conversion stays, and
// its error with it.
var SimplifyLogic = Rule{Name: "SimplifyLogic", Expr: simplifyLogic}

func simplifyLogic(e expr.Expr) expr.Expr {
	switch x := e.(type) {
	case *expr.And:
		return simplifyArgs(e, flat(e, x.Args), true)
	case *expr.Or:
		return simplifyArgs(e, flat(e, x.Args), false)
	case *expr.Not:
		if n := negated(x.Arg); n != nil {
			return n
		}
	}
	return e
}

// flat lists the arguments of an AND, or of an OR, and of those right below it.
func flat(e expr.Expr, args []expr.Expr) []expr.Expr {
	var out []expr.Expr
	for _, a := range args {
		switch x := a.(type) {
		case *expr.And:
			if _, ok := e.(*expr.And); ok {
				out = append(out, x.Args...)
				continue
			}
		case *expr.Or:
			if _, ok := e.(*expr.Or); ok {
				out = append(out, x.Args...)
				continue
			}
		}
		out = append(out, a)
	}
	return out
}

// simplifyArgs drops arguments that change nothing, and those behind one that decides.
// They are tested in order, so that those before it may stop at an error.
func simplifyArgs(e expr.Expr, args []expr.Expr, and bool) expr.Expr {
	var kept []expr.Expr
	seen := map[string]bool{}
	fails := false
	for _, a := range args {
		if isLiteral(a, and) {
			continue
		}
		if isLiteral(a, !and) {
			if !fails {
				return truth(!and)
			}
			kept = append(kept, a)
			break
		}
		if key := expr.Fingerprint(a); seen[key] {
			continue
		} else {
			seen[key] = true
		}
		fails = fails || expr.CanFail(a)
		kept = append(kept, a)
	}
	switch {
	case len(kept) == 0:
		return truth(and)
	case len(kept) == 1:
		return kept[0]
	case len(kept) == len(e.Children()):
		return e
	case and:
		return &expr.And{Args: kept}
	}
	return &expr.Or{Args: kept}
}

var opposite = map[expr.Op]expr.Op{
	expr.Eq: expr.Ne, expr.Ne: expr.Eq, expr.Lt: expr.Ge, expr.Ge: expr.Lt, expr.Gt: expr.Le, expr.Le: expr.Gt,
}

// negated returns the condition that is NOT e, nil where that is no simpler.
func negated(e expr.Expr) expr.Expr {
	switch x := e.(type) {
	case *expr.Not:
		return x.Arg
	case *expr.Compare:
		if op, ok := opposite[x.Op]; ok && exact(x.L.Type()) {
			return &expr.Compare{Op: op, L: x.L, R: x.R}
		}
	case *expr.IsNull:
		return &expr.IsNull{Arg: x.Arg, Negated: !x.Negated}
	case *expr.IsTruth:
		return &expr.IsTruth{Arg: x.Arg, Want: x.Want, Negated: !x.Negated}
	case *expr.In:
		return &expr.In{Arg: x.Arg, List: x.List, Negated: !x.Negated}
	case *expr.Like:
		return &expr.Like{Arg: x.Arg, Pattern: x.Pattern, Escape: x.Escape, Fold: x.Fold, Negated: !x.Negated}
	case *expr.Regexp:
		return &expr.Regexp{Arg: x.Arg, Pattern: x.Pattern, Negated: !x.Negated}
	}
	return nil
}
