package zset

import (
	"encoding/binary"
	"math"

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

// AppendOrdered appends a value so that the order of the bytes is the order of the
// values: NULL first, numbers by value (NaN before all), text bytewise. Several values
// appended one after the other order as a row does.
func AppendOrdered(dst []byte, c *vec.Vec, row int) []byte {
	if c.IsNull(row) {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	at := c.At(row)
	switch c.Type.Layout() {
	case types.Bytes:
		for _, x := range c.Bytes(row) {
			dst = append(dst, x)
			if x == 0 {
				dst = append(dst, 0xFF)
			}
		}
		return append(dst, 0, 1)
	case types.Int128:
		d := vec.Slice[vec.Decimal](c)[at]
		dst = binary.BigEndian.AppendUint64(dst, uint64(d.HighBits())^1<<63)
		return binary.BigEndian.AppendUint64(dst, d.LowBits())
	case types.Float32:
		return binary.BigEndian.AppendUint64(dst, orderedFloat(float64(vec.Slice[float32](c)[at])))
	case types.Float64:
		return binary.BigEndian.AppendUint64(dst, orderedFloat(vec.Slice[float64](c)[at]))
	case types.Bits:
		return binary.BigEndian.AppendUint64(dst, Word(c, at))
	}
	if c.Type.IsUnsigned() {
		return binary.BigEndian.AppendUint64(dst, vec.Uint(c, at))
	}
	return binary.BigEndian.AppendUint64(dst, uint64(vec.Int(c, at))^1<<63)
}

// orderedFloat maps NaN to 0, which no other value becomes.
func orderedFloat(f float64) uint64 {
	if f != f {
		return 0
	}
	u := math.Float64bits(normal(f))
	if u>>63 != 0 {
		return ^u
	}
	return u | 1<<63
}

func floatOrdered(u uint64) float64 {
	if u == 0 {
		return math.NaN()
	}
	if u>>63 != 0 {
		return math.Float64frombits(u &^ (1 << 63))
	}
	return math.Float64frombits(^u)
}

// DecodeOrdered appends the first value of key to b and returns the rest.
func DecodeOrdered(key []byte, b *vec.Builder) []byte {
	if key[0] == 0 {
		b.AppendNull()
		return key[1:]
	}
	key = key[1:]
	switch b.Type().Layout() {
	case types.Bytes:
		buf := b.Tail()
		for i := 0; ; i++ {
			if key[i] != 0 {
				buf = append(buf, key[i])
				continue
			}
			if key[i+1] == 1 {
				b.EndBytes(buf)
				return key[i+2:]
			}
			buf = append(buf, 0)
			i++
		}
	case types.Int128:
		var raw [16]byte
		binary.LittleEndian.PutUint64(raw[:8], binary.BigEndian.Uint64(key[8:]))
		binary.LittleEndian.PutUint64(raw[8:], binary.BigEndian.Uint64(key)^1<<63)
		vec.Append(b, decimalAt(raw[:]))
		return key[16:]
	}
	u := binary.BigEndian.Uint64(key)
	switch t := b.Type(); {
	case t.Layout() == types.Float32:
		vec.Append(b, float32(floatOrdered(u)))
	case t.Layout() == types.Float64:
		vec.Append(b, floatOrdered(u))
	case t.Layout() == types.Bits || t.IsUnsigned():
		AppendWord(b, u)
	default:
		vec.AppendInt(b, int64(u^1<<63))
	}
	return key[8:]
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
