package expr_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A change of a node's first child was lost: SELECT NULL UNION ALL SELECT 2 read a
// column that was no longer there.
func TestTransformOfFirstChild(t *testing.T) {
	column := &expr.Column{Index: 3, Field: types.Field{Name: "a", Type: types.Of(types.Int)}}
	cast := expr.NewCast(column, types.Of(types.Varchar))
	out := expr.Transform(cast, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok {
			return &expr.Column{Index: 0, Field: c.Field}
		}
		return e
	})
	read := map[int]bool{}
	expr.Columns(out, read)
	if !read[0] || read[3] {
		t.Errorf("the changed expression reads columns %v, not 0", read)
	}
}
