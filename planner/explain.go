package planner

import (
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/tree"
	"github.com/sqlstream/sqlstream/planner/logical"
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
		b.WriteString("Physical plan\n" + indent(tree.Format(q.Physical, exec.Plan.String, exec.Plan.Inputs)))
	}
	if level == Everything {
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
		notes = append(notes, "key "+strings.Join(cols, ", "))
	}
	if p.State != logical.NoState && p.State != logical.Presented {
		notes = append(notes, "state: "+p.State.String())
	}
	return n.String() + "  -- " + strings.Join(notes, "; ")
}

// Mode says whether the query may be put out in a mode: nil, or the reason.
func (q *Query) Mode(m connectors.Mode) error {
	switch {
	case m == connectors.Append && !q.Props.AppendOnly:
		return fmt.Errorf("%s takes rows back, and APPEND only ever adds; use UPDATE or COMPLETE", q.Props.Cause)
	case m != connectors.Complete && q.Limited():
		return fmt.Errorf("%s shows a part of the whole result, which only COMPLETE has", q.Sort)
	}
	return nil
}

// DefaultMode is APPEND where rows are only added, COMPLETE where only a part of
// the result is shown, otherwise UPDATE.
func (q *Query) DefaultMode() connectors.Mode {
	for _, m := range []connectors.Mode{connectors.Append, connectors.Update} {
		if q.Mode(m) == nil {
			return m
		}
	}
	return connectors.Complete
}
