package lower

import (
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// asof looks a match up by keys and time. Where there are several workers, the rows of
// both sides go to the worker that owns their keys; those of a join without keys all to
// one.
func (l *lowering) asof(a *logical.Asof, left, right exec.Plan, print *print) exec.Plan {
	out := &exec.Asof{
		Left: left, Right: right, LeftTime: a.LeftTime, RightTime: a.RightTime, Outer: a.Outer,
		Earliest: !a.Latest(), Strict: a.Op == expr.Gt || a.Op == expr.Lt, Out: a.Schema(),
	}
	for _, w := range logical.Watermarks(a) {
		if w.Column() == a.LeftTime && len(w.Of) > 0 {
			out.Until = Watermark(w.Of)
		}
	}
	out.Keys = matchKeys(a.Keys)
	out.Left, out.Right = l.meeting(left, right, out.Keys)
	return l.name(print, out)
}

// lookup is distributed likewise.
func (l *lowering) lookup(x *logical.Lookup, left, right exec.Plan, print *print) exec.Plan {
	out := &exec.Lookup{On: x.On, Outer: x.Outer, Keys: matchKeys(x.Keys), AppendOnly: appends(x.Left), Out: x.Schema()}
	out.Left, out.Right = l.meeting(left, right, out.Keys)
	return l.name(print, out)
}

func matchKeys(keys []logical.MatchKey) []exec.MatchKey {
	var out []exec.MatchKey
	for _, k := range keys {
		out = append(out, exec.MatchKey{Left: k.Left, Right: k.Right, NullSafe: k.NullSafe})
	}
	return out
}

// meeting sends the rows of two inputs that have keys in common to one worker.
func (l *lowering) meeting(left, right exec.Plan, keys []exec.MatchKey) (exec.Plan, exec.Plan) {
	if l.workers <= 1 {
		return left, right
	}
	ls, rs := &exec.Exchange{Input: left}, &exec.Exchange{Input: right}
	for _, k := range keys {
		ls.Keys, rs.Keys = append(ls.Keys, k.Left), append(rs.Keys, k.Right)
	}
	return ls, rs
}
