package memory

import (
	"testing"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Only the rows of keys that have many are in the table of rows, also behind a load that
// deletes.
func TestIndexLists(t *testing.T) {
	big := types.Of(types.BigInt)
	shape := state.IndexShape{Keys: []types.Type{big}, Columns: []types.Type{big, big}}
	x, rows := newIndex(shape), make([]int32, 0, vec.BatchRows)
	x.keep()
	// The key k has k rows, each of which comes twice in one call.
	const keys = 3 * shortChain
	add := func(weight int64) {
		k, v := vec.NewBuilder(big), vec.NewBuilder(big)
		var weights []int64
		for i := range int64(keys + 1) {
			for j := range 2 * i {
				vec.Append(k, i)
				vec.Append(v, j/2)
				weights = append(weights, weight)
			}
		}
		x.Add([]*vec.Vec{k.Vec()}, []*vec.Vec{k.Vec(), v.Vec()}, weights, rows[:len(weights)])
	}
	listed := func(x *Index, want int) {
		t.Helper()
		got := 0
		for _, p := range x.rows.table.parts {
			got += p.used
		}
		if got != want {
			t.Errorf("%d rows are in the table, want %d", got, want)
		}
	}
	all, long := keys*(keys+1)/2, 0
	for n := shortChain + 1; n <= keys; n++ {
		long += n
	}
	add(1)
	add(1) // what a call adds is listed by the next
	if x.Len() != all {
		t.Fatalf("%d rows, want %d", x.Len(), all)
	}
	listed(x, long)

	loaded := newIndex(shape)
	to := loaded.Load()
	if err := x.Save(to); err != nil {
		t.Fatal(err)
	}
	k, v := vec.NewBuilder(big), vec.NewBuilder(big)
	vec.Append(k, int64(shortChain+1))
	vec.Append(v, int64(0))
	gone := zset.AppendKey(nil, []*vec.Vec{k.Vec(), v.Vec()}, 0)
	if err := to.Delete(gone); err != nil {
		t.Fatal(err)
	}
	if err := to.Done(); err != nil {
		t.Fatal(err)
	}
	if loaded.Len() != all-1 {
		t.Errorf("%d rows were loaded, want %d", loaded.Len(), all-1)
	}
	listed(loaded, long-shortChain-1)

	add(-1)
	add(-1)
	x.Settle()
	if x.Len() != 0 || x.heads.Len() != 0 {
		t.Errorf("%d rows and %d keys are left", x.Len(), x.heads.Len())
	}
	listed(x, 0)
}
