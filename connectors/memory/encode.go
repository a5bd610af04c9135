package memory

import (
	"encoding/binary"
	"errors"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// appendBatch appends the rows of a batch: their number, the weights, and of each column
// which rows are NULL and the values as they lie in memory.
func appendBatch(dst []byte, b *zset.Batch) []byte {
	dst = binary.AppendUvarint(dst, uint64(b.Len))
	dst = append(dst, flag(b.Weights != nil))
	for _, w := range b.Weights {
		dst = binary.AppendVarint(dst, w)
	}
	for _, c := range b.Cols {
		dst = append(dst, flag(c.Valid != nil))
		if c.Valid != nil {
			dst = appendWords(dst, c.Valid[:vec.Words(b.Len)])
		}
		switch l := c.Type.Layout(); l {
		case types.Bits:
			dst = append(dst, c.Data[:8*vec.Words(b.Len)]...)
		case types.Bytes:
			for row := range b.Len {
				dst = binary.AppendUvarint(dst, uint64(c.Offsets[row+1]-c.Offsets[row]))
			}
			dst = append(dst, c.Data[c.Offsets[0]:c.Offsets[b.Len]]...)
		default:
			dst = append(dst, c.Data[:b.Len*l.Width()]...)
		}
	}
	return dst
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

func appendWords(dst []byte, words []uint64) []byte {
	for _, w := range words {
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	return dst
}

var errShort = errors.New("the record ends too early")

// A decoder takes the parts of a record one after the other. After an error it gives
// nothing any more.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.rest = nil
}

// take returns the next n bytes.
func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.fail(errShort)
		return nil
	}
	out := d.rest[:n:n]
	d.rest = d.rest[n:]
	return out
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail(errShort)
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.rest)
	if n <= 0 {
		d.fail(errShort)
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) text() string { return string(d.take(d.uvarint())) }

// batch reads what appendBatch has written.
func (d *decoder) batch(schema *types.Schema) *zset.Batch {
	n := d.uvarint()
	if n > 8*uint64(len(d.rest)) && schema.Len() > 0 { // a column takes a bit a row at least
		d.fail(errShort)
		return nil
	}
	b := &zset.Batch{Schema: schema, Len: int(n)}
	if d.byte() != 0 {
		if n > uint64(len(d.rest)) {
			d.fail(errShort)
			return nil
		}
		b.Weights = make([]int64, n)
		for i := range b.Weights {
			b.Weights[i] = d.varint()
		}
	}
	for _, f := range schema.Fields {
		b.Cols = append(b.Cols, d.column(f.Type, b.Len))
	}
	if d.err != nil {
		return nil
	}
	return b
}

func (d *decoder) column(t types.Type, n int) *vec.Vec {
	v := &vec.Vec{Type: t, Len: n}
	if d.byte() != 0 {
		v.Valid = make([]uint64, vec.Words(n))
		for i, raw := 0, d.take(8*uint64(len(v.Valid))); i < len(v.Valid) && raw != nil; i++ {
			v.Valid[i] = binary.LittleEndian.Uint64(raw[8*i:])
		}
	}
	switch l := t.Layout(); l {
	case types.Bits:
		v.Data = aligned(d.take(8 * uint64(vec.Words(n))))
	case types.Bytes:
		d.texts(v)
	default:
		v.Data = aligned(d.take(uint64(n) * uint64(l.Width())))
	}
	return v
}

func aligned(raw []byte) []byte {
	data := vec.Aligned(len(raw))
	copy(data, raw)
	return data
}

func (d *decoder) texts(v *vec.Vec) {
	if v.Len > len(d.rest) { // a byte a row at least
		d.fail(errShort)
		return
	}
	v.Offsets = make([]int32, v.Len+1)
	var end uint64
	for row := range v.Len {
		if end += d.uvarint(); end > 1<<31-1 {
			d.fail(errors.New("the texts of a record are longer than a column can hold"))
			return
		}
		v.Offsets[row+1] = int32(end)
	}
	v.Data = aligned(d.take(end))
}
