package zset

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sqlstream/sqlstream/internal/cputime"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// benchRows is n rows of which half take back the other half: (BIGINT, BIGINT),
// (VARCHAR, BIGINT).
func benchRows(n int, text bool) *Batch {
	r := rand.New(rand.NewPCG(1, 1))
	key := types.Of(types.BigInt)
	if text {
		key = types.Of(types.Varchar)
	}
	b := NewBuilder(types.NewSchema(types.Field{Name: "a", Type: key}, types.Field{Name: "b", Type: types.Of(types.BigInt)}))
	for _, i := range r.Perm(n) {
		if text {
			b.Cols[0].AppendString(fmt.Sprintf("user-%010d", i/2))
		} else {
			vec.Append(b.Cols[0], int64(i/2)*7919)
		}
		vec.Append(b.Cols[1], int64(i/2))
		b.EndRowWeight(int64(i%2)*2 - 1)
	}
	return b.Build()
}

// halved is benchRows where every fourth row is not taken back.
func halved(n int, text bool) *Batch {
	b := benchRows(n, text)
	for i := range b.Weights {
		if i%4 == 0 {
			b.Weights[i] = 1
		}
	}
	return b
}

func BenchmarkConsolidate(b *testing.B) {
	b.Run("one column/8192", func(b *testing.B) {
		rows := halved(8192, false)
		benchConsolidate(b, &Batch{Schema: rows.Schema.Project([]int{0}), Len: rows.Len, Cols: rows.Cols[:1], Weights: rows.Weights})
	})
	for _, text := range []bool{false, true} {
		for _, n := range []int{8192, 65536} {
			rows := halved(n, text)
			b.Run(fmt.Sprintf("%s/%d", rows.Cols[0].Type, n), func(b *testing.B) { benchConsolidate(b, rows) })
		}
	}
}

func benchConsolidate(b *testing.B, rows *Batch) {
	c, out := new(Consolidator), NewBuilder(rows.Schema)
	c.Into(out, rows)
	done := cputime.PerRow(b, rows.Len)
	for range b.N {
		out.Reset()
		c.Into(out, rows)
	}
	done()
}

// The same with a Go map from row to weight.
func BenchmarkConsolidateFloor(b *testing.B) {
	type row struct{ a, b int64 }
	rows := halved(8192, false)
	x, y := vec.Slice[int64](rows.Cols[0]), vec.Slice[int64](rows.Cols[1])
	total := map[row]int64{}
	var kept []row
	done := cputime.PerRow(b, rows.Len)
	for range b.N {
		clear(total)
		kept = kept[:0]
		for i, w := range rows.Weights {
			total[row{x[i], y[i]}] += w
		}
		for r, w := range total {
			if w != 0 {
				kept = append(kept, r)
			}
		}
	}
	done()
}

func BenchmarkHashRows(b *testing.B) {
	for _, text := range []bool{false, true} {
		rows := benchRows(8192, text)
		b.Run(rows.Cols[0].Type.String(), func(b *testing.B) {
			out := make([]uint64, rows.Len)
			done := cputime.PerRow(b, rows.Len)
			for range b.N {
				HashRows(rows.Cols, rows.Len, out)
			}
			done()
		})
	}
}
