package exec

import (
	"slices"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
)

// RowByRow reports that what a plan puts out follows from each row that it reads by itself,
// the same at any time: neither from others nor from what they were read together with.
func RowByRow(p Plan) bool {
	changes := func(e expr.Expr) bool { return expr.Stability(e) != function.Pure }
	switch p := p.(type) {
	case *Scan, *UnionAll:
	case *Filter:
		if changes(p.Pred) {
			return false
		}
	case *Project:
		if slices.ContainsFunc(p.Exprs, changes) {
			return false
		}
	default:
		return false
	}
	return !slices.ContainsFunc(p.Inputs(), func(in Plan) bool { return !RowByRow(in) })
}
