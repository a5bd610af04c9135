package rule

import (
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
// Other orders stay as they are written. So does one whose conditions can fail: what
// stands before such a condition may be what keeps it from failing.
var OrderJoins = Rule{Name: "OrderJoins", Rewrite: orderJoins, Whole: true}

func orderJoins(n logical.Node) (logical.Node, bool) {
	ins, changed := slices.Clone(n.Inputs()), false
	if chain := chainOf(n); chain != nil {
		for i, in := range chain.inputs {
			y, ok := orderJoins(in)
			chain.inputs[i], changed = y, changed || ok
		}
		if out, ok := chain.order(); ok {
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
}

// chainOf returns the chain that ends in a join, nil where it is none.
func chainOf(n logical.Node) *joinChain {
	if !isPlainInner(n) {
		return nil
	}
	c := &joinChain{}
	c.add(n)
	if c.pairs == 0 || slices.ContainsFunc(c.conds, func(e expr.Expr) bool { return !pure(e) || expr.CanFail(e) }) {
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

// A joined is some inputs of a chain, joined.
type joined struct {
	node    logical.Node
	columns []int // of the chain, in the order of the node's
}

// order joins what is connected, one input after the other as they are written, and
// what then remains by all pairs; false where that makes no fewer of those.
func (c *joinChain) order() (logical.Node, bool) {
	rest := make([]joined, len(c.inputs))
	for i, in := range c.inputs {
		rest[i].node = in
		for k := range in.Schema().Len() {
			rest[i].columns = append(rest[i].columns, c.from[i]+k)
		}
	}
	var parts []joined
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		for {
			at := slices.IndexFunc(rest, func(x joined) bool { return c.connected(part, x) })
			if at < 0 {
				break
			}
			part = c.join(part, rest[at])
			rest = slices.Delete(rest, at, at+1)
		}
		parts = append(parts, part)
	}
	if len(parts)-1 >= c.pairs {
		return nil, false
	}
	out := parts[0]
	for _, p := range parts[1:] {
		out = c.join(out, p)
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

func (c *joinChain) connected(l, r joined) bool {
	conds, _ := c.over(l, r)
	if len(conds) == 0 {
		return false
	}
	keys, _ := logical.DivideEqui(expr.AndOf(conds...), len(l.columns))
	return len(keys) > 0
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
	return joined{j, slices.Concat(l.columns, r.columns)}
}
