// Package lower turns logical plans into physical ones.
package lower

import (
	"fmt"
	"strconv"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/zset"
)

// A Leaf says what feeds a scan of the physical plan: a relation, or rows.
type Leaf struct {
	Scan     *exec.Scan
	Relation *logical.Relation
	Rows     *zset.Batch
}

// A State is what an operator remembers, by the name that its state tables have or begin with.
type State struct {
	Name string
	Node logical.Node // what the operator computes
	Plan exec.Plan
}

// A Lowered is a physical plan.
type Lowered struct {
	Plan   exec.Plan
	Leaves []Leaf
	States []State // what is read before what reads it
}

// Plan lowers a logical plan for a number of workers. Equal subtrees become one node,
// which runs once for all that read it.
func Plan(n logical.Node, workers int) Lowered {
	l := &lowering{workers: workers, known: map[string]lowered{}, named: map[string]int{}}
	p := l.node(n).plan
	return Lowered{p, l.leaves, l.states}
}

type lowering struct {
	workers int
	known   map[string]lowered // by identity, that of the inputs included
	named   map[string]int     // how often a fingerprint was used
	leaves  []Leaf
	states  []State
	at      logical.Node // what is lowered just now
	step    *step        // what is lowered is of the step of a recursion; else nil
}

// lowered is a node that has been lowered.
type lowered struct {
	plan  exec.Plan
	print *print
}

// A print is the fingerprint of a logical subtree, which is only computed for a name: that of
// rows that are written in a query takes a while.
type print struct {
	node logical.Node
	ins  []*print
	text string
}

// String returns the fingerprint.
func (p *print) String() string {
	if p.text == "" {
		ins := make([]string, len(p.ins))
		for i, in := range p.ins {
			ins[i] = in.String()
		}
		p.text = logical.Fingerprint(p.node, ins)
	}
	return p.text
}

func (l *lowering) node(n logical.Node) lowered {
	if s, ok := n.(*logical.Sort); ok { // how a result is shown is not the circuit's affair
		return l.node(s.Input)
	}
	if l.step != nil && !l.step.within(n) {
		return l.step.read(n)
	}
	if r, ok := n.(*logical.Recursive); ok {
		return l.recursive(r)
	}
	if e, ok := n.(*logical.EmitFinal); ok {
		if a, ok := e.Input.(*logical.Aggregate); ok {
			return l.final(e, a)
		}
	}
	key, same := logical.Identity(n)
	var ins []exec.Plan
	var prints []*print
	for _, in := range n.Inputs() {
		x := l.node(in)
		ins, prints = append(ins, x.plan), append(prints, x.print)
		key += fmt.Sprintf(" %p", x.plan)
	}
	if known, ok := l.known[key]; ok && same {
		return known
	}
	out := lowered{print: &print{node: n, ins: prints}}
	l.at = n
	out.plan = l.fresh(n, ins, out.print)
	if same {
		l.known[key] = out
	}
	return out
}

func (l *lowering) fresh(n logical.Node, ins []exec.Plan, print *print) exec.Plan {
	switch x := n.(type) {
	case *logical.Self:
		return l.step.scan
	case *logical.Scan:
		return l.scan(x, print)
	case *logical.Values:
		return l.values(x)
	case *logical.History:
		in := l.leaf(&logical.Scan{Relation: x.Relation, Columns: x.Relation.Stored})
		return &exec.History{Input: in, Time: x.Time, Dated: x.Dated, Out: x.Schema()}
	case *logical.Filter:
		return &exec.Filter{Input: ins[0], Pred: x.Pred, AppendOnly: appends(x.Input)}
	case *logical.TimeFilter:
		return l.timeFilter(x, ins[0], print)
	case *logical.Project:
		return &exec.Project{Input: ins[0], Exprs: x.Exprs, AppendOnly: appends(x.Input), Out: x.Schema()}
	case *logical.Union:
		return &exec.UnionAll{Ins: ins, Out: x.Schema()}
	case *logical.Aggregate:
		return l.aggregate(x, ins[0], closing(x), print)
	case *logical.Join:
		return l.join(x, ins[0], ins[1], print)
	case *logical.Asof:
		return l.asof(x, ins[0], ins[1], print)
	case *logical.Lookup:
		return l.lookup(x, ins[0], ins[1], print)
	case *logical.TopN:
		return l.topN(x, ins[0], print)
	case *logical.Window:
		return l.window(x, ins[0], print)
	case *logical.Session:
		return l.session(x, ins[0], print)
	case *logical.SetOp:
		return l.setOp(x, ins[0], ins[1], print)
	case *logical.Expand:
		return &exec.Expand{Input: ins[0], Func: x.Func, Args: x.Args, Outer: x.Outer, AppendOnly: appends(x.Input), Out: x.Schema()}
	case *logical.First:
		return first(x, ins[0])
	case *logical.EmitFinal:
		return l.emitFinal(x, ins[0], print)
	case *logical.Unique:
		return l.unique(x, ins[0], print)
	}
	invariants.Failf("no physical plan for %T", n)
	return nil
}

// appends reports that rows of n are only ever added.
func appends(n logical.Node) bool { return n.Properties().AppendOnly }

func (l *lowering) values(x *logical.Values) exec.Plan {
	columns := make([]int, x.Schema().Len())
	for i := range columns {
		columns[i] = i
	}
	s := &exec.Scan{Table: x.String(), Columns: columns, Out: x.Schema()}
	l.leaves = append(l.leaves, Leaf{Scan: s, Rows: x.Rows})
	return s
}

// name gives a node's state a name that a restart finds again: what the node computes,
// and for those that compute the same which of them it is.
func (l *lowering) name(print *print, p exec.Plan) exec.Plan {
	name := print.String()
	l.named[name]++
	if i := l.named[name]; i > 1 {
		name += "." + strconv.Itoa(i)
	}
	l.states = append(l.states, State{name, l.at, p})
	return &exec.Named{Plan: p, Name: name}
}

// timeFilter keeps rows until they are taken back, so that equal ones go to one worker.
func (l *lowering) timeFilter(x *logical.TimeFilter, in exec.Plan, print *print) exec.Plan {
	appends := appends(x.Input)
	if l.workers > 1 && !appends {
		in = byAll(in)
	}
	return l.name(print, &exec.TimeFilter{Input: in, Arg: x.Arg, Op: x.Op, Clock: x.Clock, AppendOnly: appends})
}

// unique counts the rows of one key in one worker.
func (l *lowering) unique(x *logical.Unique, in exec.Plan, print *print) exec.Plan {
	if l.workers > 1 {
		in = &exec.Exchange{Input: in, Keys: x.Keys}
	}
	return l.name(print, &exec.Unique{Input: in, Keys: x.Keys, Into: x.Into})
}

func first(x *logical.First, in exec.Plan) exec.Plan {
	p := &exec.First{Input: in, Rows: int(x.Rows)}
	for _, k := range x.Keys {
		p.Keys = append(p.Keys, exec.SortKey{Column: k.Column, Desc: k.Desc})
	}
	return p
}
