package stream

import (
	"github.com/sqlstream/sqlstream/zset"
)

// A beginning says what a member is fed in its next epoch beside what changes in it.
type beginning string

const (
	running beginning = ""       // nothing: it has had an epoch
	fresh   beginning = "fresh"  // the results that it reads, and the rows that are given to it
	behind  beginning = "behind" // what has changed in those results while it was stopped
)

// beginWith sets what a feed of the input at a place is to begin with.
func (m *member) beginWith(f *feed, input int) error {
	if m.begins == running {
		return nil
	}
	f.first, _ = f.from.result.snapshot()
	if m.begins == fresh {
		return nil
	}
	seen, err := m.openSeen(f, input)
	if err != nil {
		return err
	}
	f.seen = seen
	if rows := append(f.first, seen.negated()...); len(rows) > 0 {
		f.first = zset.Split(m.batchBytes, rows...)
	}
	return nil
}

// lookBack keeps the results that the member has read, for when it goes on: it then needs
// what has changed in them.
func (m *member) lookBack() error {
	if m.begins != running {
		return nil // it has not taken in what it begins with
	}
	some := false
	for i := range m.feeds {
		f := &m.feeds[i]
		if f.from == nil {
			continue
		}
		seen, err := m.openSeen(f, f.input)
		if err != nil {
			return err
		}
		rows, _ := f.from.result.snapshot()
		if err := seen.apply(0, rows); err != nil {
			return err
		}
		some = true
	}
	if some {
		m.begins = behind
	}
	return nil
}

func (m *member) openSeen(f *feed, input int) (*resultTable, error) {
	return openSeen(m.stores[0], input, f.from.spec.Schema, m.batchBytes)
}

// begun ends the first epoch.
func (m *member) begun() error {
	if m.begins == running {
		return nil
	}
	m.begins = running
	for i := range m.feeds {
		f := &m.feeds[i]
		if f.seen == nil {
			continue
		}
		if err := f.seen.apply(0, f.seen.negated()); err != nil {
			return err
		}
		f.seen = nil
	}
	return nil
}

// negated is the table's rows taken back.
func (r *resultTable) negated() []*zset.Batch {
	batches, _ := r.snapshot()
	for _, b := range batches {
		if b.Weights == nil {
			b.Weights = make([]int64, b.Len)
			for i := range b.Weights {
				b.Weights[i] = -1
			}
			continue
		}
		for i := range b.Weights {
			b.Weights[i] = -b.Weights[i]
		}
	}
	return batches
}
