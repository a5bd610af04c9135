package bind

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// A windowPlan collects calls and makes the nodes that compute them.
type windowPlan struct {
	input logical.Node
	width int
	refs  []*windowRef
	nodes []*windowNode
	extra []expr.Expr // computed beside the input's columns, to partition or order by
}

// A windowNode is the calls of one partition and order.
type windowNode struct {
	partition []int
	keys      []logical.SortKey
	refs      []*windowRef
	from      int // where its calls' columns begin
}

func (p *windowPlan) add(w *windowRef) {
	if slices.ContainsFunc(p.refs, func(r *windowRef) bool { return expr.Equal(r, w) }) {
		return
	}
	p.refs = append(p.refs, w)
	n := windowNode{}
	for _, e := range w.partition {
		if c := p.column(e); !slices.Contains(n.partition, c) {
			n.partition = append(n.partition, c)
		}
	}
	for i, e := range w.order {
		n.keys = append(n.keys, logical.SortKey{Column: p.column(e), Desc: w.desc[i]})
	}
	for _, known := range p.nodes {
		if slices.Equal(known.partition, n.partition) && slices.Equal(known.keys, n.keys) {
			known.refs = append(known.refs, w)
			return
		}
	}
	n.refs = []*windowRef{w}
	p.nodes = append(p.nodes, &n)
}

// column is the place of an expression as a column of the windows' input.
func (p *windowPlan) column(e expr.Expr) int {
	if c, ok := e.(*expr.Column); ok {
		return c.Index
	}
	at := slices.IndexFunc(p.extra, func(x expr.Expr) bool { return expr.Equal(x, e) })
	if at < 0 {
		at = len(p.extra)
		p.extra = append(p.extra, e)
	}
	return p.width + at
}

func (p *windowPlan) plan() logical.Node {
	out := p.input
	if len(p.extra) > 0 {
		proj := &logical.Project{Input: out}
		for i, f := range out.Schema().Fields {
			proj.Exprs = append(proj.Exprs, &expr.Column{Index: i, Field: f})
			proj.Names = append(proj.Names, f.Name)
		}
		for _, e := range p.extra {
			proj.Exprs, proj.Names = append(proj.Exprs, e), append(proj.Names, e.String())
		}
		out = proj
	}
	for _, n := range p.nodes {
		n.from = out.Schema().Len()
		w := &logical.Window{Input: out, Partition: n.partition, Keys: n.keys}
		for _, r := range n.refs {
			c := r.call
			c.As = c.Name
			w.Calls = append(w.Calls, c)
		}
		out = w
	}
	return out
}

// read puts columns in place of the calls of an expression.
func (p *windowPlan) read(e expr.Expr, n logical.Node) expr.Expr {
	if w, ok := e.(*windowRef); ok {
		for _, node := range p.nodes {
			for i, r := range node.refs {
				if expr.Equal(r, w) {
					return &expr.Column{Index: node.from + i, Field: n.Schema().Fields[node.from+i]}
				}
			}
		}
	}
	children := e.Children()
	if len(children) == 0 {
		return e
	}
	out := make([]expr.Expr, len(children))
	for i, c := range children {
		out[i] = p.read(c, n)
	}
	return e.WithChildren(out)
}
