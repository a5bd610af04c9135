package sqltest

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// collect reads rows to their end, in their order; equal neighbours become one row of
// a greater weight.
func collect(rows *sqlstream.Rows) (*zset.Batch, error) {
	all := zset.NewBuilder(rows.Schema())
	for b, err := range rows.Batches() {
		if err != nil {
			return nil, err
		}
		all.Append(b, nil)
	}
	b := all.Build()
	out := zset.NewBuilder(rows.Schema())
	for row := 0; row < b.Len; {
		w, next := b.Weight(row), row+1
		for ; next < b.Len && zset.CompareRows(b.Cols, row, b.Cols, next) == 0; next++ {
			w += b.Weight(next)
		}
		out.AppendRow(b, row, w)
		row = next
	}
	return out.Build(), nil
}

// sorted returns the rows in their total order, each once.
func sorted(b *zset.Batch) *zset.Batch {
	b = zset.Consolidate(b)
	order := make([]int32, b.Len)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(i, j int32) int { return zset.CompareRows(b.Cols, int(i), b.Cols, int(j)) })
	out := zset.NewBuilder(b.Schema)
	out.Append(b, order)
	return out.Build()
}

// text is the text form of rows in their total order.
func text(b *zset.Batch) string { return sorted(b).String() }

// same reports that two batches hold the same rows equally often.
func same(a, b *zset.Batch) bool { return zset.Consolidate(a, b.Negated()).Len == 0 }

// nearlySameRows is same with floats compared by nearlySame. A judge may have types of
// its own: then the texts count.
func nearlySameRows(a, b *zset.Batch) bool {
	return sameTypes(a.Schema, b.Schema) && same(a, b) || nearlySame(text(a), text(b))
}

func sameTypes(a, b *types.Schema) bool {
	return slices.EqualFunc(a.Fields, b.Fields, func(x, y types.Field) bool { return x.Type.Equal(y.Type) })
}

// tolerance is how far two floats may lie apart, relative to the greater: sums of
// floats depend on the order of the additions.
const tolerance = 1e-9

// nearlySame reports that two texts differ at most in the last digits of floats.
func nearlySame(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	if len(x) != len(y) || strings.Count(a, "\n") != strings.Count(b, "\n") {
		return false
	}
	for i := range x {
		if x[i] != y[i] && !nearlyEqual(x[i], y[i]) {
			return false
		}
	}
	return true
}

// nearlyEqual takes only what a DOUBLE with all its digits looks like: numbers of
// fewer digits, which a DECIMAL may be, must be the same.
func nearlyEqual(a, b string) bool {
	const digits = 14
	if max(len(a), len(b)) < digits || !strings.ContainsAny(a+b, ".e") {
		return false
	}
	x, err := strconv.ParseFloat(a, 64)
	if err != nil {
		return false
	}
	y, err := strconv.ParseFloat(b, 64)
	return err == nil && math.Abs(x-y) <= tolerance*max(math.Abs(x), math.Abs(y))
}
