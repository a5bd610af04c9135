package lower

import (
	"fmt"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/planner/logical"
)

// recursive lowers the step of a recursion to a circuit of its own. What the step reads
// that has nothing to do with the recursion stands outside of it. The recursion is one
// worker's.
func (l *lowering) recursive(r *logical.Recursive) lowered {
	key := fmt.Sprintf("%T %p", r, r.Self)
	if known, ok := l.known[key]; ok {
		return known
	}
	self, body := r.Self, r.Step
	if !r.Properties().AppendOnly {
		self = &logical.Self{Name: r.Self.Name, Out: r.Self.Out, Retracts: true}
		body = logical.Transform(body, func(n logical.Node) logical.Node {
			if n == logical.Node(r.Self) {
				return self
			}
			return n
		})
	}
	base := l.node(r.Base)
	st := &step{outer: l, self: self, known: map[exec.Plan]lowered{}, scan: &exec.Scan{Table: r.Name, Out: self.Out}}
	inner := &lowering{workers: 1, known: map[string]lowered{}, named: map[string]int{}, step: st}
	made := inner.node(body)
	p := &exec.Recursive{Step: made.plan, Self: st.scan, Reads: st.scans, All: r.All, Name: r.Name, Out: r.Schema()}
	for _, in := range append([]exec.Plan{base.plan}, st.reads...) {
		if l.workers > 1 {
			in = &exec.Exchange{Input: in}
		}
		p.Ins = append(p.Ins, in)
	}
	out := lowered{print: &print{node: r, ins: []*print{base.print, made.print}}}
	l.at = r
	out.plan = l.name(out.print, p)
	l.known[key] = out
	return out
}

// A step is what a recursion's step reads.
type step struct {
	outer *lowering
	self  *logical.Self
	scan  *exec.Scan // of self

	reads []exec.Plan // outside
	scans []*exec.Scan
	known map[exec.Plan]lowered
}

// within reports that a plan reads the recursion.
func (s *step) within(n logical.Node) bool {
	found := false
	logical.Walk(n, func(n logical.Node) { found = found || n == logical.Node(s.self) })
	return found
}

// read is a scan of what is lowered outside.
func (s *step) read(n logical.Node) lowered {
	x := s.outer.node(n)
	if known, ok := s.known[x.plan]; ok {
		return known
	}
	scan := &exec.Scan{Table: fmt.Sprintf("input %d", len(s.reads)+2), Out: x.plan.Schema()}
	for i := range scan.Out.Fields {
		scan.Columns = append(scan.Columns, i)
	}
	s.reads, s.scans = append(s.reads, x.plan), append(s.scans, scan)
	out := lowered{plan: scan, print: x.print}
	s.known[x.plan] = out
	return out
}
