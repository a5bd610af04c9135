package file

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/connectortest"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

func tableSink(t *testing.T, tab *connectors.Table, mode connectors.Mode) connectors.Sink {
	t.Helper()
	return querySink(t, "", tab, mode)
}

// querySink is that of a query that outlives the process.
func querySink(t *testing.T, query string, tab *connectors.Table, mode connectors.Mode) connectors.Sink {
	t.Helper()
	env := later().env(t)
	env.Query = query
	s, err := openSink(t.Context(), tab, mode, tab.Schema(), env)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// shown is what a reader of the path sees.
func shown(t *testing.T, path string) []string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	var out []string
	for _, line := range content(t, openTable(t, later(), "path", path)) {
		_, value, _ := strings.Cut(line, " ")
		out = append(out, value)
	}
	return out
}

func TestSinkLaws(t *testing.T) {
	rows := []string{"one", "two", "셋", `"four and more"`, "five"}
	asJSON := []string{`{"a":"one"}`, `{"a":"two"}`, `{"a":"셋"}`, `{"a":"four and more"}`, `{"a":"five"}`}
	asText := []string{"one", "two", "셋", "four and more", "five"}
	for _, c := range []struct {
		name, path string
		options    []string
		shown      []string
	}{
		{"directory", "out/", []string{"format", "json"}, asJSON},
		{"compressed directory", "out", []string{"format", "json", "compression", "zstd"}, asJSON},
		{"file", "out.json", []string{"format", "json"}, asJSON},
		{"text", "deep/out.txt", nil, asText},
		{"gzip", "out.gz", nil, asText},
	} {
		t.Run(c.name, func(t *testing.T) {
			schema := table().Schema()
			connectortest.Sink(t, connectortest.SinkCase{
				New: func(t *testing.T) (func(*testing.T) connectors.Sink, func(*testing.T) []string) {
					path := t.TempDir() + "/" + c.path
					open := func(t *testing.T) connectors.Sink {
						return querySink(t, "a/b.c", table(append(c.options, "path", path)...), connectors.Append)
					}
					return open, func(t *testing.T) []string { return shown(t, path) }
				},
				Schema: schema, Rows: rows, Shown: c.shown, Durable: true,
			})
		})
	}
}

// epoch writes and commits one.
func epoch(t *testing.T, s connectors.Sink, n int64, rows string) {
	t.Helper()
	if err := tryEpoch(s, n, rows); err != nil {
		t.Fatal(err)
	}
}

func tryEpoch(s connectors.Sink, n int64, rows string) error {
	schema := table().Schema()
	if x, ok := s.(*sink); ok {
		schema = &types.Schema{}
		for _, c := range x.table.Columns {
			schema.Fields = append(schema.Fields, c.Field)
		}
	}
	b, err := zset.Parse(schema, rows)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := s.Begin(ctx, n); err != nil {
		return err
	}
	if err := s.Write(ctx, b); err != nil {
		return err
	}
	if _, err := s.Prepare(ctx); err != nil {
		return err
	}
	return s.Commit(ctx, n)
}

func recoverSink(t *testing.T, s connectors.Sink, prepared int64) {
	t.Helper()
	if _, err := s.Recover(t.Context(), prepared); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Each epoch with rows is a file; a query that is started anew writes beside the
// files of the one before, and two at the same time write beside each other.
func TestEpochFiles(t *testing.T) {
	dir := t.TempDir()
	first := tableSink(t, table("path", dir, "format", "csv", "csv.header", "true"), connectors.Append)
	second := tableSink(t, table("path", dir), connectors.Append)
	recoverSink(t, first, 0)
	recoverSink(t, second, 0)
	epoch(t, first, 1, "x NULL\n+2 y \"1,2\"")
	epoch(t, first, 2, "")
	epoch(t, second, 3, "other")
	for _, s := range []connectors.Sink{first, second} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	third := tableSink(t, table("path", dir), connectors.Append)
	recoverSink(t, third, 0)
	epoch(t, third, 1, "again")
	if err := third.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, names(t, dir), "run-0001-epoch-00000001.csv", "run-0002-epoch-00000003.raw", "run-0003-epoch-00000001.raw")
	want(t, []string{text(t, filepath.Join(dir, "run-0001-epoch-00000001.csv"))}, "a,b\nx,\ny,\"1,2\"\ny,\"1,2\"\n")
}

