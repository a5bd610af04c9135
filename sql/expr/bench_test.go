package expr_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/internal/cputime"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// benchRows is a batch (auction BIGINT, price DOUBLE, dec DECIMAL(10,2)) without
// NULLs, or with every eighth value NULL.
func benchRows(nulls bool) *zset.Batch {
	r := sample.Rand(1)
	b := zset.NewBuilder(sample.Schema(types.Of(types.BigInt), types.Of(types.Double), types.DecimalOf(10, 2), types.Of(types.Timestamp)))
	for range vec.BatchRows {
		if nulls && r.IntN(8) == 0 {
			b.Cols[0].AppendNull()
			b.Cols[1].AppendNull()
		} else {
			vec.Append(b.Cols[0], r.Int64N(1_000_000))
			vec.Append(b.Cols[1], r.Float64()*1e6)
		}
		sample.Append(r, b.Cols[2])
		vec.Append(b.Cols[3], r.Int64N(1<<50))
		b.EndRow()
	}
	return b.Build()
}

func column(b *zset.Batch, i int) *expr.Column {
	return &expr.Column{Index: i, Field: b.Schema.Fields[i]}
}

func number(n int64) *expr.Literal { return &expr.Literal{T: types.Of(types.BigInt), Value: n} }

// Expressions over a batch of 8192 rows.
func BenchmarkEval(b *testing.B) {
	big, double := types.Of(types.BigInt), types.Of(types.Double)
	for _, nulls := range []bool{false, true} {
		rows := benchRows(nulls)
		auction, price := column(rows, 0), column(rows, 1)
		mod := &expr.Arith{Op: expr.Mod, L: auction, R: number(123), T: big}
		for _, c := range []struct {
			name string
			e    expr.Expr
		}{
			{"price*0.908", &expr.Arith{Op: expr.Mul, L: price, R: &expr.Literal{T: double, Value: 0.908}, T: double}},
			{"auction%123", mod},
			{"auction%123=0", &expr.Compare{Op: expr.Eq, L: mod, R: number(0)}},
			{"auction>500000", &expr.Compare{Op: expr.Gt, L: auction, R: number(500_000)}},
			{"auction+auction", &expr.Arith{Op: expr.Add, L: auction, R: auction, T: big}},
			{"at-INTERVAL", &expr.Arith{Op: expr.Sub, L: column(rows, 3), R: expr.Micros(4_000_000), T: types.Of(types.Timestamp)}},
			{"auction*7", &expr.Arith{Op: expr.Mul, L: auction, R: number(7), T: big}},
			{"auctionDIV10", &expr.Arith{Op: expr.IntDiv, L: auction, R: number(10), T: big}},
			{"price/7", &expr.Arith{Op: expr.Div, L: price, R: &expr.Literal{T: double, Value: 7.0}, T: double}},
		} {
			name := c.name
			if nulls {
				name += "/nulls"
			}
			b.Run(name, func(b *testing.B) { benchEval(b, c.e, rows) })
		}
	}
}

func benchEval(b *testing.B, e expr.Expr, rows *zset.Batch) {
	p, err := expr.Compile(e, false)
	if err != nil {
		b.Fatal(err)
	}
	c := &expr.Context{Mem: new(vec.Mem)}
	done := cputime.PerRow(b, rows.Len)
	for range b.N {
		c.Mem.Reset()
		if _, err := p.Eval(c, rows, nil); err != nil {
			b.Fatal(err)
		}
	}
	done()
}

// A filter that keeps a 123rd or a half of the rows, with the rows gathered.
func BenchmarkFilterGather(b *testing.B) {
	rows := benchRows(false)
	auction := column(rows, 0)
	mod := &expr.Arith{Op: expr.Mod, L: auction, R: number(123), T: types.Of(types.BigInt)}
	for _, c := range []struct {
		name string
		e    expr.Expr
	}{
		{"auction%123=0", &expr.Compare{Op: expr.Eq, L: mod, R: number(0)}},
		{"auction>500000", &expr.Compare{Op: expr.Gt, L: auction, R: number(500_000)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			f, err := expr.CompileFilter(c.e, false)
			if err != nil {
				b.Fatal(err)
			}
			x := &expr.Context{Mem: new(vec.Mem)}
			var sel []int32
			done := cputime.PerRow(b, rows.Len)
			for range b.N {
				x.Mem.Reset()
				if sel, _, err = f.Select(x, rows, sel[:0]); err != nil {
					b.Fatal(err)
				}
				rows.Gather(x.Mem, sel)
			}
			done()
		})
	}
}

var sink []float64

// What a loop written for the one expression does.
func BenchmarkEvalFloor(b *testing.B) {
	rows := benchRows(false)
	x, n := vec.Slice[float64](rows.Cols[1]), vec.Slice[int64](rows.Cols[0])
	b.Run("price*0.908", func(b *testing.B) {
		z := make([]float64, len(x))
		done := cputime.PerRow(b, rows.Len)
		for range b.N {
			for i, v := range x {
				z[i] = v * 0.908
			}
			sink = z
		}
		done()
	})
	b.Run("auction%123=0", func(b *testing.B) {
		sel := make([]int32, 0, len(n))
		done := cputime.PerRow(b, rows.Len)
		for range b.N {
			sel = sel[:0]
			for i, v := range n {
				if v%123 == 0 {
					sel = append(sel, int32(i))
				}
			}
		}
		done()
	})
}
