package sqltest

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A script that prints what is wanted is written back byte for byte.
func TestFormat(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/*/*.test")
	if err != nil || len(paths) == 0 {
		t.Fatal("no files", err)
	}
	for _, path := range paths {
		if filepath.Base(filepath.Dir(path)) == "oracle" {
			continue // the recording of a server: package mysqltest reads it
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(path, string(data))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, b := range s.Blocks {
			want = append(want, b.Want)
		}
		if got := s.Format(want); got != string(data) {
			t.Errorf("%s is not as -rewrite writes it", path)
		}
	}
}

// What is not a script is an error with its line.
func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"exec\nSELECT 1\n", "f:2: exec has no line of ----"},
		{"----\nx\n", "f:1: ---- without a command before it"},
		{"plan expect=(A\nSELECT 1\n----\n", `f:1: plan expect: an open parenthesis in "(A"`},
		{"exec\n----\n----\n\n", "f:4: the output does not end with two lines of ----"},
	} {
		if _, err := Parse("f", c.text); err == nil || err.Error() != c.want {
			t.Errorf("%q: got %v, want %s", c.text, err, c.want)
		}
	}
}

// Arguments are words, key=value, and key=(a, b).
func TestArguments(t *testing.T) {
	s, err := Parse("f", "# law\nplan q stage=rules expect=(A, B) x\nSELECT 1\n----\nout\n\n# end\n")
	if err != nil {
		t.Fatal(err)
	}
	b := s.Blocks[0]
	name, err := b.name()
	if err != nil || name != "q" || b.value("stage") != "rules" || strings.Join(b.values("expect"), "+") != "A+B" || !b.has("x") || b.has("y") {
		t.Errorf("%+v, %v", b, err)
	}
	if err := b.only("q", "stage", "expect"); err == nil || err.Error() != "plan knows no argument x; there is q, stage, expect" {
		t.Errorf("an argument that is not known: %v", err)
	}
	if b.Line != 2 || b.Input != "SELECT 1" || b.Want != "out\n" {
		t.Errorf("%+v", b)
	}
}

// runText runs a script and returns what was found wrong.
func runText(t *testing.T, v Variation, text string) []Failure {
	t.Helper()
	s, err := Parse("f", text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	return r.Failures
}

const sums = `exec
CREATE TABLE t (n INT) WITH (connector = 'memory')
----

start q mode=update
SELECT SUM(n) AS s FROM t
----

feed t
1
2
----

result q
----
+1 3
`

// What a command prints is compared with the file.
func TestWrongOutput(t *testing.T) {
	if f := runText(t, Variation{}, sums); len(f) > 0 {
		t.Errorf("%v", f)
	}
	f := runText(t, Variation{}, strings.Replace(sums, "+1 3", "+1 4", 1))
	if len(f) != 1 || f[0].Line != 14 || f[0].Text != "result printed\n    +1 3\nwant\n    +1 4\n" {
		t.Errorf("%v", f)
	}
}

// Every judge is asked after every change, and heard.
func TestJudge(t *testing.T) {
	asked := 0
	liar := Judge{"the liar", func(_ context.Context, _ *sqlstream.DB, query string) (*zset.Batch, error) {
		if query != "SELECT SUM(n) AS s FROM t" {
			t.Errorf("asked %q", query)
		}
		asked++
		return zset.Parse(types.NewSchema(types.Field{Name: "s", Type: function.Int}), "+1 3")
	}}
	f := runText(t, Variation{Judges: []Judge{liar}}, sums)
	if asked != 2 || len(f) != 1 || f[0].Text != "query q: its result is\n    +1 NULL\nthe liar says\n    +1 3\n" {
		t.Errorf("asked %d times, found %v", asked, f)
	}
}

// A result with two rows of a key, or with a row that is there less than not at all,
// is no result.
func TestBrokenTable(t *testing.T) {
	for _, c := range []struct {
		key   []int
		rows  string
		wrong int
	}{
		{[]int{0}, "+1 1 2\n+1 2 2", 0},
		{[]int{0}, "+1 1 2\n+1 1 3", 1},
		{[]int{0, 1}, "+1 1 2\n+1 1 3", 0},
		{[]int{0}, "+2 1 2", 1},
		{nil, "+2 1 2", 0},
		{nil, "-1 1 2", 1},
		{[]int{}, "+1 1 2\n+1 3 4", 1},
		{[]int{0}, "+1 NULL 2\n+1 NULL 3", 1},
	} {
		if got := brokenTable(c.key, pairs(t, c.rows)); len(got) != c.wrong {
			t.Errorf("key %v of %q: %v", c.key, c.rows, got)
		}
	}
}

func pairs(t *testing.T, rows string) *zset.Batch {
	t.Helper()
	s := types.NewSchema(types.Field{Name: "a", Type: function.Int}, types.Field{Name: "b", Type: function.Int})
	b, err := zset.Parse(s, rows)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Cut pieces add up to the whole, and nothing is added before all is taken back.
func TestCut(t *testing.T) {
	whole := pairs(t, "+1 1 1\n-1 2 2\n+3 3 3\n-2 4 4\n+1 5 5")
	for seed := range uint64(50) {
		s := &session{dice: rand.New(rand.NewPCG(seed, 1))}
		f := feeding{rows: whole}
		sum, adding := &zset.Batch{Schema: whole.Schema}, false
		for f.rows.Len > 0 {
			piece := s.cut(&f)
			for row := range piece.Len {
				if adding = adding || piece.Weight(row) > 0; adding && piece.Weight(row) < 0 {
					t.Errorf("seed %d: %s", seed, piece)
				}
			}
			sum = zset.Consolidate(sum, piece)
		}
		if !same(sum, whole) {
			t.Errorf("seed %d: the pieces add up to\n%s", seed, sum)
		}
	}
}

// Only the last digits of floats may differ.
func TestNearlySame(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"+1 0.30000000000000004", "+1 0.3", true},
		{"+1 1e+300", "+1 1.0000000000000002e+300", true},
		{"+1 0.30001", "+1 0.3", false},
		{"+1 1.50", "+1 1.5", false},
		{"+1 12345678901234567", "+1 12345678901234568", false},
		{"+1 0.3000000000000004", "+1 0.3\n", false},
		{"+1 a", "+1 b", false},
		{"+1 0.30000000000000004 x", "+1 0.3", false},
	} {
		if got := nearlySame(c.a, c.b); got != c.same {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

// What a query answers outlives it, however little memory there is: its result is small.
func TestSmallResultOutlivesItsQueryWithoutMemory(t *testing.T) {
	const script = `exec
CREATE TABLE t (i INT) WITH (connector = 'memory');
INSERT INTO t SELECT * FROM GENERATE_SERIES(1, 3000);
CREATE MATERIALIZED VIEW v AS SELECT i, COUNT(*) AS n FROM t GROUP BY i;
CREATE MATERIALIZED VIEW w AS SELECT i + 1 AS j FROM v;
STOP QUERY w;
INSERT INTO t VALUES (1)
----

query
SELECT COUNT(*), SUM(i), SUM(n) FROM (SELECT i, COUNT(*) AS n FROM t GROUP BY i) x
----
+1 3000 4501500 3001

query
SELECT COUNT(*), SUM(j) FROM w
----
+1 3000 4504500

exec
STOP QUERY v
----

query
SELECT COUNT(*), SUM(n) FROM v
----
+1 3000 3001

`
	for _, v := range []Variation{{Crowded: true}, {Crowded: true, Restart: 1}, {Crowded: true, Restart: 2}, {Restart: 3}, {Crowded: true, Restart: 4}} {
		for _, f := range runText(t, v, script) {
			t.Errorf("%+v: line %d: %s", v, f.Line, f.Text)
		}
	}
}
