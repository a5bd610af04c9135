package expr_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// evaluated is an expression over rows.
func evaluated(t *testing.T, e expr.Expr, rows *zset.Batch) *vec.Vec {
	t.Helper()
	p, err := expr.Compile(e, false)
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Eval(&expr.Context{Mem: new(vec.Mem)}, rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// CASE has of each row what the first branch has whose condition is true, a value or NULL, of every
// layout.
func TestCaseOfManyRows(t *testing.T) {
	for _, of := range []types.Type{
		types.Of(types.Boolean), types.Of(types.TinyInt), types.Of(types.Int), types.Of(types.BigInt), types.Of(types.Double),
		types.DecimalOf(20, 2), types.Of(types.Varchar), types.Of(types.Timestamp),
	} {
		r := sample.Rand(7)
		b := zset.NewBuilder(sample.Schema(types.Of(types.BigInt), of, of, of))
		for range 1000 {
			vec.Append(b.Cols[0], r.Int64N(4))
			for i, c := range b.Cols[1:] {
				if i < 2 && r.IntN(5) == 0 {
					c.AppendNull()
				} else {
					sample.Append(r, c)
				}
			}
			b.EndRow()
		}
		rows := b.Build()
		when := func(n int64, then expr.Expr) expr.When {
			return expr.When{Cond: &expr.Compare{Op: expr.Eq, L: column(rows, 0), R: number(n)}, Then: then}
		}
		null := &expr.Literal{T: of}
		for name, c := range map[string]struct {
			e    *expr.Case
			from [4]int // for each choice the column, 0 for NULL
		}{
			"columns":  {&expr.Case{Whens: []expr.When{when(0, column(rows, 1)), when(1, column(rows, 2))}, T: of}, [4]int{1, 2, 0, 0}},
			"no NULLs": {&expr.Case{Whens: []expr.When{when(3, column(rows, 3))}, Else: column(rows, 1), T: of}, [4]int{1, 1, 1, 3}},
			"a NULL":   {&expr.Case{Whens: []expr.When{when(2, null)}, Else: column(rows, 2), T: of}, [4]int{2, 2, 0, 2}},
			"none":     {&expr.Case{Whens: []expr.When{when(9, column(rows, 1))}, T: of}, [4]int{}},
		} {
			got := evaluated(t, c.e, rows)
			for i, n := range vec.Slice[int64](rows.Cols[0]) {
				from := c.from[n]
				null := from == 0 || rows.Cols[from].IsNull(i)
				if got.IsNull(i) != null || !null && zset.CompareValues(got, i, rows.Cols[from], i) != 0 {
					t.Fatalf("%s of %s: row %d, which chose %d, has another value", name, of, i, n)
				}
			}
		}
	}
}

// A value that stands in the text counts for all rows.
func TestCaseOfConstants(t *testing.T) {
	rows := benchRows(true)
	positive := &expr.Compare{Op: expr.Gt, L: column(rows, 0), R: number(500_000)}
	got := evaluated(t, &expr.Case{Whens: []expr.When{{Cond: positive, Then: number(7)}}, Else: number(8), T: types.Of(types.BigInt)}, rows)
	for i, n := range vec.Slice[int64](rows.Cols[0]) {
		want := int64(8)
		if !rows.Cols[0].IsNull(i) && n > 500_000 {
			want = 7
		}
		if got.IsNull(i) || vec.Slice[int64](got)[i] != want {
			t.Fatalf("row %d has another value than %d", i, want)
		}
	}
}
