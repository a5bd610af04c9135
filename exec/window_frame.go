package exec

import (
	"errors"

	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// The errors of arguments that are known when a row is there.
var (
	errNtile  = errors.New("ntile takes a number of groups from 1 on")
	errOffset = errors.New("lag and lead take an offset from 0 on")
	errNth    = errors.New("nth_value takes a position from 1 on")
)

// A frame is the rows [from, to) of a partition.
type frame struct{ from, to int }

// frames returns the frame of each place of a part that is asked for.
func (c *windowCall) frames(p *windowPart) []frame {
	n := len(p.rows)
	out := c.framed[:0]
	f := c.plan.Frame
	if f.Key != nil || f.Unit != RowsFrame {
		c.groups.read(p)
	}
	groups := &c.groups
	for i := p.from; i < p.to; i++ {
		switch {
		case f.Key != nil:
			out = append(out, c.distance(p, i))
		case f.Unit == RowsFrame:
			out = append(out, frame{bound(f.From, i, n), bound(f.To, i, n) + 1})
		default:
			g := int(groups.of[i])
			out = append(out, frame{groups.start(bound(f.From, g, len(groups.starts))), groups.start(bound(f.To, g, len(groups.starts)) + 1)})
		}
	}
	for i := range out {
		out[i].from, out[i].to = min(max(out[i].from, 0), n), min(out[i].to, n)
		out[i].to = max(out[i].to, out[i].from)
	}
	c.framed = out
	return out
}

// bound is the place, of n, that a bound means for the place at: of a row among rows, or
// of a group of peers among groups.
func bound(b FrameBound, at, n int) int {
	switch b.Kind {
	case UnboundedPreceding:
		return 0
	case UnboundedFollowing:
		return n - 1
	case Preceding:
		return at - int(min(b.Offset, int64(n)+1))
	case Following:
		return at + int(min(b.Offset, int64(n)+1))
	}
	return at
}

// groupStarts are the groups of peers of a part.
type groupStarts struct {
	of     []int32 // for each place its group
	starts []int
	n      int
}

func (g *groupStarts) read(p *windowPart) {
	g.n, g.of, g.starts = len(p.rows), g.of[:0], g.starts[:0]
	for i, first := range p.peers {
		if int(first) == i {
			g.starts = append(g.starts, i)
		}
		g.of = append(g.of, int32(len(g.starts)-1))
	}
}

// start is the first place of a group, of one beyond all others the end.
func (g *groupStarts) start(group int) int {
	switch {
	case group < 0:
		return 0
	case group >= len(g.starts):
		return g.n
	}
	return g.starts[group]
}

// distance is the frame of a place of a Range with distances: rows whose key lies between
// the values at which the frame ends. The keys ascend, or with Desc descend, NULLs at the
// one end; a row whose key is NULL has its peers in the place of a distance.
func (c *windowCall) distance(p *windowPart, i int) frame {
	f := c.plan.Frame
	key, from, to := c.ends()
	g, row := int(c.groups.of[i]), int(p.rows[i])
	out := frame{c.groups.start(g), c.groups.start(g + 1)}
	switch {
	case f.From.Kind == UnboundedPreceding:
		out.from = 0
	case from != nil && !key.IsNull(row):
		out.from = c.search(p, func(other int) bool { return c.before(key, other, from, row) })
	}
	switch {
	case f.To.Kind == UnboundedFollowing:
		out.to = len(p.rows)
	case to != nil && !key.IsNull(row):
		out.to = c.search(p, func(other int) bool { return !c.before(to, row, key, other) })
	}
	return out
}

// ends are the keys of rows and the values at which their frames end, nil where an end is no
// distance.
func (c *windowCall) ends() (key, from, to *vec.Vec) {
	key, rest := c.bounds.vecs[0], c.bounds.vecs[1:]
	if c.plan.Frame.From.At != nil {
		from, rest = rest[0], rest[1:]
	}
	if c.plan.Frame.To.At != nil {
		to = rest[0]
	}
	return key, from, to
}

// before reports that a value stands before another in the order of the keys.
func (c *windowCall) before(a *vec.Vec, i int, b *vec.Vec, j int) bool {
	order := zset.CompareValues(a, i, b, j)
	if c.plan.Frame.Desc {
		return order > 0
	}
	return order < 0
}

// search returns the first place with a key for which before does not hold; it holds for
// those in front of it. Rows without a key stand in front, or with Desc behind.
func (c *windowCall) search(p *windowPart, before func(row int) bool) int {
	key := c.bounds.vecs[0]
	low, high := 0, len(p.rows)
	for low < high {
		mid := (low + high) / 2
		in, row := !c.plan.Frame.Desc, int(p.rows[mid])
		if !key.IsNull(row) {
			in = before(row)
		}
		if in {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}
