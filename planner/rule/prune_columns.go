package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// PruneColumns leaves out columns that nobody reads, down to the scan: what is
// not scanned is not even decoded.
//
//	Project a           Project a
//	└─ Scan t [a, b] => └─ Scan t [a]
//
// Groups of which no aggregate is read are DISTINCT. Not below DISTINCT, where every
// column decides what a row is; and an aggregate without groups keeps a call, and with
// it its one row.
var PruneColumns = Rule{Name: "PruneColumns", Rewrite: pruneColumns, Whole: true}

func pruneColumns(n logical.Node) (logical.Node, bool) {
	p := pruner{}
	out := p.whole(n)
	return out, p.changed
}

type pruner struct{ changed bool }

// prune returns the node with at least the needed columns, and where each of the
// old ones is now (-1 where it is gone).
func (p *pruner) prune(n logical.Node, need []bool) (logical.Node, []int) {
	switch x := n.(type) {
	case *logical.Scan:
		return p.scan(x, need)
	case *logical.Project:
		return p.project(x, need)
	case *logical.Filter:
		in := slices.Clone(need)
		mark(in, x.Pred)
		input, at := p.prune(x.Input, in)
		return &logical.Filter{Input: input, Pred: remap(x.Pred, at)}, at
	case *logical.TimeFilter:
		in := slices.Clone(need)
		mark(in, x.Arg)
		input, at := p.prune(x.Input, in)
		return &logical.TimeFilter{Input: input, Arg: remap(x.Arg, at), Op: x.Op, Clock: x.Clock}, at
	case *logical.Aggregate:
		return p.aggregate(x, need)
	case *logical.Union:
		return p.union(x, need)
	case *logical.Join:
		return p.join(x, need)
	case *logical.Asof:
		return p.asof(x, need)
	case *logical.Lookup:
		return p.lookup(x, need)
	case *logical.TopN:
		return p.topN(x, need)
	case *logical.Window:
		return p.window(x, need)
	case *logical.Expand:
		return p.expand(x, need)
	case *logical.Session:
		return p.session(x, need)
	}
	return p.below(n), identity(len(need))
}

// below prunes the inputs of a node for which all their columns count.
func (p *pruner) below(n logical.Node) logical.Node {
	ins := n.Inputs()
	fresh := make([]logical.Node, len(ins))
	for i, in := range ins {
		fresh[i] = p.whole(in)
	}
	return n.WithInputs(fresh)
}

// whole keeps all columns of a plan, and prunes what is below.
func (p *pruner) whole(n logical.Node) logical.Node {
	all := make([]bool, n.Schema().Len())
	for i := range all {
		all[i] = true
	}
	out, at := p.prune(n, slices.Clone(all))
	return keep(out, all, at, n)
}

func identity(n int) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = i
	}
	return at
}

func mark(need []bool, es ...expr.Expr) {
	for _, e := range es {
		set := map[int]bool{}
		expr.Columns(e, set)
		for c := range set {
			need[c] = true
		}
	}
}

// remap follows columns to their new places.
func remap(e expr.Expr, at []int) expr.Expr {
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok && at[c.Index] != c.Index {
			return &expr.Column{Index: at[c.Index], Field: c.Field}
		}
		return x
	})
}

func remapAll(es []expr.Expr, at []int) []expr.Expr {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = remap(e, at)
	}
	return out
}

func (p *pruner) scan(s *logical.Scan, need []bool) (logical.Node, []int) {
	at := make([]int, len(need))
	var columns []int
	for i, n := range need {
		at[i] = -1
		if n {
			at[i] = len(columns)
			columns = append(columns, s.Columns[i])
		}
	}
	if len(columns) == len(s.Columns) {
		return s, at
	}
	p.changed = true
	return &logical.Scan{Relation: s.Relation, Columns: columns}, at
}

func (p *pruner) project(x *logical.Project, need []bool) (logical.Node, []int) {
	at := make([]int, len(need))
	var es []expr.Expr
	var names []string
	in := make([]bool, x.Input.Schema().Len())
	for i, e := range x.Exprs {
		at[i] = -1
		if need[i] {
			at[i] = len(es)
			es, names = append(es, e), append(names, x.Names[i])
			mark(in, e)
		}
	}
	input, moved := p.prune(x.Input, in)
	p.changed = p.changed || len(es) < len(x.Exprs)
	return &logical.Project{Input: input, Exprs: remapAll(es, moved), Names: names}, at
}

func (p *pruner) aggregate(x *logical.Aggregate, need []bool) (logical.Node, []int) {
	at := identity(len(need))
	in := make([]bool, x.Input.Schema().Len())
	mark(in, x.Group...)
	var calls []logical.Call
	for i, c := range x.Calls {
		col := len(x.Group) + i
		if at[col] = -1; need[col] {
			at[col] = len(x.Group) + len(calls)
			calls = append(calls, c)
			mark(in, c.Exprs()...)
		}
	}
	if len(calls) == 0 && len(x.Calls) > 0 && len(x.Group) == 0 { // its one row is counted on
		at[len(x.Group)] = len(x.Group)
		calls = append(calls, x.Calls[0])
		mark(in, x.Calls[0].Exprs()...)
	}
	input, moved := p.prune(x.Input, in)
	out := *x
	out.Input, out.Group, out.Calls = input, remapAll(x.Group, moved), nil
	for _, c := range calls {
		out.Calls = append(out.Calls, c.WithExprs(remapAll(c.Exprs(), moved)))
	}
	p.changed = p.changed || len(calls) < len(x.Calls)
	return &out, at
}

// union keeps the same columns in every branch.
func (p *pruner) union(x *logical.Union, need []bool) (logical.Node, []int) {
	at := make([]int, len(need))
	var names []string
	for i, n := range need {
		at[i] = -1
		if n {
			at[i] = len(names)
			names = append(names, x.Names[i])
		}
	}
	ins := make([]logical.Node, len(x.Ins))
	for i, in := range x.Ins {
		pruned, moved := p.prune(in, slices.Clone(need))
		ins[i] = keep(pruned, need, moved, in)
	}
	return &logical.Union{Ins: ins, Names: names}, at
}

// keep projects a pruned branch onto exactly the needed columns, in order.
func keep(n logical.Node, need []bool, at []int, before logical.Node) logical.Node {
	schema := before.Schema()
	out := &logical.Project{Input: n}
	exact := true
	for i, wanted := range need {
		if wanted {
			exact = exact && at[i] == len(out.Exprs)
			out.Exprs = append(out.Exprs, &expr.Column{Index: at[i], Field: schema.Fields[i]})
			out.Names = append(out.Names, schema.Fields[i].Name)
		}
	}
	if exact && len(out.Exprs) == n.Schema().Len() {
		return n
	}
	return out
}
