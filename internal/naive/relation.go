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
	var visit func(n logical.Node)
	visit = func(n logical.Node) {
		if s, ok := n.(*logical.Scan); ok && !seen[s.Relation.Name] {
			seen[s.Relation.Name] = true
			out = append(out, s.Relation)
		}
		for _, e := range logical.Exprs(n) {
			expr.Walk(e, func(x expr.Expr) bool {
				if q, ok := x.(*logical.Subquery); ok {
					logical.Walk(q.Plan, visit)
				}
				return true
			})
		}
	}
	logical.Walk(n, visit)
	return out
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
