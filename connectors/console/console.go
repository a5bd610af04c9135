// Package console prints each epoch, as Spark's console sink does.
package console

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Connector is the connector.
var Connector = connectors.Connector{
	Name: "console",
	Doc:  "Prints each epoch as a table, or as one JSON object a row.",
	Options: []connectors.Option{
		{Name: "print", Default: "table", Values: []string{"table", "ndjson"}, Doc: "how rows are printed"},
	},
	Sink: func(_ context.Context, t *connectors.Table, mode connectors.Mode, schema *types.Schema, env connectors.Env) (connectors.Sink, error) {
		s := &sink{out: env.Out, mode: mode, rows: zset.NewBuilder(schema)}
		if s.out == nil {
			s.out = os.Stdout
		}
		if t.Options.Get("print") == "ndjson" {
			enc, err := format.JSON.NewEncoder(t, schema)
			if err != nil {
				return nil, err
			}
			s.json = enc
		}
		return s, nil
	},
	Modes:     func(*connectors.Table) connectors.ModeCheck { return func(connectors.Mode) error { return nil } },
	Guarantee: func(*connectors.Table, bool) connectors.Guarantee { return connectors.AtLeastOnce },
}

type sink struct {
	out  io.Writer
	mode connectors.Mode
	rows *zset.Builder
	json format.Encoder
}

// Recover implements connectors.Sink.
func (s *sink) Recover(context.Context, int64) (int64, error) { return 0, nil }

// Begin implements connectors.Sink.
func (s *sink) Begin(context.Context, int64) error {
	s.rows.Reset()
	return nil
}

// Write implements connectors.Sink.
func (s *sink) Write(_ context.Context, delta *zset.Batch) error {
	s.rows.Append(delta, nil)
	return nil
}

// Prepare implements connectors.Sink.
func (s *sink) Prepare(context.Context) ([]byte, error) { return nil, nil }

// Commit implements connectors.Sink.
func (s *sink) Commit(_ context.Context, epoch int64) error {
	b := s.rows.Build()
	if b.Len == 0 && s.mode != connectors.Complete {
		return nil
	}
	var err error
	if s.json != nil {
		err = s.lines(b)
	} else {
		line := strings.Repeat("-", 43)
		_, err = fmt.Fprintf(s.out, "%s\nBatch: %d\n%s\n%s\n", line, epoch-1, line, s.table(b))
	}
	return err
}

func (s *sink) lines(b *zset.Batch) error {
	var buf []byte
	for row := range b.Len {
		w := b.Weight(row)
		for range max(w, -w) {
			from := len(buf)
			var err error
			if buf, err = s.json.Encode(buf, b, row); err != nil {
				return err
			}
			if s.mode == connectors.Update {
				op := "+I"
				if w < 0 {
					op = "-D"
				}
				buf = append(buf[:from], append([]byte(`{"op":"`+op+`",`), buf[from+1:]...)...)
			}
			buf = append(buf, '\n')
		}
	}
	_, err := s.out.Write(buf)
	return err
}

func (s *sink) table(b *zset.Batch) string {
	w := table.NewWriter()
	w.Style().Format.Header = text.FormatDefault
	var head table.Row
	if s.mode == connectors.Update {
		head = append(head, "op")
	}
	for _, f := range b.Schema.Fields {
		head = append(head, f.Name)
	}
	w.AppendHeader(head)
	for row := range b.Len {
		n := b.Weight(row)
		var cells table.Row
		if s.mode == connectors.Update {
			op := "+I"
			if n < 0 {
				op = "-D"
			}
			cells = append(cells, op)
		}
		for _, c := range b.Cols {
			if c.IsNull(row) {
				cells = append(cells, "NULL")
			} else {
				cells = append(cells, string(vec.AppendText(nil, c, row)))
			}
		}
		for range max(n, -n) {
			w.AppendRow(cells)
		}
	}
	return w.Render()
}

// Close implements connectors.Sink.
func (s *sink) Close() error { return nil }
