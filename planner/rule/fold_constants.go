package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// FoldConstants computes what reads no column, and simplifies conditions.
//
//	Filter a > 1 + 2 AND TRUE  =>  Filter a > 3
//
// An expression that fails stays as it is: it may stand where no row comes.
var FoldConstants = Rule{Name: "FoldConstants", Rewrite: foldConstants}

func foldConstants(n logical.Node) (logical.Node, bool) {
	switch x := n.(type) {
	case *logical.Filter:
		p, changed := simplify(x.Pred)
		if isTrue(p) {
			return x.Input, true
		}
		if changed {
			return &logical.Filter{Input: x.Input, Pred: p}, true
		}
	case *logical.Project:
		es, changed := simplifyAll(x.Exprs)
		if changed {
			return &logical.Project{Input: x.Input, Exprs: es, Names: x.Names}, true
		}
	}
	return n, false
}

func isTrue(e expr.Expr) bool {
	l, ok := e.(*expr.Literal)
	return ok && l.Value == true
}

func simplifyAll(es []expr.Expr) ([]expr.Expr, bool) {
	out, changed := make([]expr.Expr, len(es)), false
	for i, e := range es {
		s, c := simplify(e)
		out[i], changed = s, changed || c
	}
	return out, changed
}

func simplify(e expr.Expr) (expr.Expr, bool) {
	s := expr.Transform(e, simplifyNode)
	return s, s != e
}

func simplifyNode(e expr.Expr) expr.Expr {
	switch x := e.(type) {
	case *expr.Literal:
		return e
	case *expr.And:
		return simplifyLogic(x, x.Args, true)
	case *expr.Or:
		return simplifyLogic(x, x.Args, false)
	case *expr.Not:
		if inner, ok := x.Arg.(*expr.Not); ok {
			return inner.Arg
		}
	case *expr.Case:
		if len(x.Whens) > 0 && isTrue(x.Whens[0].Cond) && x.Whens[0].Then.Type().Equal(x.T) {
			return x.Whens[0].Then
		}
	}
	if !expr.IsConst(e) || e.Type().Kind == types.Interval {
		return e
	}
	l, err := expr.EvalConst(e)
	if err != nil {
		return e
	}
	return l
}

// simplifyLogic drops arguments that change nothing, and everything behind one
// that decides.
func simplifyLogic(e expr.Expr, args []expr.Expr, and bool) expr.Expr {
	var kept []expr.Expr
	for _, a := range args {
		if l, ok := a.(*expr.Literal); ok && l.Value == and {
			continue
		}
		kept = append(kept, a)
		if l, ok := a.(*expr.Literal); ok && l.Value == !and {
			break
		}
	}
	switch {
	case len(kept) == 0:
		return &expr.Literal{T: types.Of(types.Boolean), Value: and}
	case len(kept) == 1:
		return kept[0]
	case len(kept) == len(args):
		return e
	case and:
		return &expr.And{Args: kept}
	}
	return &expr.Or{Args: kept}
}
