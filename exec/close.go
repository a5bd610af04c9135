package exec

import (
	"fmt"

	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// closing says when groups close, for printing.
func (p *Aggregate) closing() string {
	if p.Closes == 0 {
		return ""
	}
	out := " CLOSES " + p.Out.Fields[p.Closes-1].Name + " < " + p.Until.String()
	if p.Final {
		out += " FINAL"
	}
	return out
}

// closingFirst puts the group column by which groups close before the others: what
// multisets hold of closed groups then lies at their beginning. It is good until the
// next call.
func (a *aggregate) closingFirst(keys []*vec.Vec) []*vec.Vec {
	at := a.plan.Closes - 1
	if at <= 0 {
		return keys
	}
	a.first = append(append(append(a.first[:0], keys[at]), keys[:at]...), keys[at+1:]...)
	return a.first
}

// finishClosed emits the groups below the bound, which is nil where none is closed, and
// forgets them.
func (a *aggregate) finishClosed(s *Step, bound *vec.Vec) error {
	for _, m := range a.multisets {
		m.settle()
	}
	a.dropEmpty()
	if bound == nil {
		a.groups.Clean()
		return nil
	}
	a.closed = a.groups.Below(bound, a.closed[:0])
	for from := 0; from < len(a.closed); from += vec.BatchRows {
		if err := a.emitGroups(s, a.closed[from:min(from+vec.BatchRows, len(a.closed))], 1); err != nil {
			return err
		}
	}
	a.forget(bound)
	a.groups.Clean()
	return nil
}

// dropEmpty forgets the groups whose last row was taken back.
func (a *aggregate) dropEmpty() {
	p := &a.changes
	p.gone = p.gone[:0]
	rows := a.groups.Rows()
	counts := rows.At(rows.Base + countAt)
	for _, g := range a.groups.Dirty() {
		if *(*int64)(counts.Ptr(g)) == 0 {
			p.gone = append(p.gone, g)
		}
	}
	a.groups.Delete(p.gone)
}

// emitGroups puts out the rows of groups as they are, each with a weight.
func (a *aggregate) emitGroups(s *Step, gids []int32, weight int64) error {
	if err := a.find(gids); err != nil {
		return err
	}
	keys := a.keysOf(gids)
	out := &zset.Batch{Schema: a.plan.Out, Len: len(gids), Cols: keys[:len(keys):len(keys)]}
	rows := a.groups.Rows()
	for _, c := range a.calls {
		c.values.Reset()
		var err error
		if c.folds() {
			err = c.fold.valuesOf(a.closingFirst(keys), len(gids), c.values)
		} else {
			err = c.slot.Value(rows.At(rows.Base+c.at), gids, c.values)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.plan, err)
		}
		out.Cols = append(out.Cols, c.values.Vec())
	}
	if weight != 1 {
		out.Weights = make([]int64, len(gids))
		for i := range out.Weights {
			out.Weights[i] = weight
		}
	}
	return s.Emit(out)
}

// forget drops the groups that are closed, and what multisets hold of them.
func (a *aggregate) forget(bound *vec.Vec) {
	a.groups.Delete(a.closed)
	for _, m := range a.multisets {
		m.rows.EvictBelow(vec.AppendOrdered(nil, bound, 0))
	}
}
