package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
)

// asof leaves out columns of the left that neither the join nor what is above reads; of
// the right only where no two rows can have the keys and the time in common, between which
// all columns decide; and the whole right side where left rows are there without it, too.
func (p *pruner) asof(a *logical.Asof, need []bool) (logical.Node, []int) {
	width := a.Left.Schema().Len()
	if a.Outer && !slices.Contains(need[width:], true) {
		p.changed = true
		left, at := p.prune(a.Left, need[:width:width])
		return left, append(at[:width:width], gone(len(need)-width)...)
	}
	l, r := slices.Clone(need[:width]), slices.Clone(need[width:])
	decide := []int{a.RightTime}
	l[a.LeftTime], r[a.RightTime] = true, true
	for _, k := range a.Keys {
		l[k.Left], r[k.Right] = true, true
		decide = append(decide, k.Right)
	}
	if tied(a.Right, decide) {
		markAll(r)
	}
	left, lat := p.prune(a.Left, l)
	right, rat := p.prune(a.Right, r)
	out := *a
	out.Left, out.Right = left, right
	out.LeftTime, out.RightTime = lat[a.LeftTime], rat[a.RightTime]
	out.Keys = movedKeys(a.Keys, lat, rat)
	return &out, pairsAt(left, lat, rat)
}

// lookup leaves out columns of both sides that neither the join nor what is above reads;
// of a left that takes rows back none, since by all of them it is known which row goes, and
// with it what it was given.
func (p *pruner) lookup(x *logical.Lookup, need []bool) (logical.Node, []int) {
	width := x.Left.Schema().Len()
	both := slices.Clone(need)
	for _, k := range x.Keys {
		both[k.Left], both[width+k.Right] = true, true
	}
	if x.On != nil {
		mark(both, x.On)
	}
	if !x.Left.Properties().AppendOnly {
		markAll(both[:width])
	}
	left, lat := p.prune(x.Left, both[:width:width])
	right, rat := p.prune(x.Right, both[width:])
	at := pairsAt(left, lat, rat)
	out := *x
	out.Left, out.Right = left, right
	out.Keys = movedKeys(x.Keys, lat, rat)
	if x.On != nil {
		out.On = remap(x.On, at)
	}
	return &out, at
}

func movedKeys(keys []logical.MatchKey, left, right []int) []logical.MatchKey {
	var out []logical.MatchKey
	for _, k := range keys {
		out = append(out, logical.MatchKey{Left: left[k.Left], Right: right[k.Right], NullSafe: k.NullSafe})
	}
	return out
}

// pairsAt is where the columns of pairs are, from where those of the sides are.
func pairsAt(left logical.Node, lat, rat []int) []int {
	at := slices.Clone(lat)
	for _, c := range rat {
		if c >= 0 {
			c += left.Schema().Len()
		}
		at = append(at, c)
	}
	return at
}
