package zset

import (
	"math"
	"math/bits"

	"github.com/zeebo/xxh3"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// seed is what the hash of a row begins with.
const seed = 0x9E3779B97F4A7C15

// HashRows writes a hash of the columns of each row into out, the same in every
// process: rows are routed by it. Equal rows have equal hashes; a hash is never
// an identity.
func HashRows(cols []*vec.Vec, n int, out []uint64) {
	out = out[:n]
	if len(cols) > 0 && !cols[0].Const && cols[0].Valid == nil && cols[0].Type.Layout().Width() == 8 && !cols[0].Type.IsFloat() {
		for i, x := range vec.Slice[uint64](cols[0])[:n] {
			out[i] = Mix(seed, x)
		}
		cols = cols[1:]
	} else {
		for i := range out {
			out[i] = seed
		}
	}
	for _, c := range cols {
		switch {
		case c.Const:
			hashConst(c, out)
		case c.Valid != nil:
			hashNullable(c, out)
		default:
			hashColumn(c, out)
		}
	}
}

// hashColumn takes in a column without NULLs.
func hashColumn(c *vec.Vec, out []uint64) {
	switch c.Type.Layout() {
	case types.Int64, types.Uint64:
		hashFixed(vec.Slice[uint64](c), out)
	case types.Int32, types.Uint32:
		hashFixed(vec.Slice[uint32](c), out)
	case types.Bytes:
		for i := range out {
			out[i] = Mix(out[i], xxh3.Hash(c.Bytes(i)))
		}
	case types.Int128:
		for i, d := range vec.Slice[vec.Decimal](c)[:len(out)] {
			out[i] = Mix(out[i], Mix(d.LowBits(), uint64(d.HighBits())))
		}
	default:
		for i := range out {
			out[i] = Mix(out[i], hashWord(c, i))
		}
	}
}

func hashFixed[T uint32 | uint64](x []T, out []uint64) {
	x = x[:len(out)]
	for i := range out {
		out[i] = Mix(out[i], uint64(x[i]))
	}
}

func hashConst(c *vec.Vec, out []uint64) {
	v := uint64(0)
	if !c.IsNull(0) {
		v = hashWord(c, 0)
	}
	for i := range out {
		out[i] = Mix(out[i], v)
	}
}

// hashNullable takes in 0 for a NULL.
func hashNullable(c *vec.Vec, out []uint64) {
	for i := range out {
		v := uint64(0)
		if vec.GetBit(c.Valid, i) {
			v = hashWord(c, i)
		}
		out[i] = Mix(out[i], v)
	}
}

// hashWord makes one word of the value at a place, not always the only one with it.
func hashWord(c *vec.Vec, at int) uint64 {
	switch c.Type.Layout() {
	case types.Bits:
		return 1 + Word(c, at)
	case types.Bytes:
		return xxh3.Hash(c.Bytes(at))
	case types.Int128:
		d := vec.Slice[vec.Decimal](c)[at]
		return Mix(d.LowBits(), uint64(d.HighBits()))
	}
	return Word(c, at)
}

// Mix folds two words into one by a 128-bit product. What came before, a, is not
// lost where the product is 0.
func Mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9FB21C651E98DF25, b^mixZero)
	return hi ^ lo ^ a
}

const mixZero = 0xD6E8FEB86659FD93

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

// normal gives the one form of a zero and of NaN.
func normal(f float64) float64 {
	if f == 0 {
		return 0
	}
	if f != f {
		return math.NaN()
	}
	return f
}
