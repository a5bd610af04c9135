package vec

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/sqlstream/sqlstream/sql/types"
)

// AppendOrdered appends a value so that the order of the bytes is the order of the
// values: NULL first, numbers by value (NaN before all), text bytewise. Several values
// appended one after the other order as a row does.
func AppendOrdered(dst []byte, c *Vec, row int) []byte {
	if c.IsNull(row) {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	at := c.At(row)
	switch c.Type.Layout() {
	case types.Int64:
		return binary.BigEndian.AppendUint64(dst, uint64(Slice[int64](c)[at])^1<<63)
	case types.Bytes:
		if c.Type.IsNested() { // which says itself where it ends
			return append(dst, c.Bytes(row)...)
		}
		text := c.Bytes(row)
		for zero := bytes.IndexByte(text, 0); zero >= 0; zero = bytes.IndexByte(text, 0) {
			dst = append(append(dst, text[:zero+1]...), 0xFF)
			text = text[zero+1:]
		}
		return append(append(dst, text...), 0, 1)
	case types.Int128:
		d := Slice[Decimal](c)[at]
		dst = binary.BigEndian.AppendUint64(dst, uint64(d.HighBits())^1<<63)
		return binary.BigEndian.AppendUint64(dst, d.LowBits())
	case types.Float32:
		return binary.BigEndian.AppendUint64(dst, orderedFloat(float64(Slice[float32](c)[at])))
	case types.Float64:
		return binary.BigEndian.AppendUint64(dst, orderedFloat(Slice[float64](c)[at]))
	case types.Bits:
		bit := uint64(0)
		if c.Bool(row) {
			bit = 1
		}
		return binary.BigEndian.AppendUint64(dst, bit)
	}
	if c.Type.IsUnsigned() {
		return binary.BigEndian.AppendUint64(dst, Uint(c, at))
	}
	return binary.BigEndian.AppendUint64(dst, uint64(Int(c, at))^1<<63)
}

// orderedFloat maps NaN to 0, which no other value becomes.
func orderedFloat(f float64) uint64 {
	if f != f {
		return 0
	}
	u := math.Float64bits(f + 0)
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
func DecodeOrdered(key []byte, b *Builder) []byte {
	if key[0] == 0 {
		b.AppendNull()
		return key[1:]
	}
	key = key[1:]
	switch b.layout {
	case types.Int64:
		Append(b, int64(binary.BigEndian.Uint64(key)^1<<63))
		return key[8:]
	case types.Bytes:
		if b.typ.IsNested() {
			rest := skipNested(key, b.typ)
			b.AppendBytes(key[:len(key)-len(rest)])
			return rest
		}
		buf := b.Tail()
		for {
			zero := bytes.IndexByte(key, 0)
			buf = append(buf, key[:zero]...)
			ends := key[zero+1] == 1
			key = key[zero+2:]
			if ends {
				b.EndBytes(buf)
				return key
			}
			buf = append(buf, 0)
		}
	case types.Int128:
		Append(b, decimal128.New(int64(binary.BigEndian.Uint64(key)^1<<63), binary.BigEndian.Uint64(key[8:])))
		return key[16:]
	}
	u := binary.BigEndian.Uint64(key)
	switch b.layout {
	case types.Float32:
		Append(b, float32(floatOrdered(u)))
	case types.Float64:
		Append(b, floatOrdered(u))
	case types.Bits:
		b.AppendBool(u != 0)
	case types.Uint8, types.Uint16, types.Uint32, types.Uint64:
		AppendUint(b, u)
	default:
		AppendInt(b, int64(u^1<<63))
	}
	return key[8:]
}
