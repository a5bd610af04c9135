package lower

import (
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/planner/logical"
)

// setOp counts rows of both sides. Where there are several workers, equal rows meet.
func (l *lowering) setOp(x *logical.SetOp, left, right exec.Plan, print *print) exec.Plan {
	if l.workers > 1 {
		left, right = byAll(left), byAll(right)
	}
	return l.name(print, &exec.SetOp{Left: left, Right: right, Except: x.Except, All: x.All, Expires: expires(x), Out: x.Schema()})
}

// byAll routes rows by all of their columns.
func byAll(in exec.Plan) exec.Plan {
	x := &exec.Exchange{Input: in}
	for i := range in.Schema().Fields {
		x.Keys = append(x.Keys, i)
	}
	return x
}