// A query that outlives the process finds its files again, whoever else writes beside it,
// and an older copy of its state is found out.
func TestRunFoundAgain(t *testing.T) {
	dir := t.TempDir()
	open := func(query string, happened int64) connectors.Sink {
		s := querySink(t, query, table("path", dir), connectors.Append)
		recoverSink(t, s, happened)
		return s
	}
	first, second := open("q", 0), open("r", 0)
	epoch(t, first, 1, "one")
	epoch(t, second, 1, "other")
	epoch(t, open("q", 1), 2, "two")
	epoch(t, open("q", 0), 1, "anew")
	epoch(t, open("q", 1), 2, "anew2")
	want(t, names(t, dir), "_run-0001.json", "_run-0002.json", "_run-0003.json", "run-0001-epoch-00000001.raw", "run-0001-epoch-00000002.raw",
		"run-0002-epoch-00000001.raw", "run-0003-epoch-00000001.raw", "run-0003-epoch-00000002.raw")
	want(t, shown(t, dir), "one", "two", "other", "anew", "anew2")
	want(t, []string{text(t, filepath.Join(dir, "_run-0002.json"))}, `{"version":1,"query":"r","run":2}`)
	_, err := querySink(t, "q", table("path", dir), connectors.Append).Recover(t.Context(), 1)
	wantError(t, err, filepath.Join(dir, "run-0003-epoch-00000002.raw")+" is there, and the last epoch of query q that its state knows of is 1: is that an older copy?")
}

// A complete result takes the place of the one before, an empty one too.
func TestComplete(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "sub") + "/", filepath.Join(dir, "x.txt")} {
		s := tableSink(t, table("path", path), connectors.Complete)
		recoverSink(t, s, 0)
		file := path
		if strings.HasSuffix(path, "/") {
			file = path + "result.raw"
		}
		for i, c := range [][2]string{{"one\ntwo", "one\ntwo\n"}, {"three", "three\n"}, {"", ""}} {
			epoch(t, s, int64(i+1), c[0])
			want(t, []string{text(t, file)}, c[1])
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want(t, names(t, dir), "sub", "x.txt")
}

// A file that has names at its head gets them once.
func TestHeaderOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	for range 2 {
		s := tableSink(t, table("path", path, "format", "csv", "csv.header", "true"), connectors.Append)
		recoverSink(t, s, 0)
		epoch(t, s, 1, "1 2")
		epoch(t, s, 2, "3 \"\"")
	}
	want(t, []string{text(t, path)}, "a,b\n1,2\n3,\"\"\n1,2\n3,\"\"\n")
	want(t, names(t, filepath.Dir(path)), "x.csv")
}

// The process ended while an epoch was being added to a file: the rest is added
// later, by the same query or by another one that is started anew.
func TestHalfAdded(t *testing.T) {
	for query, happened := range map[string]int64{"": 0, "q": 1, "fresh": 0} {
		path := filepath.Join(t.TempDir(), "x.txt")
		stage := (&target{path, query}).stagePath(1)
		write(t, path, "zero\none\ntw")
		write(t, stage, "one\ntwo\n")
		write(t, stage+".at-5", "")
		write(t, (&target{path, query}).stagePath(7)+".at-3", "")
		write(t, (&target{path, query}).stagePath(8)+partSuffix, "")
		s := querySink(t, query, table("path", path), connectors.Append)
		recoverSink(t, s, happened)
		want(t, []string{text(t, path)}, "zero\none\ntwo\n")
		want(t, names(t, filepath.Dir(path)), "x.txt")
	}
}

// What another program wrote is never written over.
func TestOthersWrote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.txt")
	write(t, path, "zero\nalien\n")
	stage := (&target{path, "q"}).stagePath(1)
	write(t, stage, "one\n")
	write(t, stage+".at-5", "")
	s := querySink(t, "q", table("path", path), connectors.Append)
	_, err := s.Recover(t.Context(), 1)
	wantError(t, err, path+" at offset 5: something else was written to the file")
	want(t, []string{text(t, path)}, "zero\nalien\n")
}

func TestSinkRefuses(t *testing.T) {
	tab := table("path", filepath.Join(t.TempDir(), "x.txt"))
	check := Connector.Modes(tab)
	wantError(t, check(connectors.Update),
		"table t is files, whose lines cannot be changed: take APPEND, or COMPLETE to write the whole result anew each time")
	if check(connectors.Append) != nil || check(connectors.Complete) != nil {
		t.Error("APPEND and COMPLETE are refused")
	}
	s := tableSink(t, tab, connectors.Append)
	recoverSink(t, s, 0)
	wantError(t, tryEpoch(s, 1, "-1 gone"), "table t is files, and a row cannot be taken out of them again")
	wantError(t, tryEpoch(s, 1, `"two\nlines"`),
		"a value with a line end in it cannot be a line of a file (format 'raw'); json and csv can hold it")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left := names(t, filepath.Dir(tab.Options["path"])); len(left) > 0 {
		t.Errorf("left behind: %v", slices.Sorted(slices.Values(left)))
	}
	_, err := openSink(t.Context(), table("path", "x/*.json"), connectors.Append, tab.Schema(), later().env(t))
	wantError(t, err, "path 'x/*.json' is a pattern; rows are written to a file or a directory")
}

// JSON that was written over several lines becomes one.
func TestJSONOnOneLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	tab := table("path", path, "format", "json")
	tab.Columns[0].Type = types.Of(types.JSON)
	s := tableSink(t, tab, connectors.Append)
	recoverSink(t, s, 0)
	epoch(t, s, 1, `"{\n \"k\": \"a\\nb\"\n}"`)
	want(t, []string{text(t, path)}, `{"a":{  "k": "a\nb" }}`+"\n")
}
