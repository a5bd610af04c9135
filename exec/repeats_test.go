package exec

import (
	"math/rand/v2"
	"testing"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// That many rows are equal is seen before there are as many of them as there are values, and is
// not said of rows of which few are.
func TestRepeats(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		value func(row int64) int64
		often int // after how many rows at most that is seen; 0 for never
	}{
		"all apart":              {func(row int64) int64 { return row }, 0},
		"one of a hundred again": {func(row int64) int64 { return row - row%100/99 }, 0},
		"one value":              {func(int64) int64 { return 7 }, vec.BatchRows},
		"a thousand":             {func(int64) int64 { return r.Int64N(1000) }, vec.BatchRows},
		"a million":              {func(int64) int64 { return r.Int64N(1_000_000) }, 1_000_000},
		"twice each, far apart":  {func(row int64) int64 { return row % 500_000 }, 1_200_000},
	} {
		t.Run(name, func(t *testing.T) {
			var x repeats
			row := int64(0)
			for row < 2_000_000 && !x.often {
				b := vec.NewBuilder(types.Of(types.BigInt))
				for range vec.BatchRows {
					vec.Append(b, c.value(row))
					row++
				}
				x.look([]*vec.Vec{b.Vec()}, vec.BatchRows)
			}
			if x.often != (c.often > 0) || x.often && row > int64(c.often) {
				t.Errorf("often is %t after %d rows", x.often, row)
			}
			if len(x.seen) > repeatsKept {
				t.Errorf("%d hashes are kept", len(x.seen))
			}
		})
	}
}
