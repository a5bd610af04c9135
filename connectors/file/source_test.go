package file

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/connectortest"
)

func TestSourceLaws(t *testing.T) {
	text, quoted := "", "a,b\n"
	for i := range 40 {
		text += fmt.Sprintf(`{"a":"line %d"}`+"\n", i)
		quoted += fmt.Sprintf("%d,\"two\nlines, \"\"%d\"\"\"\n", i, i)
	}
	for _, c := range []struct {
		name, base, text, more string
		options                []string
	}{
		{"json", "x.json", text, `{"a":"more"}` + "\n", []string{"format", "json"}},
		{"blank lines", "x.json", strings.ReplaceAll(text, "\n", "\r\n \r\n"), "{}\n", []string{"format", "json"}},
		{"last line without an end", "x.txt", text + "end", "\nmore\n", nil},
		{"csv", "x.csv", quoted, "1,2\n", []string{"format", "csv", "csv.header", "true"}},
		{"gzip", "x.json.gz", compressed(t, gzipped, text), compressed(t, gzipped, "more\n"), nil},
		{"zstd", "x.json.zst", compressed(t, zstandard, text), compressed(t, zstandard, "more\n"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, filepath.Join(t.TempDir(), c.base), c.text)
			connectortest.Source(t, connectortest.SourceCase{
				Open: func(t *testing.T) connectors.Source {
					src, err := openSource(table(append(c.options, "path", path, "poll.interval", "1 ms")...), later().env(t))
					if err != nil {
						t.Fatal(err)
					}
					return src
				},
				Add: func(t *testing.T) { add(t, path, c.more) },
			})
		})
	}
	t.Run("directory", func(t *testing.T) {
		dir := t.TempDir()
		for i := range 5 {
			write(t, filepath.Join(dir, fmt.Sprintf("%d.json", i)), text)
		}
		connectortest.Source(t, connectortest.SourceCase{
			Open: func(t *testing.T) connectors.Source {
				src, err := openSource(table("path", dir, "poll.interval", "1 ms"), later().env(t))
				if err != nil {
					t.Fatal(err)
				}
				return src
			},
			Add: func(t *testing.T) { write(t, filepath.Join(dir, "new.json"), "{}\n") },
		})
	})
}

// Only whole lines count; the last one counts without its end when the file has
// been as it is for a while.
func TestLastLine(t *testing.T) {
	c := &clock{time.Now()}
	path := write(t, filepath.Join(t.TempDir(), "x.txt"), "one\n")
	s := openTable(t, c, "path", path)
	want(t, content(t, s), "x.txt@0 one")
	add(t, path, "tw")
	want(t, content(t, s), "x.txt@0 one")
	add(t, path, "o\nthree")
	want(t, content(t, s), "x.txt@0 one", "x.txt@1 two")
	c.now = c.now.Add(time.Hour)
	want(t, content(t, s), "x.txt@0 one", "x.txt@1 two", "x.txt@2 three")
	add(t, path, "\r\nfour\n")
	want(t, content(t, s), "x.txt@0 one", "x.txt@1 two", "x.txt@2 three", "x.txt@3 four")
	add(t, path, "five")
	c.now = c.now.Add(time.Hour)
	want(t, content(t, s)[4:], "x.txt@4 five")
	add(t, path, " and more\n")
	_, err := tryLatest(s)
	wantError(t, err, path+" at offset 4: the last line counted without a line end and then went on (option 'last.line.wait'); the files of a stream may only grow")
}

// The first look waits for a last line that was just written, so that a query over
// what is there reads it.
func TestFirstLookWaits(t *testing.T) {
	c := &clock{time.Now()}
	path := write(t, filepath.Join(t.TempDir(), "x.txt"), "one\ntwo")
	want(t, content(t, openTable(t, c, "path", path, "last.line.wait", "2 ms")), "x.txt@0 one", "x.txt@1 two")
}

