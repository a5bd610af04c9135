package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// TopNFilter keeps only the rows of each partition that a condition on their rank lets
// through: those behind them need no number.
//
//	Filter r <= 3                                     Top 3 BY b PER a AS r
//	└─ Window row_number() OVER (PARTITION BY a …) =>  └─ t
//	   └─ t
//
// The rank is the only call of its window, and compared with a constant by <, <= or =. A
// condition from below, r > 3, keeps as many rows as there are.
var TopNFilter = Rule{Name: "TopNFilter", Rewrite: topNFilter}

var ranks = map[string]logical.Rank{"row_number": logical.RowNumber, "rank": logical.RankTies, "dense_rank": logical.DenseRank}

func topNFilter(n logical.Node) (logical.Node, bool) {
	f, ok := n.(*logical.Filter)
	if !ok {
		return n, false
	}
	w, ok := f.Input.(*logical.Window)
	if !ok || len(w.Calls) != 1 {
		return n, false
	}
	by, ok := ranks[w.Calls[0].Name]
	if !ok {
		return n, false
	}
	conds := expr.Conjuncts(f.Pred)
	for i, c := range conds {
		from, to, ok := rankRange(c, w.Input.Schema().Len())
		if !ok {
			continue
		}
		out := logical.Node(&logical.TopN{
			Input: w.Input, Partition: w.Partition, Keys: w.Keys, Limit: to - from, Offset: from, By: by, Number: w.Calls[0].As,
		})
		if rest := append(conds[:i:i], conds[i+1:]...); len(rest) > 0 {
			out = &logical.Filter{Input: out, Pred: expr.AndOf(rest...)}
		}
		return out, true
	}
	return n, false
}

// rankRange returns the numbers that a condition lets through: those greater than from and
// at most to.
func rankRange(c expr.Expr, rank int) (from, to int64, ok bool) {
	x, isCompare := c.(*expr.Compare)
	if !isCompare {
		return 0, 0, false
	}
	op, l, r := x.Op, x.L, x.R
	if _, first := l.(*expr.Literal); first {
		l, r = r, l
		op = map[expr.Op]expr.Op{expr.Gt: expr.Lt, expr.Ge: expr.Le, expr.Eq: expr.Eq}[op]
	}
	col, isColumn := l.(*expr.Column)
	lit, isLiteral := r.(*expr.Literal)
	if !isColumn || !isLiteral || col.Index != rank {
		return 0, 0, false
	}
	k, isInt := lit.Value.(int64)
	if !isInt || k < 1 {
		return 0, 0, false
	}
	switch op {
	case expr.Eq:
		return k - 1, k, true
	case expr.Le:
		return 0, k, true
	case expr.Lt:
		return 0, k - 1, true
	}
	return 0, 0, false
}
