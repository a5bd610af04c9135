package vec_test

import (
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/vec"
)

// Gather takes the rows that are asked for, in that order, of every type, of
// constants and of parts.
func TestGather(t *testing.T) {
	for _, typ := range sample.Types {
		r := sample.Rand(4)
		for round := range 40 {
			v, sel := piece(r, typ)
			if sel == nil {
				sel = []int32{}
			}
			if !v.Const && v.Len > 64 && round%2 == 0 {
				v = v.Part(64, v.Len)
				for i := range sel {
					sel[i] %= int32(v.Len)
				}
			}
			values, want := show(v), make([]string, len(sel))
			for i, s := range sel {
				want[i] = values[s]
			}
			got := vec.Gather(new(vec.Mem), v, sel)
			equal(t, typ.String(), show(got), want)
			if got.NullCount() != count(want, "NULL") {
				t.Errorf("%s: %d NULLs, want %d", typ, got.NullCount(), count(want, "NULL"))
			}
		}
	}
}

func count(list []string, s string) int {
	n := 0
	for _, x := range list {
		if x == s {
			n++
		}
	}
	return n
}

// A part is rows [from, to) of the whole, at every length around a word.
func TestPart(t *testing.T) {
	for _, typ := range sample.Types {
		v := sample.Vec(sample.Rand(5), typ, 333, true)
		all := show(v)
		for from := 0; from < v.Len; from += 64 {
			for _, to := range []int{from, from + 1, from + 63, from + 64, from + 65, v.Len} {
				if to = min(to, v.Len); to >= from {
					equal(t, fmt.Sprintf("%s [%d, %d)", typ, from, to), show(v.Part(from, to)), all[from:to])
				}
			}
		}
	}
}

// Flatten writes a constant out and leaves anything else alone.
func TestFlatten(t *testing.T) {
	for _, typ := range sample.Types {
		for seed := range uint64(20) {
			v := *sample.Vec(sample.Rand(seed), typ, 1, true)
			if vec.Flatten(new(vec.Mem), &v) != &v {
				t.Fatalf("%s: a column of its own was copied", typ)
			}
			v.Const = true
			for _, n := range []int{0, 1, 64, 100} {
				c := v.WithLen(n)
				flat := vec.Flatten(new(vec.Mem), c)
				equal(t, typ.String(), show(flat), show(c))
				if flat.Const || flat.NullCount() != c.NullCount() {
					t.Errorf("%s: constant %v, %d NULLs of %d", typ, flat.Const, flat.NullCount(), c.NullCount())
				}
			}
		}
		null := vec.NullConst(typ, 70)
		equal(t, typ.String(), show(vec.Flatten(new(vec.Mem), null)), show(null))
	}
}

// Bits are counted and listed up to the length, whatever stands behind it.
func TestBitmaps(t *testing.T) {
	r := sample.Rand(6)
	for _, n := range []int{0, 1, 63, 64, 65, 127, 128, 1000} {
		words := make([]uint64, vec.Words(n))
		for i := range words {
			words[i] = r.Uint64()
			if r.IntN(3) == 0 {
				words[i] = ^uint64(0)
			}
		}
		var want []int32
		for i := range n {
			if vec.GetBit(words, i) {
				want = append(want, int32(i))
			}
		}
		if c := vec.Count(words, n); c != len(want) {
			t.Errorf("%d bits: counted %d, want %d", n, c, len(want))
		}
		if sel := vec.AppendSel(nil, words, n); fmt.Sprint(sel) != fmt.Sprint(want) {
			t.Errorf("%d bits: listed %v, want %v", n, sel, want)
		}
		for i := range n {
			on := r.IntN(2) == 0
			vec.SetBit(words, i, on)
			if vec.GetBit(words, i) != on {
				t.Fatalf("bit %d was not set to %v", i, on)
			}
		}
	}
}
