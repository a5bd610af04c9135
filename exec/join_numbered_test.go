package exec_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// added is n new rows, k from keys, o from mark on, v from values, each up to twice.
func added(r *rand.Rand, schema *types.Schema, n, keys, values int, mark int64) *zset.Batch {
	b := zset.NewBuilder(schema)
	for range n {
		for i, x := range []int64{int64(r.IntN(keys)), mark + int64(r.IntN(4)), int64(r.IntN(values))} {
			if i == 0 && x == 0 {
				b.Cols[i].AppendNull()
				continue
			}
			vec.Append(b.Cols[i], x)
		}
		b.EndRowWeight(1 + int64(r.IntN(2)))
	}
	return b.Build()
}

// A join that numbers its rows makes the pairs that it would make if equal ones were one row:
// where none are equal, where most are, and where that changes, whether they are forgotten or not.
func TestNumberedJoinIsJoin(t *testing.T) {
	for i, on := range []string{"k = k", "k <=> k IF l.o <= r.o", "k = k, o = o FORGET"} {
		for _, values := range []int{1, 3, 1 << 40} {
			for _, s := range setups {
				if s.whole || s.retracts {
					continue
				}
				r := sample.Rand(uint64(i))
				text := "l" + numScan + "r" + numScan + "j = inner join l, r: " + on
				numbers, plain := start(t, planText{text: text + " NUMBERED"}, s), start(t, planText{text: text}, s)
				mark := int64(0)
				for epoch := range 12 {
					n, of := 1+r.IntN(60), values
					if epoch == 6 {
						n, of = 400, 1<<40 // as many as it takes to see whether many are equal
					}
					for _, name := range []string{"l", "r", "l"} {
						d := delta{name, added(r, numbers.scans[name].Out, n, 40, of, mark)}
						must(t, numbers.push(d))
						must(t, plain.push(d))
					}
					mark += int64(r.IntN(6))
					for _, name := range []string{"l", "r"} {
						numbers.pass(name, mark)
						plain.pass(name, mark)
					}
					sameEpoch(t, numbers, plain, fmt.Sprintf("%s of %d values", on, values))
				}
			}
		}
	}
}
