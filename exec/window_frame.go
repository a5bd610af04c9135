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

// frames returns the frame of each row of a partition.
func (c *windowCall) frames(s *Step, p *windowPart) ([]frame, error) {
	n := p.rows.Len
	out := make([]frame, n)
	f := c.plan.Frame
	switch {
	case f.Key != nil:
		return out, c.distances(s, p, out)
	case f.Unit == RowsFrame:
		for i := range out {
			out[i] = frame{bound(f.From, i, n), bound(f.To, i, n) + 1}
		}
	default:
		groups := groupsOf(p)
		for i := range out {
			g := groups.of[i]
			out[i] = frame{groups.start(bound(f.From, g, len(groups.starts))), groups.start(bound(f.To, g, len(groups.starts)) + 1)}
		}
	}
	for i := range out {
		out[i].from, out[i].to = max(out[i].from, 0), min(out[i].to, n)
		out[i].to = max(out[i].to, out[i].from)
	}
	return out, nil
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

// groupStarts are the groups of peers of a partition.
type groupStarts struct {
	of     []int // for each row its group
	starts []int
	n      int
}

func groupsOf(p *windowPart) groupStarts {
	g := groupStarts{n: p.rows.Len}
	for i, first := range p.peers {
		if first == i {
			g.starts = append(g.starts, i)
		}
		g.of = append(g.of, len(g.starts)-1)
	}
	return g
}

// start is the first row of a group, of one beyond all others the end.
func (g groupStarts) start(group int) int {
	switch {
	case group < 0:
		return 0
	case group >= len(g.starts):
		return g.n
	}
	return g.starts[group]
}

// distances sets the frames of a Range with distances: rows whose key lies between the
// values at which the frame ends. The keys ascend, or with Desc descend, NULLs at the
// one end; a row whose key is NULL has its peers in the place of a distance.
func (c *windowCall) distances(s *Step, p *windowPart, out []frame) error {
	if err := c.bounds.eval(s, p.rows); err != nil {
		return err
	}
	f := c.plan.Frame
	key, rest := c.bounds.vecs[0], c.bounds.vecs[1:]
	var from, to *vec.Vec
	if f.From.At != nil {
		from, rest = rest[0], rest[1:]
	}
	if f.To.At != nil {
		to = rest[0]
	}
	n := p.rows.Len
	groups := groupsOf(p)
	for i := range out {
		first, end := groups.start(groups.of[i]), groups.start(groups.of[i]+1)
		out[i] = frame{first, end}
		switch {
		case f.From.Kind == UnboundedPreceding:
			out[i].from = 0
		case from != nil && !key.IsNull(i):
			out[i].from = c.search(key, n, func(row int) bool { return c.before(key, row, from, i) })
		}
		switch {
		case f.To.Kind == UnboundedFollowing:
			out[i].to = n
		case to != nil && !key.IsNull(i):
			out[i].to = c.search(key, n, func(row int) bool { return !c.before(to, i, key, row) })
		}
		out[i].to = max(out[i].to, out[i].from)
	}
	return nil
}

// before reports that a value stands before another in the order of the keys.
func (c *windowCall) before(a *vec.Vec, i int, b *vec.Vec, j int) bool {
	order := zset.CompareValues(a, i, b, j)
	if c.plan.Frame.Desc {
		return order > 0
	}
	return order < 0
}

// search returns the first row with a key for which before does not hold; it holds for
// those in front of it. Rows without a key stand in front, or with Desc behind.
func (c *windowCall) search(key *vec.Vec, n int, before func(row int) bool) int {
	low, high := 0, n
	for low < high {
		mid := (low + high) / 2
		in := !c.plan.Frame.Desc
		if !key.IsNull(mid) {
			in = before(mid)
		}
		if in {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}
