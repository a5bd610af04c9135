package memory_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/connectortest"
	"github.com/sqlstream/sqlstream/connectors/memory"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

func people() *connectors.Table {
	return &connectors.Table{Name: "people", Columns: []connectors.Column{
		{Field: types.Field{Name: "id", Type: types.Of(types.BigInt)}},
		{Field: types.Field{Name: "name", Type: types.Of(types.Varchar)}},
	}}
}

// A door is a table with its connector.
type door struct {
	c   connectors.Connector
	tab *connectors.Table
}

func (d door) source(t *testing.T) connectors.Source {
	t.Helper()
	src, err := d.c.Source(t.Context(), d.tab, connectors.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func (d door) sink(t *testing.T, mode connectors.Mode) connectors.Sink {
	t.Helper()
	s, err := d.c.Sink(t.Context(), d.tab, mode, d.tab.Schema(), connectors.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (d door) write(t *testing.T, s connectors.Sink, epoch int64, rows string) {
	t.Helper()
	b, err := zset.Parse(d.tab.Schema(), rows)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Begin(t.Context(), epoch); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), epoch); err != nil {
		t.Fatal(err)
	}
}

// log returns the changes of the table so far.
func (d door) log(t *testing.T, columns ...int) *zset.Batch {
	t.Helper()
	src := d.source(t).(connectors.BatchSource)
	end, err := src.Latest(t.Context(), []connectors.Split{"0"})
	if err != nil {
		t.Fatal(err)
	}
	rd, err := src.OpenBatches(t.Context(), connectors.Range{Split: "0", To: end["0"]}, columns)
	if err != nil {
		t.Fatal(err)
	}
	b := zset.NewBuilder(d.tab.Schema().Project(columns))
	if err := rd.Next(t.Context(), b, 1000); err != io.EOF {
		t.Fatalf("error %v, want io.EOF", err)
	}
	return b.Build()
}

func TestSource(t *testing.T) {
	d := door{memory.New(), people()}
	s := d.sink(t, connectors.Append)
	d.write(t, s, 1, "1 ann\n2 bob\n-1 1 ann")
	d.write(t, s, 2, "+2 3 \"c d\"\n4 NULL")
	epoch := int64(2)
	connectortest.Source(t, connectortest.SourceCase{
		Columns: d.tab.Schema(),
		Open:    d.source,
		Add:     func(t *testing.T) { epoch++; d.write(t, s, epoch, "5 eve") },
	})
}

func TestSink(t *testing.T) {
	sinkLaws(t, people(), []string{"+1 1 ann", "+1 2 bob", "+1 3 NULL", "+1 4 \"\""})
}

// Arrays, maps and rows are values as any other.
func TestSinkOfNested(t *testing.T) {
	list, name := types.Of(types.Int), types.Of(types.Varchar)
	lists := types.Type{Kind: types.Array, Elem: &list}
	table := &connectors.Table{Name: "nested", Columns: []connectors.Column{
		{Field: types.Field{Name: "l", Type: lists}},
		{Field: types.Field{Name: "r", Type: types.Type{Kind: types.Row, Fields: []types.Field{{Name: "x", Type: lists}, {Name: "m", Type: types.Type{Kind: types.Map, Key: &name, Elem: &list}}}}}},
	}}
	sinkLaws(t, table, []string{
		`+1 [1,2] {"x":[3],"m":{"a":1}}`, `+1 [] {"x":null,"m":{}}`, `+1 NULL NULL`, `+1 [null] {"x":[],"m":{"a":null,"b":2}}`,
	})
}

func sinkLaws(t *testing.T, table *connectors.Table, rows []string) {
	t.Helper()
	shown := make([]string, len(rows))
	for i, row := range rows {
		b, err := zset.Parse(table.Schema(), row)
		if err != nil {
			t.Fatal(err)
		}
		shown[i] = string(b.AppendRowText(nil, 0))
	}
	connectortest.Sink(t, connectortest.SinkCase{
		New: func(*testing.T) (func(*testing.T) connectors.Sink, func(*testing.T) []string) {
			d := door{memory.New(), table}
			open := func(t *testing.T) connectors.Sink { return d.sink(t, connectors.Append) }
			visible := func(t *testing.T) []string {
				var out []string
				b := d.log(t, 0, 1)
				for row := range b.Len {
					out = append(out, string(b.AppendRowText(nil, row)))
				}
				return out
			}
			return open, visible
		},
		Schema: table.Schema(), Rows: rows, Shown: shown,
	})
}

// A complete result takes the place of what the sink wrote before; what others wrote
// stays.
func TestComplete(t *testing.T) {
	d := door{memory.New(), people()}
	d.write(t, d.sink(t, connectors.Append), 1, "9 zoe")
	s := d.sink(t, connectors.Complete)
	d.write(t, s, 1, "1 ann\n2 bob")
	d.write(t, s, 2, "2 bob\n3 eve")
	d.write(t, s, 3, "")
	const want = "+1 1 ann\n+1 2 bob\n+1 3 eve\n+1 9 zoe\n-1 1 ann\n-1 2 bob\n-1 3 eve\n"
	changes := slices.Sorted(strings.Lines(d.log(t, 0, 1).String()))
	if got := strings.Join(changes, ""); got != want {
		t.Errorf("changes\n%swant\n%s", got, want)
	}
}

// Only the columns asked for come, in the order asked for.
func TestColumns(t *testing.T) {
	d := door{memory.New(), people()}
	d.write(t, d.sink(t, connectors.Append), 1, "1 ann\n2 bob")
	if got := d.log(t, 1).String(); got != "+1 ann\n+1 bob\n" {
		t.Errorf("got %s", got)
	}
	if got := d.log(t, 1, 0).String(); got != "+1 ann 1\n+1 bob 2\n" {
		t.Errorf("got %s", got)
	}
}

// A table that was dropped and made anew is empty.
func TestDropped(t *testing.T) {
	d := door{memory.New(), people()}
	d.write(t, d.sink(t, connectors.Append), 1, "1 ann")
	d.tab = people()
	if got := d.log(t, 0).Len; got != 0 {
		t.Errorf("%d rows", got)
	}
}

// A source begins with what the table holds: rows that came and went before it are not
// shown to it, and the changes after it are; wherever its ranges are cut, and whether or
// not another reader still needs them.
func TestBeginsWithContent(t *testing.T) {
	const want = "+1 1 ann\n+1 3 cyd\n+1 4 dan\n-1 1 ann\n"
	for cut := range connectors.Offset(5) {
		for _, lags := range []bool{false, true} {
			d := door{memory.New(), people()}
			s := d.sink(t, connectors.Update)
			d.write(t, s, 1, "1 ann\n2 bob\n3 cyd")
			slow := d.source(t)
			if !lags {
				if err := slow.Close(); err != nil {
					t.Fatal(err)
				}
			}
			d.write(t, s, 2, "-1 2 bob\n+1 4 dan")
			src := d.source(t)
			from := startOf(t, src)
			d.write(t, s, 3, "-1 1 ann")
			if got := d.part(t, src, from, from+cut) + d.part(t, src, from+cut, from+4); got != want {
				t.Errorf("cut at %d: got\n%swant\n%s", cut, got, want)
			}
			if settled := src.(connectors.Settler).Settled(connectors.Offsets{"0": from + cut}); settled != (!lags || cut >= 3) {
				t.Errorf("cut at %d, another lags %t: settled %t", cut, lags, settled)
			}
			if !lags {
				continue
			}
			if all, _ := readTo(t, slow, startOf(t, slow)); zset.Consolidate(all).Len != 2 {
				t.Errorf("the slow reader has\n%s", all)
			}
		}
	}
}

// part reads a range of a source.
func (d door) part(t *testing.T, src connectors.Source, from, to connectors.Offset) string {
	t.Helper()
	rd, err := src.(connectors.BatchSource).OpenBatches(t.Context(), connectors.Range{Split: "0", From: from, To: to}, []int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	b := zset.NewBuilder(d.tab.Schema())
	if err := rd.Next(t.Context(), b, 1000); err != io.EOF {
		t.Fatal(err)
	}
	return b.Build().String()
}
