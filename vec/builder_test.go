package vec_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// show gives the values as text, NULL apart from the text of that name.
func show(v *vec.Vec) []string {
	out := make([]string, v.Len)
	for i := range out {
		out[i] = "NULL"
		if !v.IsNull(i) {
			out[i] = fmt.Sprintf("%q", vec.AppendText(nil, v, i))
		}
	}
	return out
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: value %d is %s, want %s", what, i, got[i], want[i])
		}
	}
}

// A builder holds what was appended to it, whatever the order of values, NULLs,
// pieces of other columns and truncations.
func TestBuilderKeepsWhatWasAppended(t *testing.T) {
	for _, typ := range sample.Types {
		r := sample.Rand(1)
		b, model := vec.NewBuilder(typ), []string{}
		for step := range 2000 {
			switch r.IntN(20) {
			case 0:
				n := r.IntN(len(model) + 1)
				b.Truncate(n)
				model = model[:n]
			case 1:
				if r.IntN(10) == 0 {
					b.Reset()
					model = model[:0]
				}
			case 2, 3:
				v, sel := piece(r, typ)
				b.AppendVec(v, sel)
				values := show(v)
				if sel == nil {
					model = append(model, values...)
				}
				for _, s := range sel {
					model = append(model, values[s])
				}
			case 4:
				v, _ := piece(r, typ)
				if v.Len > 0 {
					row := r.IntN(v.Len)
					b.AppendRow(v, row)
					model = append(model, show(v)[row])
				}
			case 5, 6:
				b.AppendNull()
				model = append(model, "NULL")
			default:
				v := sample.Vec(r, typ, 1, false)
				b.AppendRow(v, 0)
				model = append(model, show(v)[0])
			}
			if len(model) > 0 && b.LastNull() != (model[len(model)-1] == "NULL") {
				t.Fatalf("%s, step %d: LastNull is %v", typ, step, b.LastNull())
			}
			if step%50 == 0 {
				equal(t, fmt.Sprintf("%s, step %d", typ, step), show(b.Vec()), model)
			}
		}
		equal(t, typ.String(), show(b.Vec()), model)
	}
}

// piece returns a short column, constant now and then, and positions in it.
func piece(r *rand.Rand, typ types.Type) (*vec.Vec, []int32) {
	v := sample.Vec(r, typ, r.IntN(150), r.IntN(2) == 0)
	if v.Len > 0 && r.IntN(3) == 0 {
		one := *sample.Vec(r, typ, 1, true)
		one.Const = true
		v = one.WithLen(v.Len)
	}
	if v.Len == 0 || r.IntN(2) == 0 {
		return v, nil
	}
	sel := make([]int32, r.IntN(100))
	for i := range sel {
		sel[i] = int32(r.IntN(v.Len))
	}
	return v, sel
}

// A value that is out of a type's range is refused and nothing is appended.
func TestIntegersOutOfRange(t *testing.T) {
	for _, c := range []struct {
		kind types.Kind
		v    int64
		ok   bool
	}{
		{types.TinyInt, 127, true},
		{types.TinyInt, 128, false},
		{types.TinyInt, -128, true},
		{types.TinyInt, -129, false},
		{types.SmallInt, 1 << 15, false},
		{types.Int, 1 << 31, false},
		{types.Int, -1 << 31, true},
		{types.BigInt, -1 << 63, true},
	} {
		b := vec.NewBuilder(types.Of(c.kind))
		if ok := vec.AppendInt(b, c.v); ok != c.ok || b.Len() != map[bool]int{true: 1}[ok] {
			t.Errorf("%s %d: %v, %d values", c.kind, c.v, ok, b.Len())
		}
	}
	if b := vec.NewBuilder(types.Of(types.UTinyInt)); vec.AppendUint(b, 256) || !vec.AppendUint(b, 255) || b.Len() != 1 {
		t.Error("TINYINT UNSIGNED holds 0 to 255")
	}
}

// EndBytes makes a value of whatever was appended to the tail.
func TestBuilderTail(t *testing.T) {
	b := vec.NewBuilder(types.Of(types.Varchar))
	b.AppendString("a")
	b.EndBytes(append(b.Tail(), "bc"...))
	b.EndBytes(b.Tail())
	equal(t, "tail", show(b.Vec()), []string{`"a"`, `"bc"`, `""`})
}

// A builder that has grown once allocates nothing when it is filled again.
func TestBuilderReuse(t *testing.T) {
	for _, typ := range sample.Types {
		src := sample.Vec(sample.Rand(2), typ, 1000, true)
		b := vec.NewBuilder(typ)
		fill := func() {
			b.Reset()
			b.AppendVec(src, nil)
		}
		fill()
		if n := testing.AllocsPerRun(5, fill); n != 0 {
			t.Errorf("%s: %v allocations", typ, n)
		}
	}
}
