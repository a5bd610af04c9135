package zset

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// randomRows makes rows of two columns out of few values, so that many are equal.
func randomRows(r *rand.Rand, n int, weights bool) *Batch {
	b := NewBuilder(types.NewSchema(types.Field{Name: "a", Type: types.Of(types.Varchar)}, types.Field{Name: "b", Type: types.Of(types.Double)},
		types.Field{Name: "c", Type: types.Of(types.BigInt)}, types.Field{Name: "d", Type: types.Of(types.Boolean)}))
	for range n {
		if r.IntN(5) == 0 {
			b.Cols[0].AppendNull()
		} else {
			b.Cols[0].AppendString([]string{"", "x", "yy", "NULL"}[r.IntN(4)])
		}
		vec.Append(b.Cols[1], []float64{0, 1, 2.5}[r.IntN(3)])
		vec.Append(b.Cols[2], r.Int64N(4))
		b.Cols[3].AppendBool(r.IntN(2) == 0)
		w := int64(1)
		if weights {
			w = r.Int64N(5) - 2
		}
		b.EndRowWeight(w)
	}
	return b.Build()
}

// naiveSum adds up weights in a Go map, rows in the order of first appearance.
func naiveSum(batches []*Batch) []string {
	total, order := map[string]int64{}, []string{}
	for _, b := range batches {
		for i := range b.Len {
			_, row, _ := strings.Cut(string(b.AppendRowText(nil, i)), " ")
			if _, ok := total[row]; !ok {
				order = append(order, row)
			}
			total[row] += b.Weight(i)
		}
	}
	var out []string
	for _, row := range order {
		if w := total[row]; w != 0 {
			out = append(out, fmt.Sprintf("%+d %s\n", w, row))
		}
	}
	return out
}

// checkSum compares a consolidator with the naive sum over many random batches,
// with one table used for all of them.
func checkSum(t *testing.T, c *Consolidator) {
	t.Helper()
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		var batches []*Batch
		for range 1 + r.IntN(4) {
			b := randomRows(r, r.IntN(200), r.IntN(2) == 0)
			if r.IntN(3) == 0 {
				b.Cols[2] = vec.NullConst(types.Of(types.BigInt), b.Len)
			}
			batches = append(batches, b)
		}
		want := naiveSum(batches)
		got := c.Consolidate(batches...)
		if text := fmt.Sprint(want); fmt.Sprint(rowsOf(got)) != text {
			t.Fatalf("seed %d:\n%s\nwant\n%s", seed, fmt.Sprint(rowsOf(got)), text)
		}
		if got.Weights != nil && !slices.ContainsFunc(got.Weights, func(w int64) bool { return w != 1 }) {
			t.Fatalf("seed %d: weights of +1 were written out", seed)
		}
	}
}

func rowsOf(b *Batch) []string {
	var out []string
	for i := range b.Len {
		out = append(out, string(b.AppendRowText(nil, i))+"\n")
	}
	return out
}

// A batch is consolidated when each row is there once with its net weight.
func TestConsolidate(t *testing.T) { checkSum(t, new(Consolidator)) }

// Rows of equal hash that are not equal stay apart, however many there are.
func TestConsolidateWhereHashesCollide(t *testing.T) {
	checkSum(t, &Consolidator{hashes: func(cols []*vec.Vec, n int, out []uint64) {
		HashRows(cols, n, out)
		for i := range out[:n] {
			out[i] &= 3 // four places for everything
		}
	}})
}

// A row and its retraction are nothing, in one batch or in two.
func TestConsolidateToNothing(t *testing.T) {
	b := randomRows(rand.New(rand.NewPCG(1, 1)), 300, true)
	minus := *b
	minus.Weights = make([]int64, b.Len)
	for i := range minus.Weights {
		minus.Weights[i] = -b.Weight(i)
	}
	if out := Consolidate(b, &minus); out.Len != 0 {
		t.Errorf("left over:\n%s", out)
	}
}

// The numbers of entries may run out: what the table held before does not come back.
func TestConsolidateWhenNumbersRunOut(t *testing.T) {
	c := &Consolidator{base: ^uint32(0) - 2000, slots: make([]slot, 1<<12)}
	checkSum(t, c)
}

// With its own table and builder a consolidation allocates nothing for a row.
func TestConsolidateAllocations(t *testing.T) {
	b := randomRows(rand.New(rand.NewPCG(1, 1)), 8192, true)
	c, out := new(Consolidator), NewBuilder(b.Schema)
	if n := testing.AllocsPerRun(10, func() {
		out.Reset()
		c.Into(out, b)
	}); n > 1 {
		t.Errorf("%v allocations for 8192 rows", n)
	}
}
