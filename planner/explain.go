package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/tree"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
)

// A Level says how much Explain prints.
type Level uint8

// The levels.
const (
	Everything Level = iota
	Logical
	Physical
)

// Explain prints the plans of a query, what each node's changes look like, and
// which output modes it may have.
func (q *Query) Explain(level Level) string {
	var b strings.Builder
	if level != Physical {
		b.WriteString("Logical plan\n" + indent(logical.Format(q.Bound)))
		b.WriteString("\nOptimised plan")
		if len(q.Fired) > 0 {
			b.WriteString(" (" + strings.Join(q.Fired, ", ") + ")")
		}
		b.WriteString("\n" + indent(Describe(q.Optimised)))
	}
	if level != Logical {
		if level == Everything {
			b.WriteString("\n")
		}
		b.WriteString("Physical plan\n" + indent(formatPhysical(q.Physical)))
	}
	if level == Everything {
		q.explainBounds(&b)
		b.WriteString("\nOutput modes\n")
		for _, m := range []connectors.Mode{connectors.Append, connectors.Update, connectors.Complete} {
			if err := q.Mode(m); err != nil {
				fmt.Fprintf(&b, "  %-9s no: %v\n", m, err)
			} else {
				fmt.Fprintf(&b, "  %-9s yes\n", m)
			}
		}
	}
	return b.String()
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}

// A place is where a physical node stands in a plan that runs it once and reads it
// in several places.
type place struct {
	plan   exec.Plan
	number int // of a node that is read in several places, from 1
	again  bool
}

// formatPhysical prints a plan; a node that is read in several places is numbered and
// printed in full at the first.
func formatPhysical(root exec.Plan) string {
	readers, number := map[exec.Plan]int{}, map[exec.Plan]int{}
	var count func(exec.Plan)
	count = func(p exec.Plan) {
		if readers[p]++; readers[p] == 1 {
			for _, in := range p.Inputs() {
				count(in)
			}
		}
	}
	count(root)
	at := func(p exec.Plan) place {
		n, again := number[p]
		if !again && readers[p] > 1 {
			n = len(number) + 1
			number[p] = n
		}
		return place{p, n, again}
	}
	return tree.Format(at(root), place.String, func(p place) []place {
		if p.again {
			return nil
		}
		var out []place
		for _, in := range p.plan.Inputs() {
			out = append(out, at(in))
		}
		return out
	})
}

// String prints the node.
func (p place) String() string {
	switch {
	case p.again:
		return fmt.Sprintf("#%d, as above: %s", p.number, p.plan)
	case p.number > 0:
		return fmt.Sprintf("#%d: %s", p.number, p.plan)
	}
	return p.plan.String()
}

// Describe prints a plan with the properties of each node.
func Describe(n logical.Node) string { return tree.Format(n, described, logical.Node.Inputs) }

// described is a node's line with its properties.
func described(n logical.Node) string {
	p := n.Properties()
	kind := "retracting"
	if p.AppendOnly {
		kind = "append-only"
	}
	notes := []string{kind}
	names := n.Schema().Names()
	for _, key := range p.Keys {
		var cols []string
		for _, c := range key {
			cols = append(cols, names[c])
		}
		if len(cols) == 0 {
			cols = []string{"one row"}
		}
		if note := "key " + strings.Join(cols, ", "); !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	if p.State != logical.NoState && p.State != logical.Presented {
		notes = append(notes, "state: "+p.State.String())
	}
	for _, w := range logical.Watermarks(n) {
		if len(w.Of) > 0 {
			notes = append(notes, "watermark "+w.Expr.String()+": "+w.Bound())
		}
	}
	return n.String() + "  -- " + strings.Join(notes, "; ")
}

// Mode says whether the query may run on and be put out in a mode: nil, or the reason.
func (q *Query) Mode(m connectors.Mode) error {
	if err := q.lasting(); err != nil {
		return err
	}
	if err := q.timely(); err != nil {
		return err
	}
	switch {
	case m == connectors.Append && !q.Props.AppendOnly:
		if _, ok := logical.Final(q.Optimised); ok {
			return nil
		}
		way := "UPDATE or COMPLETE, or let a column follow a WATERMARK, so that rows become final"
		if q.Limited() {
			way = "COMPLETE"
		}
		return fmt.Errorf("%s takes rows back, and APPEND only ever adds; use %s", q.Props.Cause, way)
	case m != connectors.Complete && q.Limited():
		return fmt.Errorf("%s shows a part of the whole result, which only COMPLETE has", q.Sort)
	}
	return nil
}

// lasting refuses a query that runs on and computes, of rows that are taken back, what
// is another value every time: the row that it took back would not be the one it put
// out.
func (q *Query) lasting() error {
	var found error
	logical.Walk(q.Optimised, func(n logical.Node) {
		for _, e := range logical.Exprs(n) {
			if expr.Stability(e) == function.Pure || found != nil {
				continue
			}
			if p := n.Inputs()[0].Properties(); !p.AppendOnly {
				found = fmt.Errorf("%s is not the same again when %s takes a row back; compute it where rows are only added, or leave EMIT out", e, p.Cause)
			}
		}
	})
	return found
}

// A ClockError is that of a condition which asks for the time in a way that cannot be kept
// up to date as time goes on.
type ClockError struct{ Condition expr.Expr }

// Error implements error.
func (e *ClockError) Error() string {
	return fmt.Sprintf("%s would have to be asked again at every time", e.Condition)
}

// timely refuses a query that runs on and tests rows by what the clock shows when they
// come, where that is no time filter.
func (q *Query) timely() error {
	var found error
	logical.Walk(q.Optimised, func(n logical.Node) {
		switch n.(type) {
		case *logical.Filter, *logical.Join:
			for _, e := range logical.Exprs(n) {
				for _, c := range expr.Conjuncts(e) {
					if found == nil && expr.Stability(c) == function.PerEpoch {
						found = &ClockError{c}
					}
				}
			}
		}
	})
	return found
}

// DefaultMode is APPEND where rows are only added, COMPLETE where only a part of
// the result is shown, otherwise UPDATE. Final rows alone come where APPEND is written.
func (q *Query) DefaultMode() connectors.Mode {
	switch {
	case q.Props.AppendOnly && q.Mode(connectors.Append) == nil:
		return connectors.Append
	case q.Mode(connectors.Update) == nil:
		return connectors.Update
	}
	return connectors.Complete
}
