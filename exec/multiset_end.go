package exec

import "bytes"

// An end of the values of a group is all that matters of them where rows only come, and all who
// fold them ask for the first, or all for the last.
type end int8

const (
	bothEnds end = iota
	leastEnd
	greatestEnd
)

// setEnds finds the multisets of which an end is kept: one key a group.
func (a *aggregate) setEnds() {
	if !a.plan.AppendOnly {
		return
	}
	for _, m := range a.multisets {
		first, last := true, true
		for _, c := range a.calls {
			if c.fold != nil && c.fold.of == m {
				first, last = first && c.fold.fold.First(), last && c.fold.fold.Last()
			}
		}
		switch {
		case first:
			m.end = leastEnd
		case last:
			m.end = greatestEnd
		}
		m.there.take = m.there.note
	}
}

// beats reports that a key is nearer to the end than another of its group.
func (e end) beats(key, other []byte) bool {
	if e == leastEnd {
		return bytes.Compare(key, other) < 0
	}
	return bytes.Compare(key, other) > 0
}

// bestKeys says of groups which key of theirs waits.
type bestKeys struct {
	of   []int32 // by gid, 1 + its position
	gids []int32 // those that have one
}

func (b *bestKeys) reset() {
	for _, g := range b.gids {
		b.of[g] = 0
	}
	b.gids = b.gids[:0]
}

// holdEnd notes the key at data[at:] in place of the one of its group that waits, if it beats
// that.
func (m *multiset) holdEnd(gid int32, data []byte, at int, group int32) {
	b := &m.best
	if int(gid) >= len(b.of) {
		b.of = append(b.of, make([]int32, max(int(gid)+1, 2*len(b.of))-len(b.of))...)
	}
	i := b.of[gid] - 1
	if i < 0 {
		m.waiting = append(m.waiting, waitingKey{m.data.end(data), group, 1})
		b.of[gid], b.gids = int32(len(m.waiting)), append(b.gids, gid)
	} else if m.end.beats(data[at:], m.key(int(i))) {
		m.waiting[i].key = m.data.end(data)
	}
}

// An endThere is the key at the end of a group, among the rows.
type endThere struct {
	key    []byte
	weight int64  // 0 where there is none
	bound  []byte // of the walk
	take   func(key []byte, weight int64) bool
}

func (t *endThere) note(key []byte, weight int64) bool {
	t.key, t.weight = append(t.key[:0], key...), weight
	return false
}

// settleEnds adds the keys at hand to the rows, each in place of the one that it beats. From a
// plan of before more may be there: they are beaten, too, and stay.
func (m *multiset) settleEnds() {
	t := &m.there
	for i, key := range m.keys {
		group := key[:m.groups[i]]
		t.weight, t.bound = 0, append(t.bound[:0], group...)
		if to := after(t.bound); m.end == leastEnd {
			m.rows.Ascend(group, to, t.take)
		} else {
			m.rows.Descend(group, to, t.take)
		}
		if t.weight == 0 || m.end.beats(key, t.key) {
			m.rows.Add(key, m.weights[i])
			if t.weight != 0 {
				m.rows.Add(t.key, -t.weight)
			}
		}
	}
}
