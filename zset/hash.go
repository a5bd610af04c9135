package zset

import (
	"math"
	"math/bits"

	"github.com/zeebo/xxh3"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// HashRows writes a hash of the columns of each row into out, the same in every
// process: rows are routed by it. Equal rows have equal hashes; a hash is never
// an identity.
func HashRows(cols []*vec.Vec, n int, out []uint64) {
	out = out[:n]
	for i := range out {
		out[i] = 0x9E3779B97F4A7C15
	}
	for _, c := range cols {
		hashColumn(c, out)
	}
}

func hashColumn(c *vec.Vec, out []uint64) {
	switch c.Type.Layout() {
	case types.Bits:
		for i := range out {
			b := uint64(1)
			if c.Bool(i) {
				b = 2
			}
			mixRow(c, out, i, b)
		}
	case types.Bytes:
		for i := range out {
			mixRow(c, out, i, xxh3.Hash(c.Bytes(i)))
		}
	case types.Int128:
		values := vec.Slice[vec.Decimal](c)
		for i := range out {
			d := values[c.At(i)]
			mixRow(c, out, i, Mix(d.LowBits(), uint64(d.HighBits())))
		}
	default:
		for i := range out {
			mixRow(c, out, i, Word(c, c.At(i)))
		}
	}
}

func mixRow(c *vec.Vec, out []uint64, row int, v uint64) {
	if c.IsNull(row) {
		v = 0
	}
	out[row] = Mix(out[row], v)
}

// Mix folds two words into one by a 128-bit product.
func Mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9FB21C651E98DF25, b^0xD6E8FEB86659FD93)
	return hi ^ lo
}

// Word returns the value at a place of a column of at most 8 bytes as one word:
// equal values give equal words, with -0.0 as +0.0 and one NaN.
func Word(c *vec.Vec, at int) uint64 {
	switch c.Type.Layout() {
	case types.Int8, types.Uint8:
		return uint64(vec.Slice[uint8](c)[at])
	case types.Int16, types.Uint16:
		return uint64(vec.Slice[uint16](c)[at])
	case types.Int32, types.Uint32:
		return uint64(vec.Slice[uint32](c)[at])
	case types.Float32:
		return uint64(math.Float32bits(float32(normal(float64(vec.Slice[float32](c)[at])))))
	case types.Float64:
		return math.Float64bits(normal(vec.Slice[float64](c)[at]))
	case types.Bits:
		return uint64(c.Data[at>>3] >> (at & 7) & 1)
	}
	return vec.Slice[uint64](c)[at]
}

func normal(f float64) float64 {
	if f == 0 {
		return 0
	}
	if f != f {
		return math.NaN()
	}
	return f
}