// Lines end with \n or \r\n; a byte order mark and, for JSON, blank lines are no part
// of any record; a quoted field of CSV may hold line ends.
func TestLines(t *testing.T) {
	for _, c := range []struct {
		text    string
		options []string
		want    []string
	}{
		{"\xef\xbb\xbfa\r\n\nb\n", nil, []string{"x@0 a", "x@1 ", "x@2 b"}},
		{"\xef\xbb\xbf{}\r\n \t\r\n{ }\n\n", []string{"format", "json"}, []string{"x@0 {}", "x@2 { }"}},
		{"a,b\n1,2\n\n3,4\n", []string{"format", "csv", "csv.header", "true"}, []string{"x@1 1,2", "x@3 3,4"}},
		{"1,\"2\n3\"\n\"\n\",\"\"\"\n\"\n", []string{"format", "csv"}, []string{"x@0 1,\"2\n3\"", "x@1 \"\n\",\"\"\"\n\""}},
		{"5\" disk,a\n\"b\"c,d\n", []string{"format", "csv"}, []string{"x@0 5\" disk,a", "x@1 \"b\"c,d"}},
		{"1,\"open\n2,3\n", []string{"format", "csv"}, []string{"x@0 1,\"open\n2,3\n"}},
		{"", nil, nil},
	} {
		path := write(t, filepath.Join(t.TempDir(), "x"), c.text)
		want(t, content(t, openTable(t, later(), append(c.options, "path", path)...)), c.want...)
	}
}

// A file that did anything else than grow is an error that names it and the place.
func TestChangedFile(t *testing.T) {
	const long = "one\ntwo\nthree\n"
	for _, c := range []struct {
		name   string
		change func(path string)
		want   string
	}{
		{
			"shrank", func(p string) { os.Truncate(p, 5) },
			"PATH at offset 3: the file shrank from 14 to 5 bytes; the files of a stream may only grow",
		},
		{
			"rewritten", func(p string) { write(t, p, "ONE\ntwo\nthree\nfour\n") },
			"PATH at offset 3: the file has other content than before; the files of a stream may only grow",
		},
		{
			"replaced", func(p string) { write(t, p+".new", long+long); os.Rename(p+".new", p) },
			"PATH at offset 3: another file took its place; the files of a stream may only grow",
		},
		{
			"removed", func(p string) { os.Remove(p) },
			"PATH at offset 0: the file is gone before its last 3 lines were read",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := write(t, filepath.Join(dir, "x"), long)
			s := openTable(t, later(), "path", dir)
			end := latest(t, s)
			c.change(path)
			_, err := tryLatest(s)
			wantError(t, err, strings.ReplaceAll(c.want, "PATH", path))
			if _, err := tryLines(s, connectors.Range{Split: connectors.Split(path), To: end[connectors.Split(path)]}); err == nil {
				t.Error("the range can still be read")
			}
		})
	}
}

// A file that was read may go.
func TestReadFileRemoved(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "x"), "one\n")
	s := openTable(t, later(), "path", dir)
	want(t, content(t, s), "x@0 one")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "y"), "two\n")
	want(t, content(t, s), "y@0 two")
}

// A directory and a pattern are streams of files; hidden ones are left out.
func TestNewFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.json"), "1\n")
	write(t, filepath.Join(dir, "a.txt"), "2\n")
	whole, some := openTable(t, later(), "path", dir), openTable(t, later(), "path", filepath.Join(dir, "*.json"))
	want(t, content(t, whole), "a.json@0 1", "a.txt@0 2")
	want(t, content(t, some), "a.json@0 1")
	for _, name := range []string{"b.json", ".c.json", "_d.json"} {
		write(t, filepath.Join(dir, name), "3\n")
	}
	if err := os.Mkdir(filepath.Join(dir, "e.json"), 0o777); err != nil {
		t.Fatal(err)
	}
	want(t, content(t, whole), "a.json@0 1", "a.txt@0 2", "b.json@0 3")
	want(t, content(t, some), "a.json@0 1", "b.json@0 3")
}

func TestNoSuchPath(t *testing.T) {
	_, err := openSource(table("path", "no/such/file"), later().env(t))
	wantError(t, err, "path 'no/such/file' does not exist; only a pattern may match what comes later")
	_, err = openSource(table(), later().env(t))
	wantError(t, err, "option 'path' is missing: it names a file, a directory or a pattern")
	want(t, content(t, openTable(t, later(), "path", filepath.Join(t.TempDir(), "*.json"))))
}

