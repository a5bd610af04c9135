// Package sample makes random values of every SQL type for tests: few enough that
// equal ones meet, with those among them that are easily got wrong.
package sample

import (
	"math"
	"math/rand/v2"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Types lists a type of every kind that a column may have.
var Types = append(Plain[:len(Plain):len(Plain)],
	array(types.Of(types.Int)), array(array(types.Of(types.Varchar))),
	mapOf(types.Of(types.Varchar), types.Of(types.Int)),
	row(types.Of(types.BigInt), types.Of(types.Varchar), types.DecimalOf(10, 2)), array(row(types.Of(types.Boolean), types.Of(types.Date))),
)

func array(of types.Type) types.Type { return types.Type{Kind: types.Array, Elem: &of} }

func mapOf(key, of types.Type) types.Type { return types.Type{Kind: types.Map, Key: &key, Elem: &of} }

func row(of ...types.Type) types.Type {
	return types.Type{Kind: types.Row, Fields: Schema(of...).Fields}
}

// Plain lists those of Types that hold no other values.
var Plain = []types.Type{
	types.Of(types.Boolean), types.Of(types.TinyInt), types.Of(types.SmallInt), types.Of(types.Int), types.Of(types.BigInt),
	types.Of(types.UTinyInt), types.Of(types.USmallInt), types.Of(types.UInt), types.Of(types.UBigInt),
	types.Of(types.Float), types.Of(types.Double), types.DecimalOf(10, 2), types.DecimalOf(38, 0),
	types.Of(types.Varchar), types.Of(types.Binary), types.Of(types.JSON),
	types.Of(types.Date), types.Of(types.Time), types.Of(types.Timestamp), types.TimestampOf(3), types.TimestampLTZ(3, nil),
}

// Rand returns a source that always gives the same numbers.
func Rand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x9E3779B97F4A7C15)) }

// Schema returns a schema of columns a, b, c, … of the types.
func Schema(ts ...types.Type) *types.Schema {
	s := &types.Schema{}
	for i, t := range ts {
		s.Fields = append(s.Fields, types.Field{Name: string(rune('a' + i)), Type: t})
	}
	return s
}

// AnyTypes returns n types of the list.
func AnyTypes(r *rand.Rand, n int) []types.Type {
	out := make([]types.Type, n)
	for i := range out {
		out[i] = Types[r.IntN(len(Types))]
	}
	return out
}

// Batch returns n random rows, NULL here and there, with weights from -2 to 2 or,
// where weights is false, none.
func Batch(r *rand.Rand, s *types.Schema, n int, weights bool) *zset.Batch {
	b := zset.NewBuilder(s)
	for range n {
		for _, c := range b.Cols {
			AppendOrNull(r, c)
		}
		w := int64(1)
		if weights {
			w = r.Int64N(5) - 2
		}
		b.EndRowWeight(w)
	}
	return b.Build()
}

// Vec returns n random values, NULL here and there where nulls is set.
func Vec(r *rand.Rand, t types.Type, n int, nulls bool) *vec.Vec {
	b := vec.NewBuilder(t)
	for range n {
		if nulls {
			AppendOrNull(r, b)
		} else {
			Append(r, b)
		}
	}
	return b.Vec()
}

// AppendOrNull appends a random value or, one time in eight, NULL.
func AppendOrNull(r *rand.Rand, b *vec.Builder) {
	if r.IntN(8) == 0 {
		b.AppendNull()
		return
	}
	Append(r, b)
}

// Append appends a random value.
func Append(r *rand.Rand, b *vec.Builder) {
	switch t := b.Type(); t.Kind {
	case types.Boolean:
		b.AppendBool(r.IntN(2) == 0)
	case types.Float:
		vec.Append(b, float32(float(r)))
	case types.Double:
		vec.Append(b, float(r))
	case types.Decimal:
		vec.Append(b, decimal(r, t.Precision))
	case types.Varchar, types.Binary:
		b.AppendString(texts[r.IntN(len(texts))])
	case types.JSON:
		b.AppendString(jsons[r.IntN(len(jsons))])
	case types.Date:
		vec.Append(b, int32(r.IntN(40000)-10000))
	case types.Timestamp:
		vec.Append(b, whole(r.Int64N(1<<51)-1<<49, t.Precision))
	case types.Time:
		vec.Append(b, whole(r.Int64N(2*types.MicrosPerDay)-types.MicrosPerDay, t.Precision))
	case types.Array, types.Map, types.Row:
		nested(r, b)
	default:
		integer(r, b)
	}
}

// nested appends an array or map of up to three entries, or a row. A key is not NULL.
func nested(r *rand.Rand, b *vec.Builder) {
	parts, n := b.Parts(), 1
	if b.Type().Kind != types.Row {
		n = r.IntN(4)
	}
	for range n {
		for i, p := range parts {
			if b.Type().Kind == types.Map && i == 0 {
				Append(r, p)
			} else {
				AppendOrNull(r, p)
			}
		}
	}
	if err := b.EndNested(); err != nil {
		panic(err) // no key is NULL
	}
}

// whole drops the fractional digits that a precision has no place for.
func whole(micros int64, precision int) int64 {
	unit := int64(math.Pow10(types.MaxFraction - precision))
	return micros / unit * unit
}

var texts = []string{
	"", "a", "b", "ab", "a b", "NULL", "\x00", "a\x00", "a\x00\x01", "a\x01", "ä", "日本", "\"", "\\", "'", "`", "\n", "\t", "+1", "-1",
	"a\u00a0", "\u0085", "\u2028", "\ufeff", "0x41", "\x7f", "this is longer than any short text may be", "aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaab",
}

var jsons = []string{`{}`, `[1, 2]`, `"x"`, `null`, `{"a": {"b": [true]}}`}

func float(r *rand.Rand) float64 {
	special := []float64{0, math.Copysign(0, -1), 1, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat32, math.MaxFloat32, 0.1}
	if r.IntN(2) == 0 {
		return special[r.IntN(len(special))]
	}
	return r.NormFloat64() * 1000
}

func decimal(r *rand.Rand, precision int) vec.Decimal {
	if precision <= 18 {
		return decimal128.FromI64(r.Int64N(2000) - 1000)
	}
	switch r.IntN(4) {
	case 0:
		return decimal128.FromI64(r.Int64N(5) - 2)
	case 1:
		return decimal128.New(r.Int64N(1<<62)-1<<61, r.Uint64())
	case 2:
		return decimal128.New(r.Int64N(3)-1, r.Uint64N(3))
	}
	return decimal128.FromI64(r.Int64() - r.Int64())
}

func integer(r *rand.Rand, b *vec.Builder) {
	bits := b.Type().Layout().Width() * 8
	if b.Type().IsUnsigned() {
		v := r.Uint64N(5)
		switch r.IntN(3) {
		case 0:
			v = math.MaxUint64 >> (64 - bits)
		case 1:
			v = r.Uint64() >> (64 - bits)
		}
		vec.AppendUint(b, v)
		return
	}
	v := r.Int64N(5) - 2
	switch r.IntN(4) {
	case 0:
		v = math.MaxInt64 >> (64 - bits)
	case 1:
		v = math.MinInt64 >> (64 - bits)
	case 2:
		v = int64(r.Uint64()) >> (64 - bits)
	}
	vec.AppendInt(b, v)
}
