package console_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/connectortest"
	"github.com/sqlstream/sqlstream/connectors/console"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

func table(options connectors.Options) *connectors.Table {
	return &connectors.Table{Name: "out", Options: options, Columns: []connectors.Column{
		{Field: types.Field{Name: "lang", Type: types.Of(types.Varchar)}},
		{Field: types.Field{Name: "n", Type: types.Of(types.BigInt)}},
	}}
}

func open(t *testing.T, mode connectors.Mode, options connectors.Options, out *bytes.Buffer) connectors.Sink {
	t.Helper()
	tab := table(options)
	s, err := console.Connector.Sink(t.Context(), tab, mode, tab.Schema(), connectors.Env{Out: out})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// printed returns what some epochs print.
func printed(t *testing.T, mode connectors.Mode, options connectors.Options, epochs ...string) string {
	t.Helper()
	var out bytes.Buffer
	s := open(t, mode, options, &out)
	if _, err := s.Recover(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	for i, rows := range epochs {
		b, err := zset.Parse(table(nil).Schema(), rows)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Begin(t.Context(), int64(i+1)); err != nil {
			t.Fatal(err)
		}
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(t.Context(), int64(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPrinted(t *testing.T) {
	ndjson := connectors.Options{"print": "ndjson"}
	for _, c := range []struct {
		law     string
		mode    connectors.Mode
		options connectors.Options
		epochs  []string
		want    string
	}{
		{"each epoch is a table, as Spark prints it, an epoch without rows nothing", connectors.Append, nil, []string{"en 1\nko 20", "", "NULL NULL"}, `
-------------------------------------------
Batch: 0
-------------------------------------------
+------+----+
| lang | n  |
+------+----+
| en   | 1  |
| ko   | 20 |
+------+----+
-------------------------------------------
Batch: 2
-------------------------------------------
+------+------+
| lang | n    |
+------+------+
| NULL | NULL |
+------+------+
`},
		{"wide characters take two places", connectors.Append, nil, []string{"한국어 1\nen 2\n日本 3"}, `
-------------------------------------------
Batch: 0
-------------------------------------------
+--------+---+
| lang   | n |
+--------+---+
| 한국어 | 1 |
| en     | 2 |
| 日本   | 3 |
+--------+---+
`},
		{"changes say what they do, as often as they are there", connectors.Update, nil, []string{"-1 en 1\n+2 en 2"}, `
-------------------------------------------
Batch: 0
-------------------------------------------
+----+------+---+
| op | lang | n |
+----+------+---+
| -D | en   | 1 |
| +I | en   | 2 |
| +I | en   | 2 |
+----+------+---+
`},
		{"a complete result is printed when it is empty, too", connectors.Complete, nil, []string{""}, `
-------------------------------------------
Batch: 0
-------------------------------------------
+------+---+
| lang | n |
+------+---+
+------+---+
`},
		{"ndjson is an object a row", connectors.Append, ndjson, []string{"한국어 1", "+2 \"a\\\"b\" NULL"}, `
{"lang":"한국어","n":1}
{"lang":"a\"b","n":null}
{"lang":"a\"b","n":null}
`},
		{"and says what a change does", connectors.Update, ndjson, []string{"-1 en 1\n+1 en 2"}, `
{"op":"-D","lang":"en","n":1}
{"op":"+I","lang":"en","n":2}
`},
	} {
		if got := "\n" + printed(t, c.mode, c.options, c.epochs...); got != c.want {
			t.Errorf("%s: printed%swant%s", c.law, got, c.want)
		}
	}
}

// The lines of a table end in the same place on a terminal, whatever is in it.
func TestAligned(t *testing.T) {
	out := printed(t, connectors.Append, nil, "\"스트리밍 쿼리 😀\" 1\nabc 22\n\"ラーメン\" 3\n\"é\" 4")
	lines := strings.Split(strings.TrimSpace(out), "\n")[3:]
	for _, line := range lines {
		if runewidth.StringWidth(line) != runewidth.StringWidth(lines[0]) {
			t.Errorf("%q is not as wide as %q", line, lines[0])
		}
	}
}

func TestSink(t *testing.T) {
	connectortest.Sink(t, connectortest.SinkCase{
		New: func(*testing.T) (func(*testing.T) connectors.Sink, func(*testing.T) []string) {
			var out bytes.Buffer
			return func(t *testing.T) connectors.Sink {
				return open(t, connectors.Append, connectors.Options{"print": "ndjson"}, &out)
			}, func(*testing.T) []string { return strings.Split(strings.TrimSuffix("\n"+out.String(), "\n"), "\n")[1:] }
		},
		Schema: table(nil).Schema(),
		Rows:   []string{"en 1", "ko 2", "ja 3", "NULL 4"},
		Shown:  []string{`{"lang":"en","n":1}`, `{"lang":"ko","n":2}`, `{"lang":"ja","n":3}`, `{"lang":null,"n":4}`},
	})
}
