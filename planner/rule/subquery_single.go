package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// singleRow makes a query of one column have one row at most. A query that has no more by
// its keys stays as it is.
func singleRow(n logical.Node) logical.Node {
	if oneRow(n) || pinned(n) {
		return n
	}
	f := n.Schema().Fields[0]
	bound, err := function.SingleValue.Bind([]types.Type{boolean, f.Type})
	if err != nil {
		return n
	}
	arg := &expr.Column{Index: 0, Field: f}
	return &logical.Aggregate{Input: n, Calls: []logical.Call{{Func: &function.SingleValue, Bind: bound, Args: []expr.Expr{truth(true), arg}}}}
}

// oneRow reports that a query has one row at most, for any parameters.
func oneRow(n logical.Node) bool {
	return slices.ContainsFunc(n.Properties().Keys, func(k []int) bool { return len(k) == 0 })
}

// alwaysOneRow reports that a query has exactly one row.
func alwaysOneRow(n logical.Node) bool {
	switch x := n.(type) {
	case *logical.Project:
		return alwaysOneRow(x.Input)
	case *logical.Aggregate:
		return len(x.Group) == 0
	}
	return false
}

// pinned reports that conditions of a query hold all columns of a key to one value: the
// key's row is looked up.
func pinned(n logical.Node) bool {
	for {
		p, ok := n.(*logical.Project)
		if !ok {
			break
		}
		n = p.Input
	}
	held := map[int]bool{}
	for {
		f, ok := n.(*logical.Filter)
		if !ok {
			break
		}
		for _, c := range expr.Conjuncts(f.Pred) {
			if at, ok := heldColumn(c); ok {
				held[at] = true
			}
		}
		n = f.Input
	}
	return slices.ContainsFunc(n.Properties().Keys, func(key []int) bool {
		return !slices.ContainsFunc(key, func(c int) bool { return !held[c] })
	})
}

// heldColumn returns the column that a condition holds to what no column has a part in.
func heldColumn(c expr.Expr) (int, bool) {
	x, ok := c.(*expr.Compare)
	if !ok || x.Op != expr.Eq && x.Op != expr.NullSafeEq {
		return 0, false
	}
	l, r := x.L, x.R
	if _, ok := l.(*expr.Column); !ok {
		l, r = r, l
	}
	col, ok := l.(*expr.Column)
	set := map[int]bool{}
	expr.Columns(r, set)
	if !ok || len(set) > 0 || !pure(r) || !exact(col.Field.Type) || logical.HasSubquery(r) {
		return 0, false
	}
	return col.Index, true
}
