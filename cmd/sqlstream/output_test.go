package main

import (
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

var userCounts = types.NewSchema(
	types.Field{Name: "user", Type: types.Of(types.Varchar)},
	types.Field{Name: "n", Type: types.Of(types.BigInt)},
)

// changesText prints an epoch's changes, op first.
func changesText(t *testing.T, delta string, key []int) string {
	t.Helper()
	b, err := zset.Parse(userCounts, delta)
	if err != nil {
		t.Fatal(err)
	}
	c := changelog(sqlstream.Change{Epoch: 7, Delta: b}, key)
	h := heading{schema: userCounts, changelog: true}
	var lines []string
	for i := range c.rows {
		lines = append(lines, strings.Join(c.cells(&h, i), " "))
	}
	return strings.Join(lines, "\n")
}

// A row that takes another's place by the unique key is +U behind its -U; without a key
// all that goes is -D and all that comes +I.
func TestChangelog(t *testing.T) {
	for _, c := range []struct {
		name, delta string
		key         []int
		want        string
	}{
		{"new", "+1 ann 1\n+1 bob 1", []int{0}, "+I 7 ann 1\n+I 7 bob 1"},
		{"changed", "+1 ann 2\n+1 bob 1\n-1 ann 1", []int{0}, "-U 7 ann 1\n+U 7 ann 2\n+I 7 bob 1"},
		{"gone", "-1 ann 1", []int{0}, "-D 7 ann 1"},
		{"no key", "+1 ann 2\n-1 ann 1", nil, "-D 7 ann 1\n+I 7 ann 2"},
		{"copies", "+2 ann 2\n-1 bob 1", nil, "-D 7 bob 1\n+I 7 ann 2\n+I 7 ann 2"},
		{"one row in all", "+1 NULL 2\n-1 NULL 1", []int{}, "-U 7 NULL 1\n+U 7 NULL 2"},
		{"NULL is a key", "+1 NULL 2\n-1 NULL 1\n+1 \"\" 1", []int{0}, "-U 7 NULL 1\n+U 7 NULL 2\n+I 7  1"},
	} {
		if got := changesText(t, c.delta, c.key); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// printInTurns prints batches as one continuous result each, taking turns.
func printInTurns(t *testing.T, format string, batches ...string) string {
	t.Helper()
	var out strings.Builder
	o := &output{w: &out, format: format, screen: &screen{}}
	results := []*result{
		o.open(heading{schema: userCounts, continuous: true}),
		o.open(heading{schema: userCounts, continuous: true}),
	}
	for i, text := range batches {
		b, err := zset.Parse(userCounts, text)
		if err != nil {
			t.Fatal(err)
		}
		if err := results[i%2].write(wholeChunk(b)); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range results {
		if err := r.close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// Two continuous results that take turns name their columns at each turn, so that one
// can tell them apart.
func TestResultsTakeTurns(t *testing.T) {
	want := "user,n\nann,1\n\nuser,n\nbob,2\n\nuser,n\nann,3\n"
	if got := printInTurns(t, "csv", "ann 1", "bob 2", "ann 3"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A continuous table is one table: wider rows name the columns anew, a rule ends it.
func TestContinuousTable(t *testing.T) {
	want := `+------+---+
| user | n |
+------+---+
| ann  | 1 |
| bob  | 3 |
+----------------------+---+
| user                 | n |
+----------------------+---+
| 한국어와 日本語      | 5 |
+----------------------+---+
`
	var out strings.Builder
	o := &output{w: &out, format: "table", screen: &screen{}}
	r := o.open(heading{schema: userCounts, continuous: true})
	for _, text := range []string{"ann 1", "bob 3", `"한국어와 日本語" 5`} {
		b, err := zset.Parse(userCounts, text)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.write(wholeChunk(b)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}

// A table too wide for the terminal wraps its widest columns of text, at blanks where
// it can; wide characters take two places.
func TestTableFitsTerminal(t *testing.T) {
	b, err := zset.Parse(userCounts, `"one two three four five" 1`+"\n"+`"오늘서울날씨정말좋다" 2`)
	if err != nil {
		t.Fatal(err)
	}
	f := &table{}
	h := heading{schema: userCounts, width: 22}
	got := string(f.end(f.chunk(f.begin(nil, &h), &h, wholeChunk(b)), &h))
	want := `+----------------+---+
| user           | n |
+----------------+---+
| one two three  | 1 |
| four five      |   |
| 오늘서울날씨정 | 2 |
| 말좋다         |   |
+----------------+---+
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What steers a terminal is shown instead of done.
func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"안녕":               "안녕",
		"a\tb":             "a    b",
		"a\nb":             "a\nb",
		"\x1b[2Jgone":      `\x1b[2Jgone`,
		"a\rb":             `a\rb`,
		"\u202eabc":        `\u202eabc`,
		"\u009b2J":         `\x9b2J`,
		"bad \xff byte":    "bad \uFFFD byte",
		"👩‍👩‍👧 family":     "👩‍👩‍👧 family",
		"\x7f":             `\x7f`,
		"plain, as it was": "plain, as it was",
	} {
		if got := printable(text); got != want {
			t.Errorf("%q is shown as %q, not %q", text, got, want)
		}
	}
}

// Clipped lines fit, and say that they were cut.
func TestClip(t *testing.T) {
	for _, c := range []struct {
		line  string
		width int
		want  string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"한글한글", 5, "한글…"},
		{"한글한글", 4, "한…"},
		{"abc", 0, "abc"},
	} {
		if got := clip(c.line, c.width); got != c.want {
			t.Errorf("%q in %d is %q, not %q", c.line, c.width, got, c.want)
		}
	}
}
