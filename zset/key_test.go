package zset_test

import (
	"bytes"
	"cmp"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// checkKeyAfter holds that a column of a key reads back alone as it does with the others.
func checkKeyAfter(t *testing.T, b *zset.Batch, row int, key []byte) {
	t.Helper()
	var before []types.Type
	for k, c := range b.Cols {
		one := vec.NewBuilder(c.Type)
		zset.KeyAfter(key, before, []*vec.Builder{one})
		if v := one.Vec(); zset.CompareRows(b.Cols[k:k+1], row, []*vec.Vec{v}, 0) != 0 {
			t.Fatalf("column %d of %q does not read back alone", k, b.AppendRowText(nil, row))
		}
		before = append(before, c.Type)
	}
}

// checkKeys holds the laws of keys to every pair of rows of a batch: equal rows, and
// only they, have equal keys and the order of ordered keys is the order of the
// values; both read back; and equal rows have equal hashes.
func checkKeys(t *testing.T, b *zset.Batch) {
	t.Helper()
	keys, orders, hashes := make([][]byte, b.Len), make([][]byte, b.Len), make([]uint64, b.Len)
	zset.HashRows(b.Cols, b.Len, hashes)
	back, again := zset.NewBuilder(b.Schema), zset.NewBuilder(b.Schema)
	for i := range b.Len {
		keys[i] = zset.AppendKey(nil, b.Cols, i)
		for _, c := range b.Cols {
			orders[i] = vec.AppendOrdered(orders[i], c, i)
		}
		zset.KeyAt(keys[i], back.Cols)
		checkKeyAfter(t, b, i, keys[i])
		rest := orders[i]
		for _, c := range again.Cols {
			rest = vec.DecodeOrdered(rest, c)
		}
		if len(rest) > 0 {
			t.Fatalf("%q left of the ordered key of %q", rest, b.AppendRowText(nil, i))
		}
	}
	back.EndRows(b.Len)
	again.EndRows(b.Len)
	x, y := back.Build(), again.Build()
	for i := range b.Len {
		if zset.CompareRows(b.Cols, i, x.Cols, i) != 0 || zset.CompareRows(b.Cols, i, y.Cols, i) != 0 {
			t.Fatalf("%q reads back as %q from its key and as %q from its ordered key",
				b.AppendRowText(nil, i), x.AppendRowText(nil, i), y.AppendRowText(nil, i))
		}
		for j := range b.Len {
			order := zset.CompareRows(b.Cols, i, b.Cols, j)
			if (order == 0) != bytes.Equal(keys[i], keys[j]) {
				t.Fatalf("%q and %q compare as %d and have keys %q and %q",
					b.AppendRowText(nil, i), b.AppendRowText(nil, j), order, keys[i], keys[j])
			}
			if cmp.Compare(bytes.Compare(orders[i], orders[j]), 0) != cmp.Compare(order, 0) {
				t.Fatalf("%q and %q compare as %d, their ordered keys as %d",
					b.AppendRowText(nil, i), b.AppendRowText(nil, j), order, bytes.Compare(orders[i], orders[j]))
			}
			if order == 0 && hashes[i] != hashes[j] {
				t.Fatalf("%q and %q hash apart", b.AppendRowText(nil, i), b.AppendRowText(nil, j))
			}
		}
	}
}

func TestKeysOfEachType(t *testing.T) {
	for i, typ := range sample.Types {
		checkKeys(t, sample.Batch(sample.Rand(uint64(i)), sample.Schema(typ), 200, false))
	}
}

func TestKeysOfSeveralColumns(t *testing.T) {
	for seed := range uint64(60) {
		r := sample.Rand(seed)
		checkKeys(t, sample.Batch(r, sample.Schema(sample.AnyTypes(r, 1+r.IntN(4))...), 60, false))
	}
}

// A constant column has the keys and hashes of the same column written out.
func TestKeysOfConstants(t *testing.T) {
	for _, typ := range sample.Types {
		for seed := range uint64(10) {
			one := *sample.Vec(sample.Rand(seed), typ, 1, true)
			one.Const = true
			c := []*vec.Vec{one.WithLen(5)}
			flat := []*vec.Vec{vec.Flatten(new(vec.Mem), c[0])}
			hc, hf := make([]uint64, 5), make([]uint64, 5)
			zset.HashRows(c, 5, hc)
			zset.HashRows(flat, 5, hf)
			for i := range 5 {
				if hc[i] != hf[i] || !bytes.Equal(zset.AppendKey(nil, c, i), zset.AppendKey(nil, flat, i)) ||
					!bytes.Equal(vec.AppendOrdered(nil, c[0], i), vec.AppendOrdered(nil, flat[0], i)) {
					t.Fatalf("%s: a constant differs from the column written out", typ)
				}
			}
		}
	}
}

// NaN is before all numbers wherever values are ordered, and zero has no sign.
func TestNaNBeforeAllNumbers(t *testing.T) {
	for _, typ := range []types.Type{types.Of(types.Float), types.Of(types.Double)} {
		b, err := zset.Parse(sample.Schema(typ), "NULL\nNaN\n-Inf\n-1\n-0\n0\n1\n+Inf\n")
		if err != nil {
			t.Fatal(err)
		}
		checkKeys(t, b)
		for i := 1; i < b.Len; i++ {
			want := -1
			if i == 5 { // 0 after -0
				want = 0
			}
			if c := zset.CompareRows(b.Cols, i-1, b.Cols, i); c != want {
				t.Errorf("%s and %s compare as %d", b.AppendRowText(nil, i-1), b.AppendRowText(nil, i), c)
			}
		}
	}
}

// fuzzed makes a batch of two rows and three columns out of the fuzzer's bytes.
func fuzzed(a, b []byte, x, y int64, f, g float64) *zset.Batch {
	out := zset.NewBuilder(sample.Schema(types.Of(types.Binary), types.Of(types.BigInt), types.Of(types.Binary), types.Of(types.Double)))
	add := func(s []byte, n int64, f float64) {
		half := 0
		if len(s) > 0 {
			half = int(uint64(n) % uint64(len(s)+1))
		}
		if n == 7 {
			out.Cols[0].AppendNull()
		} else {
			out.Cols[0].AppendBytes(s[:half])
		}
		vec.Append(out.Cols[1], n)
		out.Cols[2].AppendBytes(s[half:])
		vec.Append(out.Cols[3], f)
		out.EndRow()
	}
	add(a, x, f)
	add(b, y, g)
	return out.Build()
}

// FuzzKeys looks for two rows that break the laws of keys.
func FuzzKeys(f *testing.F) {
	f.Add([]byte("a\x00b"), []byte("a\x00\xffb"), int64(1), int64(2), 0.0, -1.5)
	f.Add([]byte(""), []byte("\x00"), int64(7), int64(0), 1e300, -1e300)
	f.Add([]byte("ab"), []byte("ab"), int64(1), int64(1), 2.0, 2.0)
	f.Fuzz(func(t *testing.T, a, b []byte, x, y int64, p, q float64) { checkKeys(t, fuzzed(a, b, x, y, p, q)) })
}

// FuzzOrdered looks for two texts whose ordered keys are not in their order, alone
// and before another column.
func FuzzOrdered(f *testing.F) {
	f.Add("a", "a\x00")
	f.Add("a\x00\x01", "a\x01")
	f.Add("", "\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		s := zset.NewBuilder(sample.Schema(types.Of(types.Varchar), types.Of(types.Varchar)))
		for _, row := range [][2]string{{a, b}, {b, a}, {a, a}, {a + b, ""}, {"", a + b}} {
			s.Cols[0].AppendString(row[0])
			s.Cols[1].AppendString(row[1])
			s.EndRow()
		}
		checkKeys(t, s.Build())
	})
}
