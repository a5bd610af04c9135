package planner

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// maxKeys is how many keys are looked up one by one, and not found by reading the table.
const maxKeys = 1000

// Keys returns the keys of a table, as the columns of its primary key, of which rows must
// have one to be in the result: where the query reads nothing but this table, under a
// condition that compares each of the columns with a constant or a list of them. Otherwise
// nil.
func (q *Query) Keys(schema *types.Schema, key []int) *zset.Batch {
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
	constants := map[int][]*expr.Literal{}
	for _, c := range expr.Conjuncts(filter.Pred) {
		if col, list := constantColumn(c); col != nil {
			constants[scan.Columns[col.Index]] = list
		}
	}
	n := 1
	for _, c := range key {
		if n *= len(constants[c]); n == 0 || n > maxKeys {
			return nil
		}
	}
	out := zset.NewBuilder(schema.Project(key))
	for at := range n {
		for i, c := range key {
			list := constants[c]
			expr.AppendLiteral(out.Cols[i], list[at%len(list)])
			at /= len(list)
		}
		out.EndRow()
	}
	return zset.Consolidate(out.Build()) // a list may have a value twice
}

// constantColumn takes column = constant apart, or column IN (constant, …), all of one type
// and not NULL.
func constantColumn(e expr.Expr) (*expr.Column, []*expr.Literal) {
	var col expr.Expr
	var values []expr.Expr
	switch x := e.(type) {
	case *expr.Compare:
		if x.Op != expr.Eq {
			return nil, nil
		}
		col, values = x.L, []expr.Expr{x.R}
		if _, ok := col.(*expr.Literal); ok {
			col, values = x.R, []expr.Expr{x.L}
		}
	case *expr.In:
		if x.Negated {
			return nil, nil
		}
		col, values = x.Arg, x.List
	}
	c, ok := col.(*expr.Column)
	if !ok {
		return nil, nil
	}
	var list []*expr.Literal
	for _, v := range values {
		l, ok := v.(*expr.Literal)
		if !ok || l.Value == nil || !c.Type().Equal(l.T) {
			return nil, nil
		}
		list = append(list, l)
	}
	return c, list
}
