package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
)

// table is a table of one or two VARCHAR columns with options.
func table(options ...string) *connectors.Table {
	t := &connectors.Table{Name: "t", Options: connectors.Options{"format": "raw"}}
	for i := 0; i < len(options); i += 2 {
		t.Options[options[i]] = options[i+1]
	}
	names := []string{"a"}
	if t.Options["format"] == "csv" {
		names = append(names, "b")
	}
	for _, n := range names {
		t.Columns = append(t.Columns, connectors.Column{Field: types.Field{Name: n, Type: types.Of(types.Varchar)}})
	}
	return t
}

// clock is a clock that a test turns.
type clock struct{ now time.Time }

func (c *clock) env(t *testing.T) connectors.Env {
	return connectors.Env{
		Now:    func() time.Time { return c.now },
		Notice: func(text string) { t.Log("notice: " + text) },
	}
}

// later is a clock by which every file has long been as it is.
func later() *clock { return &clock{time.Now().Add(time.Hour)} }

func openTable(t *testing.T, c *clock, options ...string) *source {
	t.Helper()
	src, err := openSource(table(options...), c.env(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	})
	return src
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func add(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// compressed returns text as a codec has it.
func compressed(t *testing.T, c codec, text string) string {
	t.Helper()
	var buf bytes.Buffer
	w, err := compress(c, &buf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// content reads everything that is there: "file@offset value" by line.
func content(t *testing.T, s *source) []string {
	t.Helper()
	var out []string
	for name, end := range latest(t, s) {
		out = append(out, lineTexts(t, s, connectors.Range{Split: name, To: end})...)
	}
	slices.Sort(out)
	return out
}

func latest(t *testing.T, s *source) connectors.Offsets {
	t.Helper()
	end, err := tryLatest(s)
	if err != nil {
		t.Fatal(err)
	}
	return end
}

func tryLatest(s *source) (connectors.Offsets, error) {
	splits, err := s.Splits(context.Background())
	if err != nil {
		return nil, err
	}
	return s.Latest(context.Background(), splits)
}

func lineTexts(t *testing.T, s *source, r connectors.Range) []string {
	t.Helper()
	out, err := tryLines(s, r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryLines(s *source, r connectors.Range) (out []string, err error) {
	rd, err := s.Open(context.Background(), r)
	if err != nil {
		return nil, err
	}
	defer rd.Close()
	for buf := make([]connectors.Record, 3); ; {
		n, err := rd.Next(context.Background(), buf)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		for _, rec := range buf[:n] {
			out = append(out, fmt.Sprintf("%s@%d %s", filepath.Base(string(rec.Split)), rec.Offset, rec.Value))
		}
	}
}

func want(t *testing.T, got []string, lines ...string) {
	t.Helper()
	if !slices.Equal(got, lines) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || err.Error() != text {
		t.Errorf("error\n%v\nwant\n%s", err, text)
	}
}
