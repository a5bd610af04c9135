package logical

// Numbering returns the plan in which inner joins number the rows that they keep, where rows of
// both inputs are only added: one more is then kept without a look at those that are there. What
// a row of theirs is to others stays the same.
//
// It is said in the plan, which is kept, since it is another state: a query that an earlier
// version has begun goes on without.
func Numbering(n Node) Node {
	return transformUpTo(n, fixedPoint, func(n Node) Node {
		x, ok := n.(*Join)
		if !ok || x.Kind != Inner || x.Forget > 0 || !adds(x.Left) || !adds(x.Right) {
			return n
		}
		out := *x
		out.Numbered = true
		return &out
	})
}
