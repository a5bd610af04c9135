package lower

import (
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/planner/logical"
)

// Watermark is the least of terms as the circuit knows them.
func Watermark(of []logical.WatermarkTerm) exec.Watermark {
	var out exec.Watermark
	for _, t := range of {
		out = append(out, exec.WatermarkTerm{
			Of:   exec.WatermarkOf{Table: t.Relation.Name, Column: t.Column},
			Name: t.Relation.Schema.Fields[t.Column].Name, Func: t.Func,
		})
	}
	return out
}

// Watermarks are those of a plan's columns, by position, for whoever reads its result.
func Watermarks(n logical.Node) map[int]exec.Watermark {
	out := map[int]exec.Watermark{}
	for _, w := range logical.Watermarks(n) {
		if c := w.Column(); c >= 0 && len(w.Of) > 0 && out[c] == nil {
			out[c] = Watermark(w.Of)
		}
	}
	return out
}

// A closed says which group column tells when groups close, 1 + its position, 0 for none.
type closed struct {
	column int
	until  exec.Watermark
	final  bool // groups come out when they close, and not before
}

// closing takes the first group column that has a watermark.
func closing(a *logical.Aggregate) closed {
	for _, w := range logical.Watermarks(a) {
		if len(w.Of) > 0 {
			return closed{column: w.Column() + 1, until: Watermark(w.Of)}
		}
	}
	return closed{}
}

// closingFirst puts a column of a partition first that tells when the partition is
// complete, and returns its watermark, nil where there is none.
func closingFirst(in logical.Node, partition []int) ([]int, exec.Watermark) {
	fields := in.Schema().Fields
	for _, w := range logical.Watermarks(in) {
		at := slices.Index(partition, w.Column())
		if at < 0 || len(w.Of) == 0 || !fields[w.Column()].NotNull {
			continue
		}
		out := append([]int{partition[at]}, partition[:at]...)
		return append(out, partition[at+1:]...), Watermark(w.Of)
	}
	return partition, nil
}

// expires says when rows of a node are complete, whichever of its columns tells.
func expires(n logical.Node) exec.Expires {
	for _, w := range logical.Watermarks(n) {
		if c := w.Column(); c >= 0 && len(w.Of) > 0 {
			return exec.Expires{Column: c + 1, Until: Watermark(w.Of)}
		}
	}
	return exec.Expires{}
}

// final lowers groups that are put out when they close.
func (l *lowering) final(e *logical.EmitFinal, a *logical.Aggregate) lowered {
	in := l.node(a.Input)
	what, same := logical.Identity(a)
	when, _ := logical.Identity(e)
	key := fmt.Sprintf("%s; %s %p", when, what, in.plan)
	if known, ok := l.known[key]; ok && same {
		return known
	}
	out := lowered{print: &print{node: e, ins: []*print{{node: a, ins: []*print{in.print}}}}}
	l.at = e
	out.plan = l.aggregate(a, in.plan, closed{e.By[0].Column + 1, Watermark(e.By[0].Until), true}, out.print)
	if same {
		l.known[key] = out
	}
	return out
}

// emitFinal brings equal rows together, which may have come and gone in several workers.
func (l *lowering) emitFinal(e *logical.EmitFinal, in exec.Plan, print *print) exec.Plan {
	if l.workers > 1 && !appends(e.Input) {
		in = byAll(in)
	}
	out := &exec.EmitFinal{Input: in}
	for _, by := range e.By {
		out.By = append(out.By, exec.FinalBy{Column: by.Column, Until: Watermark(by.Until)})
	}
	return l.name(print, out)
}
