package statetest

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/zset"
)

// tableKinds is how many kinds of tables a store of a test may have.
const tableKinds = 12

// A worldTable is a table of any kind with what it is to have. What it is follows from its
// name: "store number".
type worldTable struct {
	name, store string
	t           *testing.T
	m           *mapCheck
	x           *indexCheck
	o           *orderedCheck
	seen        []*zset.Batch // rows of the index

	closed *contents // of one that is not open
}

// contents is what a table has: words by key, and of an index the key of each row.
type contents struct {
	words map[string][]int64
	keys  map[string]string
	seen  []*zset.Batch
}

func openTable(t *testing.T, b state.Backend, name string) *worldTable {
	t.Helper()
	store, number, _ := strings.Cut(name, " ")
	s, err := b.Store(store)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(number)
	w := &worldTable{name: name, store: store, t: t}
	switch maps, indexes := shapes(), indexShapes(); n % 3 {
	case 0:
		shape := maps[n*7%len(maps)]
		m := openMap(t, s, number, shape)
		w.m = &mapCheck{t: t, m: m, shape: shape, model: model{rows: map[string][]int64{}, old: map[string][]int64{}}}
	case 1:
		shape := indexes[n*3%len(indexes)]
		w.x = &indexCheck{
			t: t, x: openIndex(t, s, number, shape), shape: shape, width: 8 + 8*shape.Words,
			rows: map[string][]int64{}, keys: map[string]string{}, probe: state.NewProbe(50),
		}
	default:
		o, err := s.Ordered(number)
		if err != nil {
			t.Fatal(err)
		}
		w.o = &orderedCheck{t: t, o: o, model: map[string]int64{}, space: orderedSpaces[n/3%len(orderedSpaces)]}
	}
	return w
}

// change makes random calls of an epoch.
func (w *worldTable) change(r *rand.Rand) {
	switch {
	case w.m != nil:
		schema := sample.Schema(w.m.shape.Keys...)
		for range r.IntN(3) {
			w.m.groups(r, keyBatch(r, schema))
		}
		w.m.finish(r)
	case w.x != nil:
		for range 1 + r.IntN(3) {
			if len(w.seen) == 0 || r.IntN(2) == 0 {
				w.seen = append(w.seen, keyBatch(r, sample.Schema(w.x.shape.Columns...)))
			}
			w.x.add(r, w.seen[r.IntN(len(w.seen))])
			w.touch(r)
		}
		w.x.settle(w.seen[r.IntN(len(w.seen))])
	default:
		w.o.rand = r
		for range r.IntN(500) {
			w.o.add(w.o.space.any(r), w.o.weight())
		}
		if r.IntN(3) == 0 {
			w.o.evict()
		}
		for range r.IntN(50) {
			w.o.takeBack()
		}
	}
}

// touch changes words of rows that are found.
func (w *worldTable) touch(r *rand.Rand) {
	if w.x.shape.Words == 0 {
		return
	}
	b := w.seen[r.IntN(len(w.seen))]
	w.x.x.Probe(b.Cols[:len(w.x.shape.Keys)], b.Len, w.x.probe)
	for w.x.x.Next(w.x.probe) {
		texts := w.x.texts(w.x.probe.Row)
		view := w.x.x.Rows()
		w.x.x.Touch(w.x.probe.Row)
		for i, at := range w.x.probe.Row {
			v := r.Int64()
			row(view, at, w.x.width)[1] = v
			w.x.rows[texts[i]][1] = v
		}
	}
}

// contents copies what the table is to have.
func (w *worldTable) contents() contents {
	if w.closed != nil {
		return *w.closed
	}
	c := contents{words: map[string][]int64{}, seen: slices.Clone(w.seen)}
	switch {
	case w.m != nil:
		for k, v := range w.m.model.rows {
			c.words[k] = slices.Clone(v)
		}
	case w.x != nil:
		for k, v := range w.x.rows {
			c.words[k] = slices.Clone(v)
		}
		c.keys = maps.Clone(w.x.keys)
	default:
		for k, v := range w.o.model {
			c.words[k] = []int64{v}
		}
	}
	return c
}

// restore makes c what the table is to have.
func (w *worldTable) restore(c contents) {
	w.seen = slices.Clone(c.seen)
	for k, v := range c.words {
		switch {
		case w.m != nil:
			w.m.model.rows[k] = slices.Clone(v)
		case w.x != nil:
			w.x.rows[k] = slices.Clone(v)
		default:
			w.o.model[k] = v[0]
		}
	}
	if w.x != nil {
		w.x.keys = maps.Clone(c.keys)
	}
}

// compare looks at all that the table has.
func (w *worldTable) compare() {
	w.t.Helper()
	switch {
	case w.m != nil:
		w.m.compare()
		gids := w.m.m.All(nil)
		keys, rows := w.m.keysOf(gids), w.m.m.Rows()
		for i, g := range gids {
			if got, want := row(rows, g, w.m.shape.Width), w.m.model.rows[keys[i]]; !slices.Equal(got, want) {
				w.t.Fatalf("%s: %q has %v, want %v", w.name, keys[i], got, want)
			}
		}
	case w.x != nil:
		if w.x.x.Len() != len(w.x.rows) {
			w.t.Fatalf("%s: %d rows, want %d", w.name, w.x.x.Len(), len(w.x.rows))
		}
		for _, b := range w.seen {
			w.x.find(b)
		}
	default:
		checkRange(w.t, w.o.o, w.o.model, nil, nil, -1)
	}
}
