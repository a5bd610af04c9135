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

	at     map[string]int // key -> position in list
	list   []message
	before map[string]bool // keys of the last complete result of this process
}

func (u *upsert) begin() {
	if u.at == nil {
		u.at, u.before = map[string]int{}, map[string]bool{}
	}
	clear(u.at)
	u.list = emptied(u.list)
}

func (u *upsert) write(s *sink, b *zset.Batch) error {
	for row := range b.Len {
		var m message
		var err error
		if b.Weight(row) > 0 {
			m, err = s.enc.message(b, row)
		} else {
			m.partition = -1
			m.key, err = s.enc.keyOf(b, row)
		}
		if err != nil {
			return err
		}
		i, there := u.at[string(m.key)]
		switch {
		case !there:
			u.at[string(m.key)] = len(u.list)
			u.list = append(u.list, m)
		case m.value != nil:
			u.list[i] = m
		}
	}
	return nil
}

// messages appends what is to be written.
func (u *upsert) messages(out []message) []message {
	for _, m := range u.list {
		if m.value != nil || !u.ignore {
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
