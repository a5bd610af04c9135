package bind

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// maxGroupingSets bounds what CUBE and products of several items come to: each set is an
// aggregate of its own.
const maxGroupingSets = 512

// groupBy binds the items of GROUP BY. Each stands for some alternative sets of groups,
// mostly one; the sets are one alternative of each, in all combinations.
func (b *selection) groupBy(by *ast.GroupByClause) error {
	sets := [][]int{{}}
	var all [][]int
	for _, item := range b.groupItems(by) {
		alternatives, err := b.alternatives(item.Expr)
		if err != nil {
			return err
		}
		all = append(all, alternatives[0])
		if sets, err = b.product(sets, alternatives); err != nil {
			return err
		}
	}
	if by.Rollup { // as MySQL has it: of all items
		sets = prefixes(all)
	}
	if len(sets) > 1 || len(sets[0]) < len(b.groups) {
		b.sets = sets
	}
	return nil
}

// groupItems are the items of GROUP BY; of GROUP BY ALL all result columns without aggregates
// and windows.
func (b *selection) groupItems(by *ast.GroupByClause) []*ast.ByItem {
	if call, ok := by.Items[0].Expr.(*ast.FuncCallExpr); !ok || call.FnName.L != sql.MarkerGroupAll {
		return by.Items
	}
	var out []*ast.ByItem
	for i, e := range b.exprs {
		if !b.hasAggregate(e) && !hasWindow(e) {
			out = append(out, &ast.ByItem{Expr: &ast.PositionExpr{N: i + 1}})
		}
	}
	return out
}

func (b *selection) product(sets, alternatives [][]int) ([][]int, error) {
	if n := len(sets) * len(alternatives); n > maxGroupingSets {
		return nil, b.clauseError("GROUP", "GROUP BY has %d sets of groups or more; at most %d are possible", n, maxGroupingSets)
	}
	var out [][]int
	for _, s := range sets {
		for _, a := range alternatives {
			out = append(out, together(s, a))
		}
	}
	return out, nil
}

// alternatives binds an item: the sets of groups that it stands for.
func (b *selection) alternatives(n ast.ExprNode) ([][]int, error) {
	f, ok := n.(*ast.FuncCallExpr)
	if !ok {
		set, err := b.groupSet(n)
		return [][]int{set}, err
	}
	switch f.FnName.L {
	case sql.MarkerEmpty:
		return [][]int{{}}, nil
	case sql.MarkerGroupingSets:
		var out [][]int
		for _, a := range f.Args {
			sets, err := b.alternatives(a)
			if err != nil {
				return nil, err
			}
			out = append(out, sets...)
		}
		return out, nil
	case sql.MarkerRollup, sql.MarkerCube:
		var parts [][]int
		for _, a := range f.Args {
			set, err := b.groupSet(a)
			if err != nil {
				return nil, err
			}
			parts = append(parts, set)
		}
		if f.FnName.L == sql.MarkerRollup {
			return prefixes(parts), nil
		}
		return b.subsets(parts)
	}
	set, err := b.groupSet(n)
	return [][]int{set}, err
}

// groupSet binds an expression to group by, or several in brackets.
func (b *selection) groupSet(n ast.ExprNode) ([]int, error) {
	nodes := []ast.ExprNode{n}
	if r, ok := n.(*ast.RowExpr); ok {
		nodes = r.Values
	}
	var set []int
	for _, n := range nodes {
		item, err := b.groupItem(n)
		if err != nil {
			return nil, err
		}
		for _, g := range b.in.parts(item) {
			at := b.groupOf(g)
			if at < 0 {
				at = len(b.groups)
				b.groups = append(b.groups, g)
			}
			set = together(set, []int{at})
		}
	}
	return set, nil
}

// groupOf returns which group an expression is, -1 for none.
func (b *selection) groupOf(e expr.Expr) int {
	return slices.IndexFunc(b.groups, func(g expr.Expr) bool { return expr.Equal(g, e) })
}

// together is two sets together, in ascending order.
func together(a, b []int) []int {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// prefixes are the sets of ROLLUP: all parts, all but the last, and so on to none.
func prefixes(parts [][]int) [][]int {
	out := make([][]int, 0, len(parts)+1)
	for n := len(parts); n >= 0; n-- {
		out = append(out, together(nil, slices.Concat(parts[:n]...)))
	}
	return out
}

// subsets are the sets of CUBE: all parts first, and none last.
func (b *selection) subsets(parts [][]int) ([][]int, error) {
	out := [][]int{{}}
	for _, p := range parts {
		var err error
		if out, err = b.product(out, [][]int{p, {}}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// isGrouping reports that a name is that of GROUPING.
func isGrouping(name string) bool { return name == "grouping" || name == "grouping_id" }

// A groupingRef stands for GROUPING(…) until the plan is put together.
type groupingRef struct{ args []expr.Expr }

// Type implements expr.Expr.
func (g *groupingRef) Type() types.Type { return types.Of(types.BigInt) }

// NotNull implements expr.Expr.
func (g *groupingRef) NotNull() bool { return true }

// Children implements expr.Expr.
func (g *groupingRef) Children() []expr.Expr { return g.args }

// WithChildren implements expr.Expr.
func (g *groupingRef) WithChildren(c []expr.Expr) expr.Expr { return &groupingRef{c} }

// String implements expr.Expr.
func (g *groupingRef) String() string {
	parts := make([]string, len(g.args))
	for i, a := range g.args {
		parts[i] = a.String()
	}
	return "grouping(" + strings.Join(parts, ", ") + ")"
}

// grouping binds GROUPING(x, …): a bit for each argument, the first the highest, which is
// 1 where the row is of a set without it. GROUPING_ID() is of all groups.
func (b *selection) grouping(x *ast.AggregateFuncExpr) (expr.Expr, error) {
	in := &binding{session: b.session, in: b.in, alias: b.argumentName}
	args, err := in.exprs(x.Args)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 && !strings.EqualFold(x.F, "grouping_id") {
		return nil, b.m.Errorf(x, "GROUPING takes the expressions of GROUP BY that it asks for")
	}
	if b.groupingAt == nil {
		b.groupingAt = x
	}
	return &groupingRef{args}, nil
}

// groupingValue is a groupingRef over the columns of the aggregate, the last of which says
// of which set a row is.
func (b *selection) groupingValue(g *groupingRef, fields []types.Field) (expr.Expr, error) {
	args := g.args
	if len(args) == 0 {
		args = b.groups
	}
	if len(args) > 62 {
		return nil, b.m.Errorf(b.groupingAt, "GROUPING takes at most 62 expressions")
	}
	var asked []int
	for _, a := range args {
		at := b.groupOf(a)
		if at < 0 {
			return nil, b.m.Errorf(b.groupingAt, "%s: GROUP BY has no %s", g, a)
		}
		asked = append(asked, at)
	}
	number := func(v int64) *expr.Literal { return &expr.Literal{T: types.Of(types.BigInt), Value: v} }
	id := &expr.Column{Index: len(fields) - 1, Field: fields[len(fields)-1]}
	out := &expr.Case{T: id.Type(), Else: number(0)}
	for _, set := range b.sets {
		if v := logical.SetID(set, asked); v != 0 {
			is := &expr.Compare{Op: expr.Eq, L: id, R: number(logical.SetID(set, positions(len(b.groups))))}
			out.Whens = append(out.Whens, expr.When{Cond: is, Then: number(v)})
		}
	}
	if len(out.Whens) == 0 {
		return out.Else, nil
	}
	return out, nil
}

func positions(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
