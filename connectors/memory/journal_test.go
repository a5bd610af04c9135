package memory

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// told gives a table one statement.
func told(t testing.TB, s *store, tab *connectors.Table, rows string) error {
	t.Helper()
	ctx := t.Context()
	sink, err := s.sink(ctx, tab, connectors.Update, tab.Schema(), connectors.Env{})
	if err != nil {
		return err
	}
	if err := sink.Begin(ctx, 1); err != nil {
		return err
	}
	if err := sink.Write(ctx, parsed(t, tab, rows)); err != nil {
		return err
	}
	if _, err := sink.Prepare(ctx); err != nil {
		return errors.Join(err, sink.Close())
	}
	return errors.Join(sink.Commit(ctx, 1), sink.Close())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func bytesOf(t testing.TB, fs vfs.FS, path string) []byte {
	t.Helper()
	data, err := readFile(fs, path)
	must(t, err)
	return data
}

func replaceFile(t testing.TB, fs vfs.FS, path string, data []byte) {
	t.Helper()
	must(t, fs.MkdirAll(fs.PathDir(path), 0o700))
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	must(t, err)
	_, err = f.Write(append([]byte{}, data...))
	must(t, errors.Join(err, f.Close()))
}

// A byte that is not as it was written is found wherever it stands, with its place. In the
// last record it looks as if the machine had ended while that was written, and the table is
// what it was before. A file that ends early is the same.
func TestJournalDamage(t *testing.T) {
	tab := keptTable(true)
	fs := vfs.NewMem()
	s := newStore(fs, "tables")
	const path = "tables/people-1/log"
	must(t, told(t, s, tab, "1 ann\n2 bob"))
	must(t, told(t, s, tab, "-1 1 ann\n+1 3 NULL"))
	before := contentOf(t, s, tab).String()
	last := len(bytesOf(t, fs, path))
	must(t, told(t, s, tab, "4 dan"))
	whole, after := bytesOf(t, fs, path), contentOf(t, s, tab).String()
	look := func(data []byte) (string, error) {
		fs := vfs.NewMem()
		replaceFile(t, fs, path, data)
		s := newStore(fs, "tables")
		if _, err := s.table(tab); err != nil {
			return "", err
		}
		return contentOf(t, s, tab).String(), nil
	}
	if got, err := look(whole); got != after || err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	for at := range whole {
		data := append([]byte{}, whole...)
		data[at] ^= 0x41
		switch got, err := look(data); {
		case at < last && (err == nil || !strings.HasPrefix(err.Error(), "table people: "+path+" at offset ")):
			t.Fatalf("byte %d is damaged: %v\n%s", at, err, got)
		case at >= last && (err != nil || got != before):
			t.Fatalf("byte %d of the last record is damaged: %v\n%s", at, err, got)
		}
	}
	for n := last; n < len(whole); n++ {
		if got, err := look(whole[:n]); err != nil || got != before {
			t.Fatalf("the file ends at %d: %v\n%s", n, err, got)
		}
	}
	if _, err := look(nil); err == nil || !strings.Contains(err.Error(), "offset 0: the file does not begin with a record") {
		t.Errorf("an empty file: %v", err)
	}
}

// What is left of a torn record is not found again behind others.
func TestJournalGoesOnBehindATornRecord(t *testing.T) {
	tab := keptTable(false)
	fs := vfs.NewMem()
	must(t, told(t, newStore(fs, "tables"), tab, "1 ann"))
	const path = "tables/people-1/log"
	data := bytesOf(t, fs, path)
	replaceFile(t, fs, path, append(data, data[:frameBytes+2]...))
	for i := range 3 {
		s := newStore(fs, "tables")
		must(t, told(t, s, tab, fmt.Sprint(i+2, " x")))
		if got := contentOf(t, newStore(fs, "tables"), tab).Len; got != i+2 {
			t.Fatalf("%d rows, want %d", got, i+2)
		}
	}
}

// A journal is of one table: other columns are refused, a table of the same name is another.
func TestJournalOfAnotherTable(t *testing.T) {
	tab := keptTable(false)
	fs := vfs.NewMem()
	s := newStore(fs, "tables")
	must(t, told(t, s, tab, "1 ann"))
	other := keptTable(false)
	other.Columns[1].Type = types.Of(types.BigInt)
	if _, err := newStore(fs, "tables").table(other); err == nil || !strings.Contains(err.Error(), "of a table with other columns") {
		t.Error(err)
	}
	other.ID = "people-2"
	if n := contentOf(t, newStore(fs, "tables"), other).Len; n != 0 {
		t.Errorf("%d rows", n)
	}
	must(t, s.drop(tab))
	must(t, s.drop(tab))
	if n := contentOf(t, newStore(fs, "tables"), tab).Len; n != 0 {
		t.Errorf("%d rows of a table that was dropped", n)
	}
}

// A disk that fails costs the statement at hand and no other: those before stay, and those
// that come when it works again are taken.
func TestJournalOnADiskThatFails(t *testing.T) {
	tab := keptTable(true)
	for fail := range int64(12) {
		for _, again := range []bool{false, true} {
			mem := vfs.NewMem()
			calls := int64(-1) // before the one that fails
			fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if op.Kind.ReadOrWrite() == errorfs.OpIsRead {
					return nil
				}
				if calls--; calls == -1 {
					return errorfs.ErrInjected
				}
				return nil
			}))
			s := newStore(fs, "tables")
			must(t, told(t, s, tab, "1 ann"))
			calls = fail + 1
			err := told(t, s, tab, "2 bob")
			calls = -1
			if again {
				must(t, told(t, s, tab, "3 cyd"))
				s = newStore(mem, "tables")
			}
			want := "+1 1 ann\n"
			if err == nil {
				want += "+1 2 bob\n"
			}
			if again {
				want += "+1 3 cyd\n"
			}
			if got := contentOf(t, s, tab).String(); got != want {
				t.Fatalf("call %d fails with %v: the table is\n%swant\n%s", fail, err, got, want)
			}
		}
	}
}

