package vec_test

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A vector goes to Arrow and back without change, and without a copy but for what holds
// other values: Arrow has these in columns of their own.
func TestArrowRoundTrip(t *testing.T) {
	for _, typ := range sample.Types {
		for _, n := range []int{0, 1, 64, 100, 1000} {
			for _, nulls := range []bool{false, true} {
				v := sample.Vec(sample.Rand(8), typ, n, nulls)
				a := v.Arrow()
				if a.Len() != n || a.NullN() != v.NullCount() {
					t.Fatalf("%s: %d values and %d NULLs, want %d and %d", typ, a.Len(), a.NullN(), n, v.NullCount())
				}
				w, err := vec.FromArrow(a, typ)
				if err != nil {
					t.Fatal(err)
				}
				equal(t, typ.String(), show(w), show(v))
				if len(v.Data) > 0 && !typ.IsNested() && unsafe.SliceData(v.Data) != unsafe.SliceData(w.Data) {
					t.Errorf("%s: the values were copied", typ)
				}
			}
		}
	}
}

// Arrow reads from the shared memory what the vector holds, by its own accessors.
func TestArrowReadsTheValues(t *testing.T) {
	v := sample.Vec(sample.Rand(9), types.Of(types.Varchar), 300, true)
	for _, v := range []*vec.Vec{v, v.Part(64, 200)} {
		a := v.Arrow().(*array.String)
		for i := range v.Len {
			if a.IsNull(i) != v.IsNull(i) || !a.IsNull(i) && a.Value(i) != v.Str(i) {
				t.Fatalf("row %d is %q, want %q", i, a.Value(i), v.Str(i))
			}
		}
	}
	b := sample.Vec(sample.Rand(10), types.Of(types.Boolean), 300, true)
	for _, v := range []*vec.Vec{b, b.Part(128, 300)} {
		a := v.Arrow().(*array.Boolean)
		for i := range v.Len {
			if a.IsNull(i) != v.IsNull(i) || !a.IsNull(i) && a.Value(i) != v.Bool(i) {
				t.Fatalf("row %d is %v", i, a.Value(i))
			}
		}
	}
}

// A constant is written out.
func TestArrowOfConstant(t *testing.T) {
	for _, typ := range sample.Types {
		one := *sample.Vec(sample.Rand(11), typ, 1, false)
		one.Const = true
		for _, v := range []*vec.Vec{one.WithLen(70), vec.NullConst(typ, 70)} {
			w, err := vec.FromArrow(v.Arrow(), typ)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, typ.String(), show(w), show(v))
		}
	}
}

// A slice of an array that begins anywhere is read from where it begins.
func TestFromArrowSlice(t *testing.T) {
	for _, typ := range sample.Types {
		v := sample.Vec(sample.Rand(12), typ, 500, true)
		all, a := show(v), v.Arrow()
		for _, c := range [][2]int{{0, 500}, {1, 500}, {7, 77}, {63, 65}, {64, 300}, {130, 130}} {
			w, err := vec.FromArrow(array.NewSlice(a, int64(c[0]), int64(c[1])), typ)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, typ.String(), show(w), all[c[0]:c[1]])
		}
	}
}

// Arrays that Arrow's own builders made are read, bitmaps short of a whole word
// included.
func TestFromArrowBuilder(t *testing.T) {
	ib := array.NewInt64Builder(memory.DefaultAllocator)
	sb := array.NewStringBuilder(memory.DefaultAllocator)
	bb := array.NewBooleanBuilder(memory.DefaultAllocator)
	for i := range 70 {
		if i%3 == 0 {
			ib.AppendNull()
			sb.AppendNull()
			bb.AppendNull()
			continue
		}
		ib.Append(int64(i))
		sb.Append(strings.Repeat("x", i))
		bb.Append(i%2 == 0)
	}
	for _, c := range []struct {
		a arrow.Array
		t types.Type
	}{{ib.NewArray(), types.Of(types.BigInt)}, {sb.NewArray(), types.Of(types.Varchar)}, {bb.NewArray(), types.Of(types.Boolean)}} {
		v, err := vec.FromArrow(c.a, c.t)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 70 {
			if v.IsNull(i) != (i%3 == 0) {
				t.Fatalf("%s: NULL at %d is %v", c.t, i, v.IsNull(i))
			}
			if got, want := string(vec.AppendText(nil, v, i)), c.a.ValueStr(i); i%3 != 0 && got != want {
				t.Fatalf("%s: %s at %d, want %s", c.t, got, i, want)
			}
		}
	}
}

// An array of another type, and a type that Arrow lacks, are errors.
func TestArrowTypesThatDoNotFit(t *testing.T) {
	a := sample.Vec(sample.Rand(13), types.Of(types.BigInt), 3, false).Arrow()
	if _, err := vec.FromArrow(a, types.Of(types.Varchar)); err == nil || err.Error() != "a int64 cannot be read as VARCHAR" {
		t.Error(err)
	}
	if _, err := vec.ArrowType(types.Of(types.Interval)); err == nil || err.Error() != "a INTERVAL has no Arrow form" {
		t.Error(err)
	}
	if n := vec.NullConst(types.Of(types.Null), 4).Arrow(); n.Len() != 4 || n.NullN() != 4 {
		t.Error("NULLs are not NULL in Arrow")
	}
}
