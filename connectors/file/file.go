// Package file reads files of lines as streams and writes them. A table's path is a
// file, a directory or a pattern; each file is a split, and offsets count its lines.
package file

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/sql/types"
)

// New returns the connector, which keeps what it reads of files that may change.
func New() connectors.Connector {
	c := Connector
	kept := &shelf{tables: map[*connectors.Table]*versions{}}
	c.Source = func(_ context.Context, t *connectors.Table, env connectors.Env) (connectors.Source, error) {
		if rereads(t) {
			return kept.open(t, env)
		}
		return openSource(t, env)
	}
	return c
}

// Connector is the connector without New's memory, which only reads files that grow.
var Connector = connectors.Connector{
	Name: "file",
	Doc:  "Files of lines: one, a directory, or a pattern; new files and new lines are picked up, or with refresh whatever changes.",
	Check: func(t *connectors.Table) error {
		if _, err := tablePath(t); err != nil {
			return err
		}
		return checkRefresh(t)
	},
	Formats: true,
	Rereads: rereads,
	More:    written,
	Options: []connectors.Option{
		{Name: "path", File: true, Doc: "a file, a directory (its files, hidden ones and those whose name starts with _ left out), or a pattern such as 'logs/*.json'"},
		{Name: "scan.startup", Default: "earliest", Values: []string{"earliest", "latest"}, Doc: "whether a query starts with the lines that are there or with those that come"},
		{Name: "poll.interval", Default: "100 ms", Doc: "how often a waiting query looks for new files and lines"},
		{Name: "last.line.wait", Default: "10 s", Doc: "a last line without a line end counts when its file has not changed for so long; for the files that are there at first, half a second is enough"},
		{Name: "max.line.bytes", Default: "67108864", Doc: "a line longer than this is an error"},
		{Name: "refresh", Doc: "the files may change in any way: so often they are looked at, and where they have changed they are read anew as all that the table holds; without it they may only grow"},
		{Name: "compression", Default: "auto", Values: []string{"auto", "none", "gzip", "zstd"}, Doc: "auto goes by the name: .gz and .zst; a table that is written to a directory names it here"},
	},
	Metadata: []connectors.Metadata{
		{Key: "path", Type: types.Of(types.Varchar), Doc: "the file's path"},
		{Key: "offset", Type: types.Of(types.BigInt), Doc: "the line's number in its file, from 0"},
	},
	Source: func(_ context.Context, t *connectors.Table, env connectors.Env) (connectors.Source, error) {
		return openSource(t, env)
	},
	Sink: openSink,
	Size: estimate,
	Modes: func(t *connectors.Table) connectors.ModeCheck {
		return func(m connectors.Mode) error {
			if m != connectors.Update {
				return nil
			}
			return fmt.Errorf("table %s is files, whose lines cannot be changed: take APPEND, or COMPLETE to write the whole result anew each time", t.Name)
		}
	},
	Guarantee: func(_ *connectors.Table, durable bool) connectors.Guarantee {
		if durable {
			return connectors.ExactlyOnce
		}
		return connectors.AtLeastOnce
	},
}

const written = `A path that has an extension and no slash at its end is a file, any other a directory; what is missing is made.

- **APPEND into a directory** makes a file of each epoch that has rows: ` + "`run-0003-epoch-00000017.json`" + `. It has its name from the moment in which all of it is there, and never changes again, so that who lists the directory
  sees whole epochs at any time. What is still written is hidden: its name begins with a dot. A run is what one query has written: ` + "`_run-0003.json`" + ` tells which, for a query that is kept, as ` + "`" + `{"version":1,"query":"q","run":3}` + "`" + `. A query that was
  dropped and made again takes the next run.
- **APPEND into a file** adds each epoch to its end. Readers may find the last line half written. Two queries that write to one file disturb each other: what another program has added in the middle of an epoch is never written over, but ends the query.
- **COMPLETE** puts the whole result in the place of the file, ` + "`result.json`" + ` in a directory; who has the old one open reads that to its end.

A query that is kept finds what it had staged when the process ended: an epoch whose state is saved is published, any other is written anew.`

// tablePath returns the option path.
func tablePath(t *connectors.Table) (string, error) {
	p := t.Options.Get("path")
	if p == "" {
		return "", errors.New("option 'path' is missing: it names a file, a directory or a pattern")
	}
	return p, nil
}

// layout is what the connector has to know of a format: where a record ends, and
// which lines are none.
type layout struct {
	quotes    bool // a line end between quotes does not end a CSV record
	delimiter byte
	header    bool // the first line is names
	blank     bool // an empty line is a record
}

func layoutOf(t *connectors.Table) layout {
	l := layout{blank: true}
	switch t.Options.Get("format") {
	case "json":
		l.blank = false
	case "csv":
		l.quotes = true
		l.delimiter = t.Options.String("csv.delimiter", ",")[0]
		l.header = t.Options.Get("csv.header") == "true"
		l.blank = len(payload(t)) == 1
	}
	return l
}

// payload returns the names of the columns that a line holds.
func payload(t *connectors.Table) []string {
	var names []string
	for _, c := range t.Columns {
		if c.Metadata == "" && !c.Computed {
			names = append(names, c.Name)
		}
	}
	return names
}

// headerLine returns the names as a line of CSV without its end.
func headerLine(t *connectors.Table) []byte {
	var line []byte
	delimiter := t.Options.String("csv.delimiter", ",")[0]
	for i, name := range payload(t) {
		if i > 0 {
			line = append(line, delimiter)
		}
		line = format.AppendCSV(line, []byte(name), delimiter, "")
	}
	return line
}

// formatOf finds the table's format.
func formatOf(t *connectors.Table) (*format.Format, error) {
	name := t.Options.Get("format")
	for i := range format.All {
		if format.All[i].Name == name {
			return &format.All[i], nil
		}
	}
	return nil, fmt.Errorf("there is no format '%s'", name)
}

// A codec is how a file is compressed.
type codec uint8

const (
	plain codec = iota
	gzipped
	zstandard
)

// codecOf goes by the option and, where it leaves that open, by the name.
func codecOf(t *connectors.Table, path string) codec {
	switch t.Options.Get("compression") {
	case "none":
		return plain
	case "gzip":
		return gzipped
	case "zstd":
		return zstandard
	}
	switch {
	case strings.HasSuffix(path, ".gz"):
		return gzipped
	case strings.HasSuffix(path, ".zst"):
		return zstandard
	}
	return plain
}

// suffix is what a compressed file's name ends with.
func (c codec) suffix() string { return [...]string{"", ".gz", ".zst"}[c] }
