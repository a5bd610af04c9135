package naive

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// Relations lists what a plan reads, in subqueries, too, each relation once.
func Relations(n logical.Node) []*logical.Relation {
	var out []*logical.Relation
	seen := map[string]bool{}
	Visit(n, func(n logical.Node) {
		if s, ok := n.(*logical.Scan); ok && !seen[s.Relation.Name] {
			seen[s.Relation.Name] = true
			out = append(out, s.Relation)
		}
	})
	return out
}

// Visit calls f for each node of a plan, those of subqueries, too.
func Visit(n logical.Node, f func(logical.Node)) { visit(n, f, func(*logical.Subquery) {}) }

// visit calls f for each node of a plan, those of subqueries, too, and after for each
// subquery whose nodes have been visited.
func visit(n logical.Node, f func(logical.Node), after func(*logical.Subquery)) {
	logical.Walk(n, func(n logical.Node) {
		f(n)
		for _, e := range logical.Exprs(n) {
			expr.Walk(e, func(x expr.Expr) bool {
				if q, ok := x.(*logical.Subquery); ok {
					visit(q.Plan, f, after)
					after(q)
				}
				return true
			})
		}
	})
}

// fix computes the subqueries of a plan that depend on no row around them, inner ones
// first. Those that read what a recursion found are left to its steps.
func (e *evaluation) fix(n logical.Node) (err error) {
	visit(n, func(logical.Node) {}, func(q *logical.Subquery) {
		if err != nil || len(q.Params) > 0 || readsSelf(q.Plan) {
			return
		}
		var rows []Row
		if rows, err = e.rows(q.Plan, nil); err == nil && q.Kind == logical.Scalar && len(rows) > 1 {
			err = severalRows(len(rows))
		}
		e.fixed[q] = rows
	})
	return err
}

func readsSelf(n logical.Node) bool {
	self := false
	visit(n, func(n logical.Node) {
		_, ok := n.(*logical.Self)
		self = self || ok
	}, func(*logical.Subquery) {})
	return self
}

// Batch makes a batch of the first columns of rows, as many as the schema has.
func Batch(s *types.Schema, rows []Row) *zset.Batch {
	b := zset.NewBuilder(s)
	for _, r := range rows {
		for i, f := range s.Fields {
			expr.AppendLiteral(b.Cols[i], &expr.Literal{T: f.Type, Value: r[i]})
		}
		b.EndRow()
	}
	return b.Build()
}
