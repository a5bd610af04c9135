package expr

import (
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A comparison of columns is the comparison of their values row by row, whichever of
// the operands is constant; with NULL it is NULL. NaN compares with nothing.
func TestCompareKernels(t *testing.T) {
	ops := map[Op]func(c int) bool{
		Eq: func(c int) bool { return c == 0 }, Ne: func(c int) bool { return c != 0 },
		Lt: func(c int) bool { return c < 0 }, Le: func(c int) bool { return c <= 0 },
		Gt: func(c int) bool { return c > 0 }, Ge: func(c int) bool { return c >= 0 },
	}
	for _, typ := range sample.Types {
		for seed := range uint64(6) {
			r := sample.Rand(seed)
			n := 1 + r.IntN(200)
			s := sample.Schema(typ, typ)
			b := sample.Batch(r, s, n, false)
			for i, c := range b.Cols {
				if r.IntN(3) == 0 {
					one := *c
					one.Const, one.Len = true, 1
					b.Cols[i] = one.WithLen(n)
				}
			}
			for op, holds := range ops {
				p, err := Compile(&Compare{op, &Column{0, s.Fields[0]}, &Column{1, s.Fields[1]}}, false)
				if err != nil {
					t.Fatal(err)
				}
				v, err := p.Eval(&Context{Mem: new(vec.Mem)}, b, nil)
				if err != nil {
					t.Fatal(err)
				}
				for i := range n {
					if isNaN(b.Cols[0], i) || isNaN(b.Cols[1], i) {
						continue
					}
					null := b.Cols[0].IsNull(i) || b.Cols[1].IsNull(i)
					if v.IsNull(i) != null || !null && v.Bool(i) != holds(zset.CompareValues(b.Cols[0], i, b.Cols[1], i)) {
						t.Fatalf("%s: %s %s is %v", typ, b.AppendRowText(nil, i), op, v.Bool(i))
					}
				}
			}
		}
	}
}

func isNaN(v *vec.Vec, row int) bool {
	if v.IsNull(row) || !v.Type.IsFloat() {
		return false
	}
	if v.Type.Kind == types.Float {
		f := vec.Slice[float32](v)[v.At(row)]
		return f != f
	}
	f := vec.Slice[float64](v)[v.At(row)]
	return f != f
}
