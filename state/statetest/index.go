package statetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// indexShapes are rows of each kind of layout, whose first columns are the key.
func indexShapes() []state.IndexShape {
	text, big, dec, b := types.Of(types.Varchar), types.Of(types.BigInt), types.DecimalOf(38, 0), types.Of(types.Boolean)
	var out []state.IndexShape
	for i, c := range []struct {
		keys int
		rows []types.Type
	}{
		{0, []types.Type{big}},
		{0, []types.Type{text, b}},
		{1, []types.Type{big}},
		{1, []types.Type{b, big}},
		{1, []types.Type{types.Of(types.TinyInt), text}},
		{1, []types.Type{text}},
		{1, []types.Type{text, dec, types.Of(types.Timestamp)}},
		{2, []types.Type{b, types.Of(types.Float), big}},
		{2, []types.Type{text, b, dec}},
		{1, []types.Type{dec}},
	} {
		out = append(out, state.IndexShape{Keys: c.rows[:c.keys], Columns: c.rows, Words: i % 4})
	}
	return out
}

func openIndex(t *testing.T, s state.Store, name string, shape state.IndexShape) state.Index {
	t.Helper()
	x, err := s.Index(name, shape)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// An indexCheck holds an Index to a Go map of rows by their text: the weight, then
// the words.
type indexCheck struct {
	t     *testing.T
	x     state.Index
	shape state.IndexShape
	width int
	rows  map[string][]int64
	keys  map[string]string // of each row
	probe *state.Probe
}

// checkIndex makes random calls and compares each answer with the model's.
func checkIndex(t *testing.T, s state.Store, shape state.IndexShape, seed uint64) {
	r := sample.Rand(seed)
	schema := sample.Schema(shape.Columns...)
	c := &indexCheck{
		t: t, x: openIndex(t, s, "x", shape), shape: shape, width: 8 + 8*shape.Words,
		rows: map[string][]int64{}, keys: map[string]string{}, probe: state.NewProbe(1 + r.IntN(100)),
	}
	seen := []*zset.Batch{keyBatch(r, schema)}
	for range 30 {
		for range r.IntN(5) {
			b := keyBatch(r, schema)
			if r.IntN(3) > 0 { // rows of before: added once more, or taken back
				b = seen[r.IntN(len(seen))]
			} else {
				seen = append(seen, b)
			}
			if r.IntN(2) == 0 {
				c.find(b)
			} else {
				c.add(r, b)
			}
			evict(s)
		}
		c.settle(seen[r.IntN(len(seen))])
		evict(s)
	}
}

// Add finds equal rows the same place, with the weight and the words that they have.
func (c *indexCheck) add(r *rand.Rand, b *zset.Batch) {
	rows := make([]int32, b.Len)
	var weights []int64
	if r.IntN(3) > 0 {
		for i := range b.Len {
			w := r.Int64N(3) - 1
			if r.IntN(2) == 0 { // it goes
				if have := c.rows[keyText(b.Cols, i)]; have != nil {
					w = -have[0]
				}
			}
			weights = append(weights, w)
		}
	}
	c.x.Add(b.Cols[:len(c.shape.Keys)], b.Cols, weights, rows)
	for i := range b.Len {
		text := keyText(b.Cols, i)
		if c.rows[text] == nil {
			c.rows[text] = make([]int64, 1+c.shape.Words)
			c.keys[text] = keyText(b.Cols[:len(c.shape.Keys)], i)
		}
		if weights == nil {
			c.rows[text][0]++
		} else {
			c.rows[text][0] += weights[i]
		}
	}
	of := map[string]int32{}
	view := c.x.Rows()
	for i, at := range rows {
		text := keyText(b.Cols, i)
		if other, ok := of[text]; ok && other != at {
			c.t.Fatalf("rows %d and %d are equal", other, at)
		}
		of[text] = at
		c.same(text, row(view, at, c.width))
		if c.shape.Words > 0 {
			w := r.Int64()
			row(view, at, c.width)[1+i%c.shape.Words] = w
			c.rows[text][1+i%c.shape.Words] = w
		}
	}
}

func (c *indexCheck) same(text string, got []int64) {
	if want := c.rows[text]; !slices.Equal(got, want) {
		c.t.Fatalf("row %q has %v, want %v", text, got, want)
	}
}

// A probe gives each row under each key once, those of one key one after the other, in
// pieces no larger than there is room for.
func (c *indexCheck) find(b *zset.Batch) {
	got := make([]map[string]bool, b.Len)
	last := int32(0)
	c.x.Probe(b.Cols[:len(c.shape.Keys)], b.Len, c.probe)
	room := cap(c.probe.Key)
	for c.x.Next(c.probe) {
		if len(c.probe.Key) > room || len(c.probe.Row) != len(c.probe.Key) {
			c.t.Fatalf("%d keys and %d rows in room for %d", len(c.probe.Key), len(c.probe.Row), room)
		}
		texts := c.texts(c.probe.Row)
		view := c.x.Rows()
		for i, k := range c.probe.Key {
			if k < last {
				c.t.Fatalf("a row of key %d comes behind one of key %d", k, last)
			}
			last = k
			if got[k] == nil {
				got[k] = map[string]bool{}
			}
			if got[k][texts[i]] {
				c.t.Fatalf("row %q comes twice", texts[i])
			}
			got[k][texts[i]] = true
			c.same(texts[i], row(view, c.probe.Row[i], c.width))
		}
	}
	of := map[string][]string{}
	for text, key := range c.keys {
		of[key] = append(of[key], text)
	}
	for i := range b.Len {
		want := of[keyText(b.Cols[:len(c.shape.Keys)], i)]
		slices.Sort(want)
		if have := slices.Sorted(maps.Keys(got[i])); !slices.Equal(have, want) {
			c.t.Fatalf("under a key are %q, want %q", have, want)
		}
	}
}

func (c *indexCheck) texts(rows []int32) []string {
	b := zset.NewBuilder(sample.Schema(c.shape.Columns...))
	c.x.Columns(rows, b.Cols)
	b.EndRows(len(rows))
	x := b.Build()
	out := make([]string, len(rows))
	for i := range out {
		out[i] = keyText(x.Cols, i)
	}
	return out
}

// Settle removes the rows whose weight is 0, and no other.
func (c *indexCheck) settle(b *zset.Batch) {
	c.x.Settle()
	for text, words := range c.rows {
		if words[0] == 0 {
			delete(c.rows, text)
			delete(c.keys, text)
		}
	}
	if c.x.Len() != len(c.rows) {
		c.t.Fatalf("%d rows, want %d", c.x.Len(), len(c.rows))
	}
	if len(c.rows)%8 == 0 {
		c.all()
	}
	c.find(b)
}

// All gives each row once.
func (c *indexCheck) all() {
	rows := c.x.All(nil)
	texts, view := c.texts(rows), c.x.Rows()
	for i, text := range texts {
		c.same(text, row(view, rows[i], c.width))
	}
	slices.Sort(texts)
	if want := slices.Sorted(maps.Keys(c.rows)); !slices.Equal(texts, want) {
		c.t.Fatalf("all rows are %q, want %q", texts, want)
	}
}

// Under one key of many rows, each is found, taken back and added again; an index that
// is opened again is the same, in another form it is an error.
func checkIndexOfOneKey(t *testing.T, s state.Store) {
	big := types.Of(types.BigInt)
	shape := state.IndexShape{Keys: []types.Type{big}, Columns: []types.Type{big, big}, Words: 1}
	x := openIndex(t, s, "x", shape)
	total := 200 * vec.BatchRows
	switch {
	case evicts(s):
		total = vec.BatchRows
	case testing.Short():
		total /= 20
	}
	rows, probe := make([]int32, vec.BatchRows), state.NewProbe(vec.BatchRows)
	each := func(weight int64) {
		for from := 0; from < total; from += vec.BatchRows {
			k, v, w := vec.NewBuilder(big), vec.NewBuilder(big), make([]int64, vec.BatchRows)
			for i := range vec.BatchRows {
				vec.Append(k, int64(7))
				vec.Append(v, int64(from+i))
				w[i] = weight
			}
			x.Add([]*vec.Vec{k.Vec()}, []*vec.Vec{k.Vec(), v.Vec()}, w, rows)
		}
	}
	count := func() int {
		k := vec.NewBuilder(big)
		vec.Append(k, int64(7))
		n := 0
		for x.Probe([]*vec.Vec{k.Vec()}, 1, probe); x.Next(probe); {
			n += len(probe.Row)
		}
		return n
	}
	for range 2 {
		each(2)
		each(-1)
		x.Settle()
		evict(s)
		if x.Len() != total || count() != total {
			t.Fatalf("%d rows, %d under the key, want %d", x.Len(), count(), total)
		}
		each(-1)
		if count() != total {
			t.Fatalf("%d rows before Settle, want %d", count(), total)
		}
		x.Settle()
		if x.Len() != 0 || count() != 0 {
			t.Fatalf("%d rows are left, %d under the key", x.Len(), count())
		}
	}
	each(1)
	x.Settle()
	evict(s)
	if again := openIndex(t, s, "x", shape); again.Len() != total {
		t.Errorf("%d rows after it was opened again, want %d", again.Len(), total)
	}
	for _, other := range []state.IndexShape{
		{Keys: shape.Keys, Columns: shape.Columns}, {Columns: shape.Columns, Words: 1}, {Keys: shape.Keys, Columns: shape.Keys, Words: 1},
	} {
		if _, err := s.Index("x", other); err == nil {
			t.Errorf("opened as %v", other)
		}
	}
	if u := fmt.Sprint(s.Usage()[0].Name, s.Usage()[0].Rows); u != fmt.Sprint("x", total) || s.Usage()[0].Bytes+s.Usage()[0].Spilled < int64(16*total) {
		t.Errorf("usage %v", s.Usage())
	}
}
