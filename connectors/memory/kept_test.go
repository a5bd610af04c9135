package memory

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/connectortest"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

func keptTable(key bool) *connectors.Table {
	t := &connectors.Table{Name: "people", ID: "people-1", Columns: []connectors.Column{
		{Field: types.Field{Name: "id", Type: types.Of(types.BigInt)}},
		{Field: types.Field{Name: "name", Type: types.Of(types.Varchar)}},
	}}
	if key {
		t.PrimaryKey = []int{0}
	}
	return t
}

func TestKeptSinkLaws(t *testing.T) {
	tab := keptTable(false)
	connectortest.Sink(t, connectortest.SinkCase{
		New: func(*testing.T) (func(*testing.T) connectors.Sink, func(*testing.T) []string) {
			fs := vfs.NewMem()
			s := newStore(fs, "tables")
			open := func(t *testing.T) connectors.Sink {
				s = newStore(fs, "tables")
				sink, err := s.sink(t.Context(), tab, connectors.Append, tab.Schema(), connectors.Env{Query: "q"})
				if err != nil {
					t.Fatal(err)
				}
				return sink
			}
			return open, func(t *testing.T) []string { return rowsOf(contentOf(t, s, tab)) }
		},
		Schema:  tab.Schema(),
		Rows:    []string{"1 ann", "2 bob", "3 NULL", `4 "d e"`, "5 셋"},
		Shown:   []string{"+1 1 ann", "+1 2 bob", "+1 3 NULL", `+1 4 "d e"`, "+1 5 셋"},
		Durable: true,
	})
}

func rowsOf(b *zset.Batch) []string {
	return strings.FieldsFunc(b.String(), func(r rune) bool { return r == '\n' })
}

// contentOf is what a table adds up to.
func contentOf(t testing.TB, s *store, tab *connectors.Table) *zset.Batch {
	t.Helper()
	m, err := s.table(tab)
	if err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.log) == 0 {
		return zset.NewBuilder(m.schema).Build()
	}
	return zset.Consolidate(m.log...)
}

func parsed(t testing.TB, tab *connectors.Table, rows string) *zset.Batch {
	t.Helper()
	b, err := zset.Parse(tab.Schema(), rows)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A walk does to a table on a disk what queries, statements and crashes do, at random, and
// knows what must have become of it.
type walk struct {
	*testing.T
	r    *rand.Rand
	fs   *vfs.MemFS
	s    *store
	tab  *connectors.Table
	rows *zset.Batch // of the table

	epoch    int64 // of query "writer": the last one that has happened
	prepared *zset.Batch
	sink     connectors.Sink

	readers []*walkReader
}

// A walkReader is a query that reads the table, with what it has on its last checkpoint.
type walkReader struct {
	name   string
	source connectors.Source
	at     int64
	sum    *zset.Batch

	safeAt  int64
	safeSum *zset.Batch
	ranges  [][2]int64 // read since
	seen    []string   // in each of them
}

// Whatever happens to a process, the table holds what it was told and no more, an epoch of a
// query is there once, and a query finds the rows behind its checkpoint as they were.
func TestKeptWalk(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := &walk{T: t, r: rand.New(rand.NewPCG(seed, 1)), fs: vfs.NewCrashableMem(), tab: keptTable(seed%2 == 0)}
			w.rows = zset.NewBuilder(w.tab.Schema()).Build()
			w.open()
			for range 120 {
				switch k := w.r.IntN(20); {
				case k < 6:
					w.statement()
				case k < 10:
					w.writeEpoch()
				case k < 16:
					w.read()
				case k < 18:
					w.checkpoint()
				default:
					w.crash()
				}
				w.check()
			}
		})
	}
}

func (w *walk) open() {
	w.s = newStore(w.fs, "tables")
	w.s.least = 8
	var err error
	if w.sink, err = w.s.sink(w.Context(), w.tab, connectors.Update, w.tab.Schema(), connectors.Env{Query: "writer"}); err != nil {
		w.Fatal(err)
	}
	happened := w.epoch
	if w.prepared != nil && w.r.IntN(2) == 0 { // the engine has saved it
		happened++
	}
	if _, err := w.sink.Recover(w.Context(), happened); err != nil {
		w.Fatal(err)
	}
	if happened > w.epoch {
		w.happens()
	}
	w.prepared = nil
}

func (w *walk) happens() {
	w.rows = zset.Consolidate(w.rows, w.prepared)
	w.epoch++
	w.prepared = nil
}

// change makes a change that the table can take.
func (w *walk) change() *zset.Batch {
	out := zset.NewBuilder(w.tab.Schema())
	there := map[string]bool{}
	for row := range w.rows.Len {
		if w.r.IntN(3) == 0 {
			out.AppendRow(w.rows, row, -w.rows.Weight(row))
			continue
		}
		there[string(zset.AppendKey(nil, w.rows.Cols[:1], row))] = true
	}
	for range w.r.IntN(5) {
		b := parsed(w, w.tab, fmt.Sprintf("+1 %d name%d", w.r.IntN(12), w.r.IntN(3)))
		key := string(zset.AppendKey(nil, b.Cols[:1], 0))
		if w.tab.PrimaryKey != nil && there[key] {
			continue
		}
		there[key] = true
		out.AppendRow(b, 0, 1)
	}
	return zset.Consolidate(out.Build())
}

