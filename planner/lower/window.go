package lower

import (
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/planner/logical"
)

// window computes calls over partitions. Where there are several workers, a partition
// is one worker's.
func (l *lowering) window(w *logical.Window, in exec.Plan, print *print) exec.Plan {
	if l.workers > 1 && !w.Stays() {
		in = &exec.Exchange{Input: in, Keys: w.Partition}
	}
	partition, until := closingFirst(w.Input, w.Partition)
	out := &exec.Window{Input: in, Partition: partition, Until: until, Keys: sortKeys(w.Keys), Out: w.Schema()}
	for _, c := range w.Calls {
		call := exec.WindowCall{
			Name: c.Name, Func: c.Bind, Args: c.Args, Distinct: c.Distinct, Filter: c.Filter, Returns: c.Returns, IgnoreNulls: c.IgnoreNulls,
			Frame: exec.Frame{Unit: exec.FrameUnit(c.Frame.Unit), From: frameBound(c.Frame.From), To: frameBound(c.Frame.To)},
		}
		if c.Frame.Key != nil {
			call.Frame.Key, call.Frame.Desc = c.Frame.Key, w.Keys[0].Desc
		}
		for _, o := range c.Order {
			call.Order = append(call.Order, exec.Ordering{Expr: o.Expr, Desc: o.Desc})
		}
		out.Calls = append(out.Calls, call)
	}
	return l.name(print, out)
}

func frameBound(b logical.FrameBound) exec.FrameBound {
	out := exec.FrameBound{Kind: exec.FrameBoundKind(b.Kind), At: b.At}
	if b.At == nil && b.Offset != nil {
		out.Offset = b.Offset.Value.(int64)
	}
	return out
}
