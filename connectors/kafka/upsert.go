package kafka

import (
	"maps"
	"slices"

	"github.com/sqlstream/sqlstream/zset"
)

// An upsert reduces an epoch to the last change of each key. A new value beats the
// old one's end, in whatever order they come; a key with an end alone is deleted.
type upsert struct {
	complete bool // the epoch is the whole result: what was there before and is not now is deleted
	ignore   bool // deletes are not written
	events   bool // what is written says what was there before
	retract  bool // what was there before is taken back, by a record of its own

	at     map[string]int // key -> position in list
	list   []message
	was    [][]byte        // of events and retractions: what was there before, by position in list; nil for nothing
	before map[string]bool // keys of the last complete result of this process
}

func (u *upsert) begin() {
	if u.at == nil {
		u.at, u.before = map[string]int{}, map[string]bool{}
	}
	clear(u.at)
	u.list, u.was = emptied(u.list), emptied(u.was)
}

func (u *upsert) write(s *sink, b *zset.Batch) error {
	for row := range b.Len {
		m, was, err := u.change(s.enc, b, row)
		if err != nil {
			return err
		}
		i, there := u.at[string(m.key)]
		if !there {
			u.at[string(m.key)] = len(u.list)
			u.list, u.was = append(u.list, m), append(u.was, was)
			continue
		}
		if m.value != nil {
			u.list[i] = m
		}
		if was != nil {
			u.was[i] = was
		}
	}
	return nil
}

// change is what a row does to its key: the new value, or for a row taken back none,
// and where it matters the old one.
func (u *upsert) change(e *encoder, b *zset.Batch, row int) (m message, was []byte, err error) {
	switch gone := b.Weight(row) < 0; {
	case !gone && !u.events && !u.retract:
		m, err = e.message(b, row)
		return m, nil, err
	case !gone:
		if m, err = e.keyed(b, row); err == nil {
			m.value, err = e.object(row)
		}
		return m, nil, err
	}
	m.partition = -1
	if m.key, err = e.keyOf(b, row); err == nil && (u.events || u.retract) {
		was, err = e.object(row)
	}
	return m, was, err
}

// messages appends what is to be written.
func (u *upsert) messages(e *encoder, out []message) []message {
	for i, m := range u.list {
		switch {
		case u.retract:
			out = u.retraction(e, out, m, u.was[i])
		case u.events && m.value == nil:
			m.value = e.event(u.was[i], nil)
			out = append(out, m, message{key: m.key, partition: m.partition})
		case u.events:
			m.value = e.event(u.was[i], m.value)
			out = append(out, m)
		case m.value != nil || !u.ignore:
			out = append(out, m)
		}
	}
	if !u.complete || u.ignore {
		return out
	}
	for _, key := range slices.Sorted(maps.Keys(u.before)) {
		if _, there := u.at[key]; !there {
			out = append(out, message{key: []byte(key), partition: -1})
		}
	}
	return out
}

// retraction appends what becomes of the row of a key: the old one goes before the new one
// comes.
func (u *upsert) retraction(e *encoder, out []message, m message, was []byte) []message {
	gone, come := "-U", "+U"
	if m.value == nil {
		gone = "-D"
	}
	if was == nil {
		come = "+I"
	}
	if was != nil {
		out = append(out, message{key: m.key, value: e.withOp(gone, was), partition: m.partition})
	}
	if m.value != nil {
		m.value = e.withOp(come, m.value)
		out = append(out, m)
	}
	return out
}

// commit remembers the keys of a complete result.
func (u *upsert) commit() {
	if !u.complete {
		return
	}
	clear(u.before)
	for key := range u.at {
		u.before[key] = true
	}
}