func (w *walk) statement() {
	sink, err := w.s.sink(w.Context(), w.tab, connectors.Update, w.tab.Schema(), connectors.Env{})
	if err != nil {
		w.Fatal(err)
	}
	b := w.change()
	w.put(sink, 1, b)
	if err := errors.Join(sink.Commit(w.Context(), 1), sink.Close()); err != nil {
		w.Fatal(err)
	}
	w.rows = zset.Consolidate(w.rows, b)
}

func (w *walk) put(sink connectors.Sink, epoch int64, b *zset.Batch) {
	w.Helper()
	err := sink.Begin(w.Context(), epoch)
	if err == nil {
		err = sink.Write(w.Context(), b)
	}
	if err == nil {
		_, err = sink.Prepare(w.Context())
	}
	if err != nil {
		w.Fatal(err)
	}
}

// writeEpoch prepares an epoch, and commits it unless the process is about to end.
func (w *walk) writeEpoch() {
	w.prepared = w.change()
	w.put(w.sink, w.epoch+1, w.prepared)
	if w.r.IntN(4) == 0 {
		w.crash()
		return
	}
	if err := w.sink.Commit(w.Context(), w.epoch+1); err != nil {
		w.Fatal(err)
	}
	w.happens()
}

// crash ends the process, or the machine, and begins another one.
func (w *walk) crash() {
	if n := w.r.IntN(4); n > 0 {
		w.fs = w.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * (n - 1), RNG: w.r})
	}
	w.open()
	for _, r := range w.readers {
		w.again(r)
	}
}

// again opens a reader that was there before, and has it read what it has read since its
// checkpoint.
func (w *walk) again(r *walkReader) {
	w.Helper()
	src, err := w.s.source(w.Context(), w.tab, connectors.Env{Query: r.name})
	if err != nil {
		w.Fatal(err)
	}
	r.source, r.at, r.sum = src, r.safeAt, r.safeSum
	ranges, seen := r.ranges, r.seen
	r.ranges, r.seen = nil, nil
	for i, x := range ranges {
		if got := w.readRange(r, x[0], x[1]); got != seen[i] {
			w.Fatalf("%s reads [%d, %d) again:\n%swas\n%s", r.name, x[0], x[1], got, seen[i])
		}
	}
}

func (w *walk) readRange(r *walkReader, from, to int64) string {
	w.Helper()
	rd, err := r.source.(connectors.BatchSource).OpenBatches(w.Context(),
		connectors.Range{Split: split, From: connectors.Offset(from), To: connectors.Offset(to)}, []int{0, 1})
	if err != nil {
		w.Fatal(err)
	}
	out := zset.NewBuilder(w.tab.Schema())
	for err == nil {
		err = rd.Next(w.Context(), out, out.Len()+3)
	}
	if !errors.Is(err, io.EOF) {
		w.Fatal(err)
	}
	got := out.Build()
	r.at, r.sum = to, zset.Consolidate(r.sum, got)
	r.ranges, r.seen = append(r.ranges, [2]int64{from, to}), append(r.seen, got.String())
	return got.String()
}

// read has a reader read a part of what there is, or begins another one.
func (w *walk) read() {
	if len(w.readers) == 0 || len(w.readers) < 4 && w.r.IntN(4) == 0 {
		r := &walkReader{name: fmt.Sprintf("reader%d", len(w.readers))}
		src, err := w.s.source(w.Context(), w.tab, connectors.Env{Query: r.name})
		if err != nil {
			w.Fatal(err)
		}
		at, err := src.Start(w.Context(), []connectors.Split{split})
		if err != nil {
			w.Fatal(err)
		}
		r.source, r.at, r.sum = src, int64(at[split]), zset.NewBuilder(w.tab.Schema()).Build()
		r.safeAt, r.safeSum = r.at, r.sum
		w.readers = append(w.readers, r)
	}
	r := w.readers[w.r.IntN(len(w.readers))]
	end := w.latest(r)
	if n := end - r.at; n > 0 {
		w.readRange(r, r.at, r.at+1+w.r.Int64N(n))
	}
}

func (w *walk) latest(r *walkReader) int64 {
	latest, err := r.source.Latest(w.Context(), []connectors.Split{split})
	if err != nil {
		w.Fatal(err)
	}
	return int64(latest[split])
}

func (w *walk) checkpoint() {
	for _, r := range w.readers {
		if w.r.IntN(3) == 0 {
			continue
		}
		r.safeAt, r.safeSum, r.ranges, r.seen = r.at, r.sum, nil, nil
		if err := r.source.(connectors.Follower).Passed(w.Context(), connectors.Offsets{split: connectors.Offset(r.at)}); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *walk) check() {
	w.Helper()
	if left := zset.Consolidate(contentOf(w, w.s, w.tab), w.rows.Negated()); left.Len > 0 {
		w.Fatalf("the table differs from what was written by\n%s", left)
	}
	for _, r := range w.readers {
		if r.at < w.latest(r) {
			continue
		}
		if left := zset.Consolidate(r.sum, w.rows.Negated()); left.Len > 0 {
			w.Fatalf("%s has read all of the table but\n%s", r.name, left)
		}
	}
}
