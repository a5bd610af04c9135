package rule

import (
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// FoldConstants computes what reads no column, once and for all.
//
//	Filter a > 1 + 2  =>  Filter a > 3
//
// An expression that fails stays as it is: in CASE WHEN a > 0 THEN CAST('x' AS INT) END
// it may stand where no row comes. What another epoch or row computes anew, NOW() and
// RAND(), stays, too.
var FoldConstants = Rule{Name: "FoldConstants", Expr: foldConstant}

func foldConstant(e expr.Expr) expr.Expr {
	if _, ok := e.(*expr.Literal); ok || e.Type().Kind == types.Interval || !constantChildren(e) {
		return e
	}
	l, err := expr.EvalConst(e)
	if err != nil {
		return e
	}
	return l
}

// constantChildren reports that e is an operation on literals alone: as parts are
// folded before the whole, nothing else can be computed.
func constantChildren(e expr.Expr) bool {
	if _, ok := e.(*expr.Column); ok || !pure(e) {
		return false
	}
	for _, c := range e.Children() {
		if _, ok := c.(*expr.Literal); !ok {
			return false
		}
	}
	return true
}

func pure(e expr.Expr) bool { return expr.Stability(e) == function.Pure }