// With scan.startup = 'latest' a query reads what comes: new lines, and new files whole.
func TestStartLatest(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "a"), "1\n2\n")
	s := openTable(t, later(), "path", dir, "scan.startup", "latest")
	start, err := s.Start(t.Context(), []connectors.Split{connectors.Split(path)})
	if err != nil || start[connectors.Split(path)] != 2 {
		t.Fatalf("start %v, %v", start, err)
	}
	second := write(t, filepath.Join(dir, "b"), "3\n")
	start, err = s.Start(t.Context(), []connectors.Split{connectors.Split(second)})
	if err != nil || start[connectors.Split(second)] != 0 {
		t.Fatalf("start %v, %v", start, err)
	}
}

// Compressed content that stops in the middle is waited for while it may still be
// written, and an error where a query reads what is there.
func TestCutOffCompression(t *testing.T) {
	for _, c := range []codec{gzipped, zstandard} {
		whole := compressed(t, c, strings.Repeat("one\n", 100_000))
		dir := t.TempDir()
		path := write(t, filepath.Join(dir, "x"+c.suffix()), whole[:len(whole)-9])
		s := openTable(t, later(), "path", dir, "last.line.wait", "1 ms")
		_, err := tryLatest(s)
		if err == nil || !strings.HasSuffix(err.Error(), ": the compressed content ends in the middle") {
			t.Errorf("error %v", err)
		}
		write(t, path, whole)
		if n := len(content(t, openTable(t, later(), "path", dir))); n != 100_000 {
			t.Errorf("%d lines", n)
		}
		write(t, path, "no such thing at all")
		if _, err := tryLatest(openTable(t, later(), "path", dir)); err == nil || !strings.HasPrefix(err.Error(), path+" at offset 0: ") {
			t.Errorf("error %v", err)
		}
	}
}

func TestLongLine(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "x"), "one\n"+strings.Repeat("x", 3<<20)+"\ntwo\n")
	if n := len(content(t, openTable(t, later(), "path", path))); n != 3 {
		t.Errorf("%d lines", n)
	}
	_, err := tryLatest(openTable(t, later(), "path", path, "max.line.bytes", "2000000"))
	wantError(t, err, path+" at offset 1: a line is longer than 2000000 bytes; option 'max.line.bytes' allows more")
}

// A small compressed file whose line would fill the memory is refused where that begins.
func TestLineThatUnpacksToTooMuch(t *testing.T) {
	for _, c := range []codec{gzipped, zstandard} {
		text := compressed(t, c, "one\n"+strings.Repeat("x", 100<<20))
		path := write(t, filepath.Join(t.TempDir(), "x"+c.suffix()), text)
		if len(text) > 1<<20 {
			t.Errorf("the file has %d bytes", len(text))
		}
		_, err := tryLatest(openTable(t, later(), "path", path))
		wantError(t, err, path+" at offset 1: a line is longer than 67108864 bytes; option 'max.line.bytes' allows more")
	}
}

// A range that follows the last one goes on in the open file; one that does not finds
// its place again, by marks.
func TestRangesGoOn(t *testing.T) {
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	for _, c := range []codec{plain, gzipped, zstandard} {
		path := write(t, filepath.Join(t.TempDir(), "x"+c.suffix()), compressed(t, c, text.String()))
		s := openTable(t, later(), "path", path)
		latest(t, s)
		f := s.split(connectors.Split(path))
		read := func(from, to connectors.Offset) {
			t.Helper()
			got := lineTexts(t, s, connectors.Range{Split: connectors.Split(path), From: from, To: to})
			if len(got) != int(to-from) || got[0] != fmt.Sprintf("%s@%d line %d", filepath.Base(path), from, from) {
				t.Fatalf("%d lines from %s", len(got), got[0])
			}
		}
		read(0, 10)
		before := f.idle
		read(10, 20)
		if f.idle != before {
			t.Error("the file was opened again")
		}
		read(90_000, 90_010)
		read(5, 15)
		read(99_990, 100_000)
		if f.idle != nil {
			t.Error("the file is kept open at its end")
		}
		if c == plain && len(f.marks) < 3 {
			t.Errorf("%d marks", len(f.marks))
		}
	}
}
