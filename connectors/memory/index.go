package memory

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// errAbsent says that a change takes back what is not there.
var errAbsent = errors.New("there is no such row to take back")

// An index counts the rows of a table: each row, so that none is taken back that is
// not there, and each value of an enforced PRIMARY KEY, so that none is there twice.
// Rows are counted from the first change on that takes some back: a table that is
// only added to never pays for it.
type index struct {
	def    *connectors.Table
	stored []int // the columns that are not computed
	rows   map[string]int64
	keys   map[string]int64
}

func newIndex(def *connectors.Table) *index {
	x := &index{def: def}
	for i, c := range def.Columns {
		if !c.Computed {
			x.stored = append(x.stored, i)
		}
	}
	if len(def.PrimaryKey) > 0 && !def.NotEnforced {
		x.keys = map[string]int64{}
	}
	return x
}

// add takes in a change as a whole, or refuses it as a whole. log is what the table
// holds so far.
func (x *index) add(b *zset.Batch, log []*zset.Batch) error {
	if takesBack(b) && appendOnly(x.def) {
		return errors.New("rows are only ever added ('append.only'), and a row is taken back")
	}
	if x.rows == nil && takesBack(b) {
		n := 0
		for _, old := range log {
			n += old.Len
		}
		x.rows = make(map[string]int64, n)
		for _, old := range log {
			x.count(x.rows, old, x.stored, 1)
		}
	}
	x.count(x.rows, b, x.stored, 1)
	x.count(x.keys, b, x.def.PrimaryKey, 1)
	if err := x.check(b); err != nil {
		x.drop(b)
		return err
	}
	return nil
}

// drop undoes add.
func (x *index) drop(b *zset.Batch) {
	x.count(x.rows, b, x.stored, -1)
	x.count(x.keys, b, x.def.PrimaryKey, -1)
}

// count adds the rows' weights, times sign, by the values of columns.
func (x *index) count(into map[string]int64, b *zset.Batch, columns []int, sign int64) {
	if into == nil {
		return
	}
	cols := pick(b, columns)
	var key []byte
	for row := range b.Len {
		key = zset.AppendKey(key[:0], cols, row)
		if n := into[string(key)] + sign*b.Weight(row); n != 0 {
			into[string(key)] = n
		} else {
			delete(into, string(key))
		}
	}
}

func (x *index) check(b *zset.Batch) error {
	stored, keys := pick(b, x.stored), pick(b, x.def.PrimaryKey)
	var key []byte
	for row := range b.Len {
		if x.rows != nil {
			if key = zset.AppendKey(key[:0], stored, row); x.rows[string(key)] < 0 {
				return fmt.Errorf("%w: %s", errAbsent, b.AppendRowText(nil, row))
			}
		}
		if x.keys != nil {
			if key = zset.AppendKey(key[:0], keys, row); x.keys[string(key)] > 1 {
				return fmt.Errorf("two rows would have %s, the PRIMARY KEY", b.NamedText(row, x.def.PrimaryKey))
			}
		}
	}
	return nil
}

func pick(b *zset.Batch, columns []int) []*vec.Vec {
	out := make([]*vec.Vec, len(columns))
	for i, c := range columns {
		out[i] = b.Cols[c]
	}
	return out
}

func takesBack(b *zset.Batch) bool {
	return slices.ContainsFunc(b.Weights, func(w int64) bool { return w < 0 })
}

// goneFirst puts the rows that are taken back before those that are added, so that a
// reader which stops between them never sees a key twice.
func goneFirst(b *zset.Batch) *zset.Batch {
	if !takesBack(b) {
		return b
	}
	var gone, added []int32
	for row := range b.Len {
		if b.Weight(row) < 0 {
			gone = append(gone, int32(row))
		} else {
			added = append(added, int32(row))
		}
	}
	out := zset.NewBuilder(b.Schema)
	out.Append(b, append(gone, added...))
	return out.Build()
}
