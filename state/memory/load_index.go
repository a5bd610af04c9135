package memory

import (
	"encoding/binary"
	"errors"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// An indexLoader fills an Index. The rows of one key are chained as they come.
type indexLoader struct {
	x *Index
	loading
	heads keyBatch
	rows  []byte   // weights and words
	kept  *changes // of the rows, which have none meanwhile
}

// Load implements state.Table.
func (x *Index) Load() state.Loader {
	l := &indexLoader{x: x, heads: newKeyBatch(x.shape.Keys), kept: x.changes}
	x.rows.changes, x.rows.loading, x.heads.loading = nil, true, true
	l.keys, l.gids = newKeyBatch(x.shape.Columns), make([]int32, vec.BatchRows)
	l.flush = l.put
	return l
}

// Below implements state.Delta.
func (l *indexLoader) Below([]byte) error { return errBelow }

// Delete implements state.Delta.
func (l *indexLoader) Delete(key []byte) error { return l.add(key, true) }

// Set implements state.Delta.
func (l *indexLoader) Set(key, value []byte) error {
	if len(value) < l.x.link {
		return errors.New("a row is too short")
	}
	if err := l.add(key, false); err != nil {
		return err
	}
	l.rows = append(l.rows, value[:l.x.link]...)
	return l.heads.add(value[l.x.link:])
}

// put sets or deletes the rows collected.
func (l *indexLoader) put() error {
	x, rows := l.x, l.gids[:l.n]
	if l.n == 0 {
		return nil
	}
	if l.deleting {
		if !x.listing {
			x.listAll() // what is deleted is given without its key
		}
		x.rows.find(l.keys.columns(), l.n, rows, false)
		for _, r := range present(rows) {
			clear(x.rows.row(r)[:8])
			x.zero = append(x.zero, r)
		}
		x.Settle()
	} else {
		l.set(rows)
	}
	l.rows = l.rows[:0]
	l.heads.reset()
	l.reset()
	x.relieve()
	return nil
}

func (l *indexLoader) set(rows []int32) {
	x := l.x
	x.head = room(x.head, l.n)
	x.find(l.heads.columns(), l.keys.columns(), x.head, rows, true)
	for i, r := range rows {
		row := x.rows.row(r)
		copy(row[:x.link], l.rows[i*x.link:])
		if binary.LittleEndian.Uint64(row) == 0 {
			x.zero = append(x.zero, r)
		}
	}
}

// Done implements state.Loader.
func (l *indexLoader) Done() error {
	x, err := l.x, l.put()
	x.bound = 0
	if x.listing {
		x.listMany()
	}
	x.rows.changes, x.rows.loading, x.heads.loading = l.kept, false, false
	return err
}
