package statetest

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"unsafe"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

func openMap(t *testing.T, s state.Store, name string, shape state.MapShape) state.Map {
	t.Helper()
	m, err := s.Map(name, shape)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func groups(t *testing.T, m state.Map, n int, keys ...*vec.Vec) []int32 {
	t.Helper()
	gids := make([]int32, n)
	if err := m.Groups(keys, n, gids); err != nil {
		t.Fatal(err)
	}
	return gids
}

// row returns the words of a row.
func row(rows vec.Rows, g int32, width int) []int64 {
	return unsafe.Slice((*int64)(rows.Ptr(g)), width/8)
}

// A model is a Map as plainly as it can be said.
type model struct {
	rows  map[string][]int64
	dirty []string // in the order of first touch
	old   map[string][]int64
}

func (m *model) touch(key string, width int) {
	if m.rows[key] == nil {
		m.rows[key] = make([]int64, width/8)
	}
	if _, ok := m.old[key]; !ok {
		m.dirty = append(m.dirty, key)
		m.old[key] = slices.Clone(m.rows[key])
	}
}

// checkMap makes random calls and compares each answer with the model's.
func checkMap(t *testing.T, s state.Store, shape state.MapShape, seed uint64) {
	r := sample.Rand(seed)
	schema := sample.Schema(shape.Keys...)
	m := openMap(t, s, "m", shape)
	c := &mapCheck{t: t, m: m, shape: shape, model: model{rows: map[string][]int64{}, old: map[string][]int64{}}}
	for range 30 {
		for range r.IntN(5) {
			b := keyBatch(r, schema)
			if r.IntN(4) == 0 {
				c.find(b)
			} else {
				c.groups(r, b)
			}
			evict(s)
		}
		c.finish(r)
		evict(s)
	}
}

func evicts(s state.Store) bool {
	_, ok := s.(interface{ Evict() })
	return ok
}

// evict lets a store move groups, where it has a way to be told.
func evict(s state.Store) {
	if e, ok := s.(interface{ Evict() }); ok {
		e.Evict()
	}
}

// keyBatch makes keys of which some occur several times, constants among them.
func keyBatch(r *rand.Rand, schema *types.Schema) *zset.Batch {
	b := sample.Batch(r, schema, 1+r.IntN(200), false)
	for i, c := range b.Cols {
		if r.IntN(10) == 0 {
			one := *c
			one.Const, one.Len = true, 1
			b.Cols[i] = one.WithLen(b.Len)
		}
	}
	return b
}

type mapCheck struct {
	t     *testing.T
	m     state.Map
	shape state.MapShape
	model model
}

func keyText(cols []*vec.Vec, row int) string { return string(zset.AppendKey(nil, cols, row)) }

// Groups finds equal keys the same group, with the row the group has, and what is
// written into a row stays.
func (c *mapCheck) groups(r *rand.Rand, b *zset.Batch) {
	gids := groups(c.t, c.m, b.Len, b.Cols...)
	of := map[string]int32{}
	rows := c.m.Rows()
	for i, g := range gids {
		key := keyText(b.Cols, i)
		if other, ok := of[key]; ok && other != g {
			c.t.Fatalf("groups %d and %d of one key", other, g)
		}
		of[key] = g
		c.model.touch(key, c.shape.Width)
		if got, want := row(rows, g, c.shape.Width), c.model.rows[key]; !slices.Equal(got, want) {
			c.t.Fatalf("group of %q holds %v, want %v", key, got, want)
		}
		v := r.Int64()
		at := r.IntN(c.shape.Width / 8)
		row(rows, g, c.shape.Width)[at] = v
		c.model.rows[key][at] = v
	}
	c.compare()
}

// Find finds what is there, adds nothing and makes nothing dirty.
func (c *mapCheck) find(b *zset.Batch) {
	gids := make([]int32, b.Len)
	if err := c.m.Find(b.Cols, b.Len, gids); err != nil {
		c.t.Fatal(err)
	}
	rows := c.m.Rows()
	for i, g := range gids {
		want, ok := c.model.rows[keyText(b.Cols, i)]
		if ok != (g >= 0) {
			c.t.Fatalf("found group %d, there is one: %v", g, ok)
		}
		if ok && !slices.Equal(row(rows, g, c.shape.Width), want) {
			c.t.Fatalf("group holds %v, want %v", row(rows, g, c.shape.Width), want)
		}
	}
	c.compare()
}

// compare holds the dirty groups, their old and their new rows to the model.
func (c *mapCheck) compare() {
	dirty, old, rows := c.m.Dirty(), c.m.Old(), c.m.Rows()
	keys := c.keysOf(dirty)
	if !slices.Equal(keys, c.model.dirty) {
		c.t.Fatalf("dirty %q, want %q", keys, c.model.dirty)
	}
	for i, key := range keys {
		if got, want := row(old, int32(i), c.shape.Width), c.model.old[key]; !slices.Equal(got, want) {
			c.t.Fatalf("%q was %v, want %v", key, got, want)
		}
		if got, want := row(rows, dirty[i], c.shape.Width), c.model.rows[key]; !slices.Equal(got, want) {
			c.t.Fatalf("%q is %v, want %v", key, got, want)
		}
	}
	if c.m.Len() != len(c.model.rows) {
		c.t.Fatalf("%d groups, want %d", c.m.Len(), len(c.model.rows))
	}
}

func (c *mapCheck) keysOf(gids []int32) []string {
	b := zset.NewBuilder(sample.Schema(c.shape.Keys...))
	c.m.Keys(gids, b.Cols)
	b.EndRows(len(gids))
	x := b.Build()
	out := make([]string, len(gids))
	for i := range out {
		out[i] = keyText(x.Cols, i)
	}
	return out
}

// finish ends an epoch: some groups go, and none is dirty any more.
func (c *mapCheck) finish(r *rand.Rand) {
	var gone []int32
	all := r.IntN(8) == 0
	dirty := slices.Clone(c.m.Dirty())
	for i, key := range c.model.dirty {
		if all || r.IntN(3) == 0 {
			gone = append(gone, dirty[i])
			delete(c.model.rows, key)
		}
	}
	c.m.Delete(gone)
	c.m.Clean()
	c.model.dirty, c.model.old = nil, map[string][]int64{}
	c.compare()
	got := c.keysOf(c.m.All(nil))
	slices.Sort(got)
	var want []string
	for key := range c.model.rows {
		want = append(want, key)
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		c.t.Fatalf("groups %q, want %q", got, want)
	}
}

// A map grows to millions of groups, loses most of them and grows again, and no
// group's row is mistaken for another's.
func checkGrowth(t *testing.T, s state.Store) {
	for _, typ := range []types.Type{types.Of(types.BigInt), types.Of(types.Varchar)} {
		total := map[types.Kind]int{types.BigInt: 1 << 21, types.Varchar: 1 << 19}[typ.Kind]
		if evicts(s) || testing.Short() {
			total = 1 << 15
		}
		m := openMap(t, s, "grow "+typ.String(), state.MapShape{Keys: []types.Type{typ}, Width: 16})
		for round := range 2 {
			for from := 0; from < total; from += vec.BatchRows {
				eachGroup(t, m, typ, from, func(row []int64, key int64) { row[0], row[1] = key, key+row[1] })
			}
			if m.Len() != total {
				t.Fatalf("%d groups, want %d", m.Len(), total)
			}
			m.Clean()
			evict(s)
			for from := 0; from < total; from += vec.BatchRows {
				if from/vec.BatchRows%4 == 0 {
					eachGroup(t, m, typ, from, func(row []int64, key int64) {
						if row[0] != key || row[1] != key {
							t.Fatalf("round %d: the group of %d holds %v", round, key, row)
						}
					})
					continue
				}
				eachGroup(t, m, typ, from, func([]int64, int64) {})
				m.Delete(slices.Clone(m.Dirty()[len(m.Dirty())-vec.BatchRows:]))
			}
			m.Delete(nil)
			m.Clean()
			evict(s)
			if m.Len() != total/4 {
				t.Fatalf("%d groups are left, want %d", m.Len(), total/4)
			}
			for from := 0; from < total; from += 4 * vec.BatchRows {
				eachGroup(t, m, typ, from, func(row []int64, key int64) { row[1] = 0 })
			}
			m.Clean()
		}
	}
}

// eachGroup calls f for the groups of BatchRows consecutive keys.
func eachGroup(t *testing.T, m state.Map, typ types.Type, from int, f func(row []int64, key int64)) {
	b := vec.NewBuilder(typ)
	for i := range vec.BatchRows {
		if typ.Kind == types.Varchar {
			b.EndBytes(strconv.AppendInt(append(b.Tail(), "key "...), int64(from+i), 10))
		} else {
			vec.Append(b, int64(from+i)<<20)
		}
	}
	gids := groups(t, m, vec.BatchRows, b.Vec())
	rows := m.Rows()
	for i, g := range gids {
		f(row(rows, g, 16), int64(from+i))
	}
}

// A map that is opened again is the same map; in another shape it is an error.
func checkReopen(t *testing.T, s state.Store) {
	shape := state.MapShape{Keys: []types.Type{types.Of(types.BigInt)}, Width: 8}
	m := openMap(t, s, "m", shape)
	k := sample.Vec(sample.Rand(1), types.Of(types.BigInt), 100, true)
	groups(t, m, 100, k)
	n := m.Len()
	m.Clean()
	if again := openMap(t, s, "m", shape); again.Len() != n {
		t.Errorf("%d groups after it was opened again, want %d", again.Len(), n)
	}
	if _, err := s.Map("m", state.MapShape{Keys: shape.Keys, Width: 16}); err == nil {
		t.Error("rows of another width are no error")
	}
	if _, err := s.Map("m", state.MapShape{Keys: []types.Type{types.Of(types.Varchar)}, Width: 8}); err == nil {
		t.Error("keys of another type are no error")
	}
	if other := openMap(t, s, "other", shape); other.Len() != 0 {
		t.Error("a map of another name is not empty")
	}
}
