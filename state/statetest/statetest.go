// Package statetest says what a state store must do, as tests that every store
// passes, and has one that does it in the most unkind way allowed.
package statetest

import (
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
)

// raced is how many seeds there are of what has so many, less where the race detector
// watches: it takes ten times as long, and has little to see in what one goroutine does.
func raced(seeds uint64) uint64 {
	if testing.Short() {
		return (seeds + 5) / 6
	}
	return seeds
}

// Run holds the laws of state to the stores that open makes, each of them empty.
func Run(t *testing.T, open func() state.Store) {
	for _, shape := range shapes() {
		t.Run(fmt.Sprintf("map/%v", shape.Keys), func(t *testing.T) {
			for seed := range raced(5) {
				checkMap(t, open(), shape, seed)
			}
		})
	}
	t.Run("map/grows", func(t *testing.T) { checkGrowth(t, open()) })
	t.Run("map/reopens", func(t *testing.T) { checkReopen(t, open()) })
	for _, shape := range indexShapes() {
		t.Run(fmt.Sprintf("index/%v of %v", shape.Keys, shape.Columns), func(t *testing.T) {
			for seed := range raced(5) {
				checkIndex(t, open(), shape, seed)
			}
		})
	}
	t.Run("expiry", func(t *testing.T) { checkExpiries(t, open) })
	t.Run("index/of new rows", func(t *testing.T) { checkAddNew(t, open) })
	t.Run("index/of one key", func(t *testing.T) { checkIndexOfOneKey(t, open()) })
	for _, space := range orderedSpaces {
		t.Run("ordered/"+space.name, func(t *testing.T) {
			for seed := range raced(4) {
				checkOrdered(t, open(), space, seed)
			}
		})
	}
	t.Run("ordered/ascending and evicted", func(t *testing.T) { checkEvictBelow(t, open()) })
	t.Run("usage", func(t *testing.T) { checkUsage(t, open()) })
}

// checkExpiries lets groups and rows expire by each column of some shapes.
func checkExpiries(t *testing.T, open func() state.Store) {
	for i, shape := range shapes() {
		for column := range shape.Keys {
			shape.Expiry = column + 1
			checkBelow(t, open(), shape, uint64(i))
		}
	}
	for i, shape := range indexShapes() {
		for column := range shape.Columns {
			shape.Expiry = column + 1
			checkExpire(t, open(), shape, uint64(i))
		}
	}
}

// shapes are keys of each type alone, of several, and none, and rows of some widths.
func shapes() []state.MapShape {
	out := []state.MapShape{{Width: 8}, {Width: 40}}
	for i, t := range sample.Types {
		out = append(out, state.MapShape{Keys: []types.Type{t}, Width: 8 + 8*(i%4)})
	}
	text, big, dec := types.Of(types.Varchar), types.Of(types.BigInt), types.DecimalOf(38, 0)
	for _, keys := range [][]types.Type{
		{big, big},
		{big, types.Of(types.Timestamp), types.Of(types.Timestamp)},
		{dec, types.Of(types.Boolean)},
		{types.Of(types.Double), types.Of(types.TinyInt)},
		{text, text},
		{text, big},
		{big, text, dec, types.Of(types.Float)},
	} {
		out = append(out, state.MapShape{Keys: keys, Width: 24})
	}
	return out
}

// Usage lists each state table once, by name, with its rows.
func checkUsage(t *testing.T, s state.Store) {
	m := openMap(t, s, "b", state.MapShape{Keys: []types.Type{types.Of(types.BigInt)}, Width: 8})
	o, err := s.Ordered("a")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		o.Add(fmt.Appendf(nil, "%04d", i), 1)
	}
	k := sample.Vec(sample.Rand(1), types.Of(types.BigInt), 500, false)
	groups(t, m, 500, k)
	u := s.Usage()
	if len(u) != 2 || u[0].Name != "a" || u[0].Rows != 1000 || u[1].Name != "b" || u[1].Rows != int64(m.Len()) {
		t.Fatalf("usage %v", u)
	}
	if u[0].Bytes < 4000 || u[1].Bytes < int64(8*m.Len()) {
		t.Fatalf("fewer bytes than there are values: %v", u)
	}
}
