package lower

import (
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/planner/logical"
)

// session puts sessions beside rows. Where there are several workers, a partition is one
// worker's.
func (l *lowering) session(x *logical.Session, in exec.Plan, print *print) exec.Plan {
	if l.workers > 1 {
		in = &exec.Exchange{Input: in, Keys: x.Partition}
	}
	var until exec.Watermark
	for _, w := range logical.Watermarks(x.Input) {
		if w.Column() == x.Time && len(w.Of) > 0 {
			until = Watermark(w.Of)
		}
	}
	return l.name(print, &exec.Session{
		Input: in, Partition: x.Partition, Time: x.Time, Gap: x.Gap, AppendOnly: appends(x.Input), Until: until, Out: x.Schema(),
	})
}