// Whatever bytes a record has, reading it is an error or gives what is written back alike.
func FuzzBatch(f *testing.F) {
	schema := types.NewSchema(
		types.Field{Name: "i", Type: types.Of(types.Int)}, types.Field{Name: "b", Type: types.Of(types.Boolean)},
		types.Field{Name: "s", Type: types.Of(types.Varchar)}, types.Field{Name: "d", Type: types.Type{Kind: types.Decimal, Precision: 20, Scale: 2}},
	)
	for _, rows := range []string{"", "1 true a 2.5", "-2 NULL NULL NULL NULL\n+1 4 false \"\" 7.00"} {
		b, err := zset.Parse(schema, rows)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(appendBatch(nil, b))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := &decoder{rest: data}
		b := d.batch(schema)
		if b == nil {
			if d.err == nil {
				t.Fatal("neither rows nor an error")
			}
			return
		}
		again := &decoder{rest: appendBatch(nil, b)}
		if c := again.batch(schema); again.err != nil || c.String() != b.String() {
			t.Fatalf("%v:\n%swas\n%s", again.err, c, b)
		}
	})
}

// Rows that a process could read outlast it, also where the one that wrote them died before
// the disk had them.
func TestJournalIsDurableOnceItWasRead(t *testing.T) {
	tab, fs := keptTable(true), vfs.NewMem()
	s := newStore(fs, "tables")
	must(t, told(t, s, tab, "1 ann"))
	must(t, told(t, s, tab, "2 bob"))
	const path = "tables/people-1/log"
	written := vfs.NewCrashableMem()
	replaceFile(t, written, path, bytesOf(t, fs, path))
	if got := contentOf(t, newStore(written, "tables"), tab).Len; got != 2 {
		t.Fatalf("%d rows are read", got)
	}
	crashed := written.CrashClone(vfs.CrashCloneCfg{})
	if got := contentOf(t, newStore(crashed, "tables"), tab).Len; got != 2 {
		t.Errorf("%d rows are left", got)
	}
}

// Whatever bytes a journal has, opening it is an error or a table.
func FuzzJournal(f *testing.F) {
	tab := keptTable(true)
	fs := vfs.NewMem()
	s := newStore(fs, "tables")
	must(f, told(f, s, tab, "1 ann\n2 bob"))
	src, err := s.source(f.Context(), tab, connectors.Env{Query: "q"})
	must(f, err)
	_, err = src.Start(f.Context(), []connectors.Split{split})
	must(f, err)
	var payloads [][]byte
	_, err = openJournal(fs, "tables/people-1", func(p []byte) error {
		payloads = append(payloads, p)
		return nil
	})
	must(f, err)
	for _, p := range payloads[1:] {
		f.Add(p, byte(0))
	}
	f.Add(preparedRecord("q", staged{3, parsed(f, tab, "7 x")}), byte('q'))
	f.Fuzz(func(t *testing.T, record []byte, query byte) {
		m := &table{def: tab, schema: tab.Schema(), least: compactRows, away: awayRows, index: newIndex(tab), sources: map[*source]struct{}{}, changed: make(chan struct{})}
		m.kept = &kept{staged: map[string]staged{}, followers: map[string]*follower{}}
		if m.replay(record) == nil {
			_ = m.replay(queryRecord(recordCommitted, string(query)))
			_ = m.total()
		}
	})
}
