package rule

import (
	"math"
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// OrderJoins joins first what equalities connect, where the order as written makes all
// pairs of two inputs.
//
//	Join ON a.x = c.x AND b.y = c.y    Project a…, b…, c…
//	├─ Join of all pairs            => └─ Join ON b.y = c.y
//	│  ├─ a                               ├─ Join ON a.x = c.x
//	│  └─ b                               │  ├─ a
//	└─ c                                  │  └─ c
//	                                      └─ b
//
// Where the sizes of all inputs are known, the two whose pairs are fewest are joined first,
// and then always that which leaves fewest: what an inner join keeps is the state of the
// one above it. That is done only where less than half as many rows are kept so; otherwise
// orders stay as they are written. So does one whose conditions can fail: what stands
// before such a condition may be what keeps it from failing.
var OrderJoins = Rule{Name: "OrderJoins", Rewrite: orderJoins, Whole: true}

func orderJoins(n logical.Node) (logical.Node, bool) {
	ins, changed := slices.Clone(n.Inputs()), false
	if chain := chainOf(n); chain != nil {
		for i, in := range chain.inputs {
			y, ok := orderJoins(in)
			chain.inputs[i], changed = y, changed || ok
		}
		if out, ok := chain.order(n); ok {
			return out, true
		}
		ins = slices.Clone(n.Inputs())
	}
	for i, in := range ins {
		y, ok := orderJoins(in)
		ins[i], changed = y, changed || ok
	}
	if !changed {
		return n, false
	}
	return n.WithInputs(ins), true
}

// A joinChain is inner joins of inner joins: their inputs from left to right, and their
// conditions over the columns of all.
type joinChain struct {
	inputs []logical.Node
	from   []int // where the columns of each input begin
	conds  []expr.Expr
	pairs  int // joins without an equality
	width  int
	kept   float64 // rows of the joins made so far, where sizes are known
}

// chainOf returns the chain that ends in a join, nil where it is none.
func chainOf(n logical.Node) *joinChain {
	if !isPlainInner(n) {
		return nil
	}
	c := &joinChain{}
	c.add(n)
	if c.pairs == 0 && len(c.inputs) < 3 || slices.ContainsFunc(c.conds, func(e expr.Expr) bool { return !pure(e) || expr.CanFail(e) }) {
		return nil
	}
	return c
}

func isPlainInner(n logical.Node) bool {
	j, ok := n.(*logical.Join)
	return ok && j.Kind == logical.Inner && len(j.Params) == 0
}

func (c *joinChain) add(n logical.Node) {
	if !isPlainInner(n) {
		c.inputs, c.from = append(c.inputs, n), append(c.from, c.width)
		c.width += n.Schema().Len()
		return
	}
	j := n.(*logical.Join)
	base := c.width
	c.add(j.Left)
	c.add(j.Right)
	if keys, _ := j.Equi(); len(keys) == 0 {
		c.pairs++
	}
	if j.On != nil {
		for _, e := range expr.Conjuncts(j.On) {
			c.conds = append(c.conds, logical.Shift(e, base))
		}
	}
}

// mostBySize bounds the inputs of which all pairs are looked at.
const mostBySize = 24

// A joined is some inputs of a chain, joined.
type joined struct {
	node    logical.Node
	columns []int // of the chain, in the order of the node's
	size    size
}

// order joins what is connected, one input after the other, and what then remains by all
// pairs; false where that makes no fewer of those and keeps no fewer rows than the order
// as written.
func (c *joinChain) order(written logical.Node) (logical.Node, bool) {
	rest := make([]joined, len(c.inputs))
	bySize := len(c.inputs) <= mostBySize
	for i, in := range c.inputs {
		rest[i].node, rest[i].size = in, sizeOf(in)
		bySize = bySize && rest[i].size.known()
		for k := range in.Schema().Len() {
			rest[i].columns = append(rest[i].columns, c.from[i]+k)
		}
	}
	if c.pairs == 0 && !bySize {
		return nil, false
	}
	var parts []joined
	for len(rest) > 0 {
		at := 0
		if bySize {
			at = c.first(rest)
		}
		part := rest[at]
		rest = slices.Delete(rest, at, at+1)
		for {
			at := c.next(part, rest, bySize)
			if at < 0 {
				break
			}
			part = c.join(part, rest[at])
			rest = slices.Delete(rest, at, at+1)
		}
		parts = append(parts, part)
	}
	out := parts[0]
	for _, p := range parts[1:] {
		out = c.join(out, p)
	}
	if len(parts)-1 >= c.pairs && !(bySize && 2*(c.kept-out.size.rows) < keptBelow(written)) {
		return nil, false
	}
	schema := out.node.Schema()
	p := &logical.Project{Input: out.node}
	for column := range c.width {
		at := slices.Index(out.columns, column)
		p.Exprs = append(p.Exprs, &expr.Column{Index: at, Field: schema.Fields[at]})
		p.Names = append(p.Names, schema.Fields[at].Name)
	}
	return p, true
}

// first is the earlier of the two connected inputs whose join has fewest rows; the first of
// all where none are connected.
func (c *joinChain) first(inputs []joined) int {
	best, rows := 0, math.Inf(1)
	for i := range inputs {
		for j := range inputs[:i] {
			if conds, ok := c.connected(inputs[j], inputs[i]); ok {
				if n := joinSize(inputs[j], inputs[i], conds).rows; n < rows {
					best, rows = j, n
				}
			}
		}
	}
	return best
}

// next is the connected input whose join with what there is has fewest rows, or the first one
// where sizes are not known; -1 where none is connected.
func (c *joinChain) next(part joined, rest []joined, bySize bool) int {
	best, rows := -1, math.Inf(1)
	for i, x := range rest {
		conds, ok := c.connected(part, x)
		switch {
		case !ok:
		case !bySize:
			return i
		default:
			if n := joinSize(part, x, conds).rows; n < rows {
				best, rows = i, n
			}
		}
	}
	return best
}

// keptBelow is how many rows the inner joins below one keep as they are written.
func keptBelow(n logical.Node) float64 {
	sum := 0.0
	for _, in := range n.Inputs() {
		if isPlainInner(in) {
			sum += sizeOf(in).rows + keptBelow(in)
		}
	}
	return sum
}

// over returns the conditions that read columns of both sides and no other, over their
// pairs, and where they are in the chain.
func (c *joinChain) over(l, r joined) (conds []expr.Expr, at []int) {
	place := make([]int, c.width)
	for i := range place {
		place[i] = -1
	}
	for i, column := range append(l.columns[:len(l.columns):len(l.columns)], r.columns...) {
		place[column] = i
	}
	for i, e := range c.conds {
		set := map[int]bool{}
		expr.Columns(e, set)
		missing := false
		for column := range set {
			missing = missing || place[column] < 0
		}
		if !missing {
			conds, at = append(conds, remap(e, place)), append(at, i)
		}
	}
	return conds, at
}

// connected returns the conditions on pairs of two parts, and whether there is an equality
// among them.
func (c *joinChain) connected(l, r joined) ([]expr.Expr, bool) {
	conds, _ := c.over(l, r)
	if len(conds) == 0 {
		return nil, false
	}
	keys, _ := logical.DivideEqui(expr.AndOf(conds...), len(l.columns))
	return conds, len(keys) > 0
}

// join takes the conditions that it can test out of the chain.
func (c *joinChain) join(l, r joined) joined {
	conds, at := c.over(l, r)
	for _, i := range slices.Backward(at) {
		c.conds = slices.Delete(c.conds, i, i+1)
	}
	j := &logical.Join{Left: l.node, Right: r.node}
	if len(conds) > 0 {
		j.On = expr.AndOf(conds...)
	}
	out := joined{j, slices.Concat(l.columns, r.columns), joinSize(l, r, conds)}
	c.kept += out.size.rows
	return out
}
