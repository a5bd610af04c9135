package lower

import "github.com/sqlstream/sqlstream/exec"

// Partial ends the names of what combines rows before they are routed, which is there with
// several workers alone.
const Partial = "-partial"

// with is a fingerprint with something behind it.
func (p *print) with(more string) *print { return &print{text: p.String() + more} }

// partial lets each worker combine the rows of a batch before they are routed by some of the group
// columns, where every call keeps a fixed-width accumulator of all its rows; nil where one does
// not.
func (l *lowering) partial(print *print, a *exec.Aggregate, keys []int) exec.Plan {
	if len(a.Calls) == 0 || a.Forget > 0 { // which goes by each row's group
		return nil
	}
	for _, c := range a.Calls {
		if c.Slot(a.AppendOnly) == nil || c.Distinct {
			return nil
		}
	}
	first := l.name(print.with(Partial), exec.NewPartialAggregate(a.Input, a))
	return exec.NewFinalAggregate(&exec.Exchange{Input: first, Keys: keys}, a)
}
