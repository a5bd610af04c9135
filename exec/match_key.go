package exec

import (
	"github.com/sqlstream/sqlstream/sql/expr"
)

// A MatchKey is an equality of a column of the left input and one of the right, of one
// type.
type MatchKey struct {
	Left, Right int
	NullSafe    bool // NULL equals NULL
}

// matchTexts prints the equalities of a join by columns.
func matchTexts(pairs *Join, keys []MatchKey) []string {
	var out []string
	for _, k := range keys {
		op := expr.Eq
		if k.NullSafe {
			op = expr.NullSafeEq
		}
		out = append(out, matchText(pairs, op, k.Left, k.Right))
	}
	return out
}

// matchText prints the comparison of a column of the left with one of the right.
func matchText(pairs *Join, op expr.Op, left, right int) string {
	l, r := pairs.Left.Schema(), pairs.Right.Schema()
	c := &expr.Compare{Op: op, L: &expr.Column{Index: left, Field: l.Fields[left]}, R: &expr.Column{Index: l.Len() + right, Field: r.Fields[right]}}
	return pairs.sided(c, 0).String()
}
