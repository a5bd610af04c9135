// Package lower turns logical plans into physical ones.
package lower

import (
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A Leaf says what feeds a scan of the physical plan: a relation, or rows.
type Leaf struct {
	Scan     *exec.Scan
	Relation *logical.Relation
	Rows     *zset.Batch
}

// Plan lowers a logical plan for a number of workers. Equal scans become one.
func Plan(n logical.Node, workers int) (exec.Plan, []Leaf) {
	l := &lowering{workers: workers, scans: map[string]*exec.Scan{}}
	return l.node(n), l.leaves
}

type lowering struct {
	workers int
	scans   map[string]*exec.Scan
	leaves  []Leaf
}

func (l *lowering) node(n logical.Node) exec.Plan {
	switch x := n.(type) {
	case *logical.Scan:
		return l.scan(x)
	case *logical.Values:
		columns := make([]int, x.Schema().Len())
		for i := range columns {
			columns[i] = i
		}
		s := &exec.Scan{Table: x.String(), Columns: columns, Out: x.Schema()}
		l.leaves = append(l.leaves, Leaf{Scan: s, Rows: x.Rows})
		return s
	case *logical.Filter:
		return &exec.Filter{Input: l.node(x.Input), Pred: x.Pred}
	case *logical.Project:
		return &exec.Project{Input: l.node(x.Input), Exprs: x.Exprs, Out: x.Schema()}
	case *logical.Union:
		u := &exec.UnionAll{Out: x.Schema()}
		for _, in := range x.Ins {
			u.Ins = append(u.Ins, l.node(in))
		}
		return u
	case *logical.Aggregate:
		return l.aggregate(x)
	case *logical.First:
		return l.first(x)
	case *logical.Sort: // how a result is shown is not the circuit's affair
		return l.node(x.Input)
	}
	invariants.Failf("no physical plan for %T", n)
	return nil
}

func (l *lowering) scan(s *logical.Scan) exec.Plan {
	key := fmt.Sprint(strings.ToLower(s.Relation.Name), s.Columns)
	if p, ok := l.scans[key]; ok {
		return p
	}
	p := &exec.Scan{Table: s.Relation.Name, Columns: s.Columns, Out: s.Schema()}
	l.scans[key] = p
	l.leaves = append(l.leaves, Leaf{Scan: p, Relation: s.Relation})
	return p
}

func (l *lowering) first(x *logical.First) exec.Plan {
	p := &exec.First{Input: l.node(x.Input), Rows: int(x.Rows)}
	for _, k := range x.Keys {
		p.Keys = append(p.Keys, exec.SortKey{Column: k.Column, Desc: k.Desc})
	}
	return p
}

// aggregate computes keys and arguments where the rows are, and routes the rows to
// the worker that owns their group where there are several.
func (l *lowering) aggregate(a *logical.Aggregate) exec.Plan {
	in := l.node(a.Input)
	out := &exec.Aggregate{Input: in, Group: a.Group, Out: a.Schema(), AppendOnly: a.Input.Properties().AppendOnly}
	for _, c := range a.Calls {
		out.Calls = append(out.Calls, exec.AggregateCall{Func: c.Bind, Name: c.Func.Name, Args: c.Args})
	}
	if l.workers <= 1 {
		return out
	}
	p := &exec.Project{Input: in, Out: &types.Schema{}}
	column := func(e expr.Expr) expr.Expr {
		f := types.Field{Name: e.String(), Type: e.Type(), NotNull: e.NotNull()}
		p.Exprs = append(p.Exprs, e)
		p.Out.Fields = append(p.Out.Fields, f)
		return &expr.Column{Index: len(p.Exprs) - 1, Field: f}
	}
	x := &exec.Exchange{Input: p}
	group := make([]expr.Expr, len(a.Group))
	for i, g := range a.Group {
		group[i] = column(g)
		x.Keys = append(x.Keys, i)
	}
	out.Group = group
	for i, c := range out.Calls {
		args := make([]expr.Expr, len(c.Args))
		for j, e := range c.Args {
			if _, constant := e.(*expr.Literal); constant {
				args[j] = e
				continue
			}
			args[j] = column(e)
		}
		out.Calls[i].Args = args
	}
	if split := partial(out, p, x); split != nil {
		return split
	}
	out.Input = x
	return out
}
