package planner

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/planner/lower"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// A Bound says what the state of an operator grows with, and until when.
type Bound struct {
	State lower.State
	Text  string
	// Grows names the tables whose rows are kept one by one, for ever, and of which there are
	// always more.
	Grows []string
}

// Bounds says of each operator that remembers something what bounds it.
func (q *Query) Bounds() []Bound {
	var out []Bound
	for _, s := range q.States {
		if strings.HasSuffix(s.Name, lower.Partial) { // it is empty between two batches
			continue
		}
		b := Bound{State: s}
		b.Text, b.Grows = bound(s)
		out = append(out, b)
	}
	return out
}

// bound describes the state of one operator, and names the tables that it grows with for ever.
func bound(s lower.State) (string, []string) {
	ins := s.Node.Inputs()
	switch p := s.Plan.(type) {
	case *exec.Aggregate:
		return groups(p, s.Node)
	case *exec.FinalAggregate:
		return groups(p.Agg, s.Node)
	case *exec.Join:
		return sides(p, ins)
	case *exec.SetOp:
		if p.Expires.Column > 0 {
			return "each row until " + passed(p.Out.Fields[p.Expires.Column-1].Name, p.Expires.Until), nil
		}
		return "one row for each of both inputs", grow(ins...)
	case *exec.TopN:
		return top(p, ins[0])
	case *exec.Window:
		return partitions(ins[0], p.Partition, p.Until)
	case *exec.Session:
		if p.Until != nil {
			return "each session until it has ended before " + p.Until.String(), nil
		}
		return "every row of the input", grow(ins[0])
	case *exec.Asof:
		if p.Until != nil {
			return "each row until " + passed(p.Out.Fields[p.LeftTime].Name, p.Until) + ", and of the right the latest before that", nil
		}
		return "every row of both inputs", grow(ins...)
	case *exec.Lookup:
		return "every row of the right input", grow(ins[1])
	case *exec.EmitFinal:
		by := p.By[0]
		return "each row until " + passed(p.Schema().Fields[by.Column].Name, by.Until), nil
	case *exec.TimeFilter:
		return "each row until the clock has passed it", nil
	case *exec.Upsert:
		return "one row for each key of the table", nil
	case *exec.Unique:
		return "one row for each key of the table", nil
	case *exec.Net, *exec.Reread:
		return "the rows of the table", nil
	}
	return "every row", grow(ins...)
}

func passed(column string, w exec.Watermark) string { return column + " < " + w.String() }

func groups(a *exec.Aggregate, n logical.Node) (string, []string) {
	names := make([]string, len(a.Group))
	for i := range names {
		names[i] = a.Out.Fields[i].Name
	}
	each := "one row for each " + strings.Join(names, ", ")
	if len(names) == 0 {
		each = "one row"
	}
	agg, ok := n.(*logical.Aggregate)
	values := ok && agg.Properties().State == logical.PerValue
	if values {
		each += " and every value in it"
	}
	switch {
	case a.Closes > 0:
		return each + " until " + passed(a.Out.Fields[a.Closes-1].Name, a.Until), nil
	case a.Forget > 0:
		return each + kept(a.Forget), nil
	case values:
		return each, grow(agg.Input)
	}
	return each, nil
}

// kept says how long what nothing touches is kept.
func kept(micros int64) string {
	return " for " + (time.Duration(micros) * time.Microsecond).String() + " since the last row"
}

// sides are what a join keeps of its inputs.
func sides(p *exec.Join, ins []logical.Node) (string, []string) {
	var texts, grows []string
	every := 0
	for i, in := range ins {
		side := [...]string{"left", "right"}[i]
		switch x := p.Expires[i]; {
		case x.Column > 0:
			texts = append(texts, "each "+side+" row until "+passed(p.Inputs()[i].Schema().Fields[x.Column-1].Name, x.Until))
		case p.Forget > 0:
			texts = append(texts, "each "+side+" row"+kept(p.Forget))
		default:
			every++
			texts, grows = append(texts, "every "+side+" row"), append(grows, grow(in)...)
		}
	}
	slices.Sort(grows)
	if every == len(ins) {
		return "every row of both inputs", slices.Compact(grows)
	}
	return strings.Join(texts, ", "), grows
}

// top is what the first rows of partitions are found by.
func top(p *exec.TopN, in logical.Node) (string, []string) {
	if !p.AppendOnly || p.Limit < 0 || p.By == exec.DenseRank {
		return partitions(in, p.Partition, p.Until)
	}
	out := fmt.Sprintf("%d rows", p.Limit+p.Offset)
	if p.Limit+p.Offset == 1 {
		out = "1 row"
	}
	var grows []string
	if p.By != exec.RowNumber || p.Ties {
		out += " and peers of the last"
		if p.Until == nil && p.Forget == 0 {
			grows = grow(in)
		}
	}
	if len(p.Partition) > 0 {
		out += " for each " + strings.Join(in.Schema().Project(p.Partition).Names(), ", ")
	}
	switch {
	case p.Until != nil:
		out += " until " + passed(in.Schema().Fields[p.Partition[0]].Name, p.Until)
	case p.Forget > 0:
		out += kept(p.Forget)
	}
	return out, grows
}

// partitions are kept whole, each until a watermark of its first column passes it.
func partitions(in logical.Node, partition []int, until exec.Watermark) (string, []string) {
	if until != nil {
		return "each row until " + passed(in.Schema().Fields[partition[0]].Name, until), nil
	}
	return "every row of the input", grow(in)
}

// grow names the tables whose rows are those of the nodes, where there are only ever more of
// them. Groups, and first rows, are as many as there are keys.
func grow(ns ...logical.Node) []string {
	var out []string
	for _, n := range ns {
		switch x := n.(type) {
		case *logical.Scan:
			if x.Relation.AppendOnly && x.Relation.Arrival == logical.Plain {
				out = append(out, x.Relation.Kind())
			}
			continue
		case *logical.History:
			out = append(out, x.Relation.Kind())
			continue
		case *logical.Aggregate, *logical.TopN, *logical.First:
			continue
		case *logical.TimeFilter:
			if x.Op == expr.Gt || x.Op == expr.Ge {
				continue
			}
		case *logical.Join:
			if x.Kind == logical.Semi || x.Kind == logical.Anti {
				out = append(out, grow(x.Left)...)
				continue
			}
		}
		out = append(out, grow(n.Inputs()...)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// explainBounds prints what bounds the state of each operator, and warns of what nothing does.
func (q *Query) explainBounds(b *strings.Builder) {
	bounds := q.Bounds()
	if len(bounds) == 0 {
		return
	}
	b.WriteString("\nState\n")
	for _, x := range bounds {
		fmt.Fprintf(b, "  %s: %s\n", x.State.Node, x.Text)
	}
	for _, x := range bounds {
		if len(x.Grows) > 0 {
			grow := "grows"
			if len(x.Grows) > 1 {
				grow = "grow"
			}
			fmt.Fprintf(b, "  Warning: nothing bounds what %s keeps, and %s %s for ever; a WATERMARK that passes the rows would, a condition on the clock, or STATE TTL where it goes\n",
				x.State.Node, strings.Join(x.Grows, " and "), grow)
		}
	}
}
