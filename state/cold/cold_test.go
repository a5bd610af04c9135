package cold_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/cold"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/state/statetest"
	"github.com/sqlstream/sqlstream/vec"
)

// A crowded store has little memory.
type crowded struct {
	*memory.Store
	db   *cold.DB
	rand *rand.Rand
}

// Evict leaves what must stay, and at times some more.
func (s crowded) Evict() { s.Spill(s.db, s.rand.Int64N(2)<<14) }

// open opens a database with room for some filters, of which a few soon have no more.
func open(t testing.TB) *cold.DB {
	t.Helper()
	return openWith(t, 1<<17)
}

func openWith(t testing.TB, memory int64) *cold.DB {
	t.Helper()
	db, err := cold.Open(vfs.NewMem(), "cold", memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// A store that moves out of memory whatever it may, whenever it may, is a store like any
// other; so is one that keeps some of it.
func TestCrowdedStore(t *testing.T) {
	db, r := open(t), sample.Rand(1)
	statetest.Run(t, func() state.Store { return crowded{memory.New(), db, r} })
}

// What is moved out of memory is counted, and its memory is given back.
func TestSpill(t *testing.T) {
	s := memory.New()
	big, text := types.Of(types.BigInt), types.Of(types.Varchar)
	m, err := s.Map("map", state.MapShape{Keys: []types.Type{big}, Width: 40})
	if err != nil {
		t.Fatal(err)
	}
	x, err := s.Index("index", state.IndexShape{Keys: []types.Type{big}, Columns: []types.Type{big, text}, Words: 1})
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.Ordered("ordered")
	if err != nil {
		t.Fatal(err)
	}
	const rows = 50_000
	for i := range rows {
		o.Add(fmt.Appendf(nil, "key %d", i), 1)
	}
	for from := 0; from < rows; from += 1000 {
		k, v := vec.NewBuilder(big), vec.NewBuilder(text)
		for i := range 1000 {
			vec.Append(k, int64(from+i)/3)
			v.AppendString(fmt.Sprint("value ", from+i))
		}
		gids := make([]int32, 1000)
		if err := m.Groups([]*vec.Vec{k.Vec()}, 1000, gids); err != nil {
			t.Fatal(err)
		}
		x.Add([]*vec.Vec{k.Vec()}, []*vec.Vec{k.Vec(), v.Vec()}, nil, gids)
	}
	m.Clean()
	x.Settle()
	before := s.Usage()
	s.Spill(open(t), 0)
	for i, u := range s.Usage() {
		if u.Rows != before[i].Rows || u.Spilled < u.Rows || u.Bytes > 1<<19 {
			t.Errorf("%s holds %d rows (%d before), %d bytes in memory and %d beyond", u.Name, u.Rows, before[i].Rows, u.Bytes, u.Spilled)
		}
	}
}
