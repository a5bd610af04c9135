package mysqltest_test

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/sqlstream/sqlstream/internal/mysqltest"
)

// A recording is read as it was written, and one that is made anew keeps the reasons of
// the expressions that are answered as they were.
func TestRecordingKeepsReasons(t *testing.T) {
	old := &mysqltest.Recording{
		Head: []string{"# A law.", ""},
		Lines: []mysqltest.Line{
			{Expr: "'a→b'", Answer: "a→b"},
			{Expr: "CAST('x' AS SIGNED)", Answer: "0 (warning 1292)", Ours: "error", Reason: "strict"},
			{Expr: "f(' (x)')", Answer: "", Ours: "a  (b)", Reason: "own"},
			{Expr: "g()", Answer: "1", Ours: "2", Reason: "own"},
		},
	}
	path := filepath.Join(t.TempDir(), "x.test")
	if err := old.Write(path); err != nil {
		t.Fatal(err)
	}
	read, err := mysqltest.Read(path)
	if err != nil || !reflect.DeepEqual(read, old) {
		t.Fatalf("%v, %+v", err, read)
	}
	fresh := &mysqltest.Recording{Lines: []mysqltest.Line{
		{Expr: "f(' (x)')", Answer: ""},
		{Expr: "g()", Answer: "3"},
		{Expr: "h()", Answer: "1"},
	}}
	fresh.Keep(read)
	want := []mysqltest.Line{old.Lines[2], {Expr: "g()", Answer: "3"}, {Expr: "h()", Answer: "1"}}
	if !reflect.DeepEqual(fresh.Lines, want) {
		t.Errorf("%+v", fresh.Lines)
	}
}

// What is asked does not change from one call to the next, and nothing is asked twice.
func TestFamiliesAreFixed(t *testing.T) {
	first, seen := mysqltest.Families(), map[string]string{}
	if again := mysqltest.Families(); !reflect.DeepEqual(first, again) {
		t.Error("other expressions in another call")
	}
	for _, f := range first {
		for _, e := range f.Exprs {
			if seen[e] == f.Name {
				t.Errorf("%s asks twice for %s", f.Name, e)
			}
			seen[e] = f.Name
		}
	}
}

// The server's texts agree with ours where only their writing differs, and in nothing else.
func TestAgreement(t *testing.T) {
	for _, x := range []struct {
		expr, answer string
		agrees       bool
	}{
		{"1 = 1", "1", true},
		{"1 = 1", "0", false},
		{"0.1e0 + 0.2e0", "0.3", true},
		{"0.1e0 + 0.2e0", "0.30001", false},
		{"0.10", "0.1", false},
		{"TIMESTAMP '2026-01-02 03:04:05'", "2026-01-02 03:04:05.000000", true},
		{"TIMESTAMP '2026-01-02 03:04:05'", "2026-01-02 03:04:06", false},
		{`CAST('{"a": [1, 2.0]}' AS JSON)`, `{"a":[1,2.0]}`, true},
		{`CAST('{"a": [1, 2.0]}' AS JSON)`, `{"a":[2.0,1]}`, false},
		{"x'00ff'", "0x00FF", true},
		{"CAST('x' AS SIGNED)", "error 1292", true},
		{"CAST('x' AS SIGNED)", "0 (warning 1292)", false},
		{"1 / 0", "NULL (warning 1365)", true},
	} {
		v, err := mysqltest.Evaluate(x.expr)
		if err != nil {
			t.Error(err)
		}
		if got := v.Agrees(x.answer); got != x.agrees {
			t.Errorf("%s, here %s, agrees with %q: %v", x.expr, v.Text, x.answer, got)
		}
	}
}
