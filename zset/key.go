package zset

import (
	"encoding/binary"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// AppendKey appends the values of a row so that equal rows, and only they, give
// equal bytes. NULL equals NULL.
func AppendKey(dst []byte, cols []*vec.Vec, row int) []byte {
	for _, c := range cols {
		if c.IsNull(row) {
			dst = append(dst, 0)
			continue
		}
		dst = append(dst, 1)
		switch l := c.Type.Layout(); l {
		case types.Bytes:
			b := c.Bytes(row)
			dst = binary.AppendUvarint(dst, uint64(len(b)))
			dst = append(dst, b...)
		case types.Int128:
			at := c.At(row) * 16
			dst = append(dst, c.Data[at:at+16]...)
		default:
			dst = binary.LittleEndian.AppendUint64(dst, Word(c, c.At(row)))
		}
	}
	return dst
}

// KeyAt reads back the columns of a key that AppendKey made, appending one value
// to each builder.
func KeyAt(key []byte, out []*vec.Builder) {
	for _, b := range out {
		if key[0] == 0 {
			b.AppendNull()
			key = key[1:]
			continue
		}
		key = key[1:]
		switch b.Type().Layout() {
		case types.Bytes:
			n, w := binary.Uvarint(key)
			b.AppendBytes(key[w : w+int(n)])
			key = key[w+int(n):]
		case types.Int128:
			vec.Append(b, decimalAt(key))
			key = key[16:]
		default:
			AppendWord(b, binary.LittleEndian.Uint64(key))
			key = key[8:]
		}
	}
}

// KeyAfter reads back the columns of a key that come after those of the types before.
func KeyAfter(key []byte, before []types.Type, out []*vec.Builder) {
	for _, t := range before {
		if key[0] == 0 {
			key = key[1:]
			continue
		}
		key = key[1:]
		switch t.Layout() {
		case types.Bytes:
			n, w := binary.Uvarint(key)
			key = key[w+int(n):]
		case types.Int128:
			key = key[16:]
		default:
			key = key[8:]
		}
	}
	KeyAt(key, out)
}

func decimalAt(key []byte) vec.Decimal {
	v := vec.Vec{Type: types.DecimalOf(types.MaxPrecision, 0), Len: 1, Data: append(make([]byte, 0, 16), key[:16]...)}
	return vec.Slice[vec.Decimal](&v)[0]
}

// AppendWord appends the value that Word made w of.
func AppendWord(b *vec.Builder, w uint64) {
	switch b.Type().Layout() {
	case types.Bits:
		b.AppendBool(w != 0)
	case types.Int8, types.Uint8:
		vec.Append(b, uint8(w))
	case types.Int16, types.Uint16:
		vec.Append(b, uint16(w))
	case types.Int32, types.Uint32, types.Float32:
		vec.Append(b, uint32(w))
	default:
		vec.Append(b, w)
	}
}

// CompareRows orders two rows by all their columns, ascending, NULL first: the
// order that closes every one which SQL leaves open.
func CompareRows(a []*vec.Vec, i int, b []*vec.Vec, j int) int {
	for k := range a {
		if c := CompareValues(a[k], i, b[k], j); c != 0 {
			return c
		}
	}
	return 0
}
