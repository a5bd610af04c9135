package planner

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// Key returns the one key of a table, as the columns of its primary key, that rows must
// have to be in the result: where the query reads nothing but this table, under a
// condition that compares each of the columns with a constant. Otherwise nil.
func (q *Query) Key(schema *types.Schema, key []int) *zset.Batch {
	var scan *logical.Scan
	var filter *logical.Filter
	scans := 0
	logical.Walk(q.Optimised, func(n logical.Node) {
		switch x := n.(type) {
		case *logical.Scan:
			scans++
		case *logical.Filter:
			if s, ok := x.Input.(*logical.Scan); ok {
				scan, filter = s, x
			}
		}
	})
	if scans != 1 || filter == nil || len(key) == 0 {
		return nil
	}
	constants := map[int]*expr.Literal{}
	for _, c := range expr.Conjuncts(filter.Pred) {
		if col, l := constantColumn(c); col != nil {
			constants[scan.Columns[col.Index]] = l
		}
	}
	out := zset.NewBuilder(schema.Project(key))
	for i, c := range key {
		l := constants[c]
		if l == nil {
			return nil
		}
		expr.AppendLiteral(out.Cols[i], l)
	}
	out.EndRow()
	return out.Build()
}

// constantColumn takes column = constant apart, of one type and not NULL.
func constantColumn(e expr.Expr) (*expr.Column, *expr.Literal) {
	c, ok := e.(*expr.Compare)
	if !ok || c.Op != expr.Eq {
		return nil, nil
	}
	l, r := c.L, c.R
	if _, ok := l.(*expr.Literal); ok {
		l, r = r, l
	}
	col, isColumn := l.(*expr.Column)
	lit, isLiteral := r.(*expr.Literal)
	if !isColumn || !isLiteral || lit.Value == nil || !col.Type().Equal(lit.T) {
		return nil, nil
	}
	return col, lit
}
