package format_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/zset"
)

// The files in testdata map records to rows and rows to records. Commands:
//
//	table FORMAT [OPTION=VALUE …]   the table of what follows; its input is the columns, a line each
//	                                with primary_key=(NAME,…), where the records have keys
//	decode [on_error=POLICY] [columns=(NAME,…)]   a record a line; a line such as go"\xff" is the bytes of a Go string, "nothing" a record without a value;
//	                                "key K value V" is a record with a key
//	encode                          a row a line, in zset's text form; the output is the records
func TestFormats(t *testing.T) {
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var f format.Format
			var tab *connectors.Table
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
				switch d.Cmd {
				case "table":
					f, tab = declare(t, d)
					if f.Check != nil {
						if err := f.Check(tab); err != nil {
							return "error: " + err.Error()
						}
					}
					return ""
				case "decode":
					return decodeLines(t, d, f, tab)
				case "encode":
					return encodeLines(t, d, f, tab)
				}
				d.Fatalf(t, "unknown command %s", d.Cmd)
				return ""
			})
		})
	}
}

func declare(t *testing.T, d *datadriven.TestData) (format.Format, *connectors.Table) {
	t.Helper()
	var options []string
	var key []string
	for _, a := range d.CmdArgs[1:] {
		if a.Key == "primary_key" {
			key = a.Vals
			continue
		}
		options = append(options, a.Key+"="+strings.Join(a.Vals, ","))
	}
	tab, err := parseTable(strings.ReplaceAll(strings.TrimSpace(d.Input), "\n", ";"), options...)
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	tab.Options["format"] = d.CmdArgs[0].Key
	for _, name := range key {
		i := tab.Schema().Index(name)
		tab.PrimaryKey = append(tab.PrimaryKey, i)
		tab.Columns[i].NotNull = true
	}
	i := slices.IndexFunc(format.All, func(f format.Format) bool { return f.Name == d.CmdArgs[0].Key })
	if i < 0 {
		d.Fatalf(t, "no format %s", d.CmdArgs[0].Key)
	}
	return format.All[i], tab
}

func decodeLines(t *testing.T, d *datadriven.TestData, f format.Format, tab *connectors.Table) string {
	t.Helper()
	spec := format.DecodeSpec{Table: tab, Columns: everyColumn(tab)}
	for _, a := range d.CmdArgs {
		switch a.Key {
		case "on_error":
			spec.OnError = format.PolicyOf(connectors.Options{"on.error": a.Vals[0]})
		case "columns":
			spec.Columns = spec.Columns[:0]
			for _, name := range a.Vals {
				spec.Columns = append(spec.Columns, tab.Schema().Index(name))
			}
		}
	}
	var recs []connectors.Record
	for i, line := range strings.Split(strings.TrimSuffix(d.Input, "\n"), "\n") {
		rec := connectors.Record{Split: "people/3", Offset: connectors.Offset(100 + i)}
		if rest, ok := strings.CutPrefix(line, "key "); ok {
			key, value, _ := strings.Cut(rest, " value ")
			rec.Key, line = recordValue(t, d, key), value
		}
		rec.Value = recordValue(t, d, line)
		recs = append(recs, rec)
	}
	out, err := decode(f, spec, recs)
	if err != nil {
		out += "error: " + err.Error() + "\n"
	}
	return out
}

func recordValue(t *testing.T, d *datadriven.TestData, line string) []byte {
	t.Helper()
	switch {
	case line == "nothing":
		return nil
	case strings.HasPrefix(line, `go"`):
		s, err := strconv.Unquote(strings.TrimPrefix(line, "go"))
		if err != nil {
			d.Fatalf(t, "%s: %v", line, err)
		}
		return []byte(s)
	}
	return []byte(line)
}

func encodeLines(t *testing.T, d *datadriven.TestData, f format.Format, tab *connectors.Table) string {
	t.Helper()
	b, err := zset.Parse(tab.Schema(), d.Input)
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	enc, err := f.NewEncoder(tab, tab.Schema())
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	var out strings.Builder
	for row := range b.Len {
		line, err := enc.Encode(nil, b, row)
		if err != nil {
			fmt.Fprintf(&out, "error: %v\n", err)
			continue
		}
		if strings.ContainsAny(string(line), "\r\n") {
			line = []byte("go" + strconv.Quote(string(line)))
		}
		fmt.Fprintf(&out, "%s\n", line)
	}
	return out.String()
}
