package logical

import (
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// joinWatermarks are the watermarks of a join's output, whose pairs also meet the
// conditions more. A change comes from either input, and so a column needs a bound for
// both: from the input that it is of, its own watermark; from the other one, that of a
// column to which the condition ties it, as l.ts >= r.ts - INTERVAL 5 SECOND ties l.ts to
// r.ts. A row that may stay without a match meets no condition when it comes itself.
func joinWatermarks(j *Join, more []expr.Expr) []Watermark {
	t := newTies(j, more)
	n := t.width
	if j.Kind < Semi {
		n = len(t.fields)
	}
	var out []Watermark
	for c := range n {
		e := &expr.Column{Index: c, Field: t.fields[c]}
		side := 0
		if c >= t.width {
			side = 1
		}
		w, ok := derive(e, t.sides[side])
		if !ok && t.paired[side] {
			w.Of, ok = t.bound(e, side)
		}
		if !ok {
			continue
		}
		if other, ok := t.bound(e, 1-side); ok {
			out = append(out, Watermark{e, least(w.Of, other), w.Padded || t.padded[side], w.Later})
		}
	}
	return out
}

// Expires says when the rows of one side of a join, 0 the left, can be forgotten: column
// c of the side is then less than the least of the terms. From there on they meet none of
// the rows that are still to come of the other side, and they do not change themselves. It
// is false where no column tells.
func (j *Join) Expires(side int) (c int, of []WatermarkTerm, ok bool) {
	t := newTies(j, nil)
	from, to := 0, t.width
	if side == 1 {
		from, to = t.width, len(t.fields)
	}
	adds := []Node{j.Left, j.Right}[side].Properties().AppendOnly
	for c := from; c < to; c++ {
		e := &expr.Column{Index: c, Field: t.fields[c]}
		other, ok := t.bound(e, 1-side)
		if !ok || len(other) == 0 {
			continue
		}
		if adds {
			return c - from, other, true
		}
		if own, ok := derive(e, t.sides[side]); ok {
			return c - from, least(other, own.Of), true
		}
	}
	return 0, nil, false
}

// ties are what the conditions of a join's pairs say of the order of values.
type ties struct {
	width  int           // of the left
	fields []types.Field // of both
	sides  [2][]Watermark
	paired [2]bool // rows of the side come out in pairs alone
	padded [2]bool // NULLs may stand for them
	atMost map[string][]tie
}

// A tie says that a value is at most that of to, plus so many microseconds.
type tie struct {
	to string // by fingerprint
	by int64
}

func newTies(j *Join, more []expr.Expr) *ties {
	t := &ties{width: j.Left.Schema().Len(), fields: j.Pairs().Fields, atMost: map[string][]tie{}}
	t.sides = [2][]Watermark{Watermarks(j.Left), Watermarks(j.Right)}
	for i, m := range t.sides[1] {
		t.sides[1][i].Expr = Shift(m.Expr, t.width)
	}
	t.paired = [2]bool{j.Kind == Inner || j.Kind == Right, j.Kind == Inner || j.Kind == Left}
	t.padded = [2]bool{j.Kind == Right || j.Kind == Full, j.Kind == Left || j.Kind == Full}
	if j.On != nil {
		more = append(more[:len(more):len(more)], j.On)
	}
	for _, cond := range more {
		for _, c := range expr.Conjuncts(cond) {
			t.add(c)
		}
	}
	return t
}

// add notes a comparison that tells of an order.
func (t *ties) add(cond expr.Expr) {
	x, ok := cond.(*expr.Compare)
	if !ok {
		return
	}
	l, lby := expr.Apart(x.L)
	r, rby := expr.Apart(x.R)
	switch x.Op { // of l + lby and r + rby
	case expr.Eq:
		t.tie(l, r, rby-lby)
		t.tie(r, l, lby-rby)
	case expr.Lt, expr.Le:
		t.tie(l, r, rby-lby)
	case expr.Gt, expr.Ge:
		t.tie(r, l, lby-rby)
	}
}

func (t *ties) tie(from, to expr.Expr, by int64) {
	print := expr.Fingerprint(from)
	t.atMost[print] = append(t.atMost[print], tie{expr.Fingerprint(to), by})
}

// bound is what the changes of a side are bounded by in a value of their pairs: the
// watermark of a value of the side that is at most this one, plus by. A side of which
// nothing is still to come bounds everything.
func (t *ties) bound(e expr.Expr, side int) ([]WatermarkTerm, bool) {
	target := expr.Fingerprint(e)
	var best []WatermarkTerm
	found, nearest := false, int64(0)
	for _, m := range t.sides[side] {
		if len(m.Of) == 0 {
			return nil, true
		}
		if by, ok := t.distance(expr.Fingerprint(m.Expr), target); ok && (!found || by < nearest) {
			best, found, nearest = m.Of, true, by
		}
	}
	if !found || nearest == 0 {
		return best, found
	}
	out := make([]WatermarkTerm, len(best))
	for i, x := range best {
		x.Func = expr.Later(x.value(), -nearest)
		out[i] = x
	}
	return out, true
}

// distance is the least by for which from is at most to + by, as far as the ties tell.
func (t *ties) distance(from, to string) (int64, bool) {
	known := map[string]int64{from: 0}
	for range len(t.atMost) + 1 { // a way has no more ties than there are values
		changed := false
		for at, ties := range t.atMost {
			have, ok := known[at]
			if !ok {
				continue
			}
			for _, x := range ties {
				if old, ok := known[x.to]; !ok || have+x.by < old {
					known[x.to], changed = have+x.by, true
				}
			}
		}
		if !changed {
			break
		}
	}
	by, ok := known[to]
	return by, ok
}
