package sqlstream

import (
	"context"
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/stream"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A keyedSink holds the result of a query to the PRIMARY KEY of the table that it is
// written into: of two rows of one key the table could hold only one. It counts the rows
// of each key, and lets no epoch end that leaves two.
type keyedSink struct {
	connectors.Sink
	table    string
	columns  []int
	complete bool // each epoch is a whole result

	rows map[string]int64
	over map[string]string // keys that have had more than one row in the epoch, as text
}

// oneRowPerKey puts the check before an output, where the plan does not tell that the
// key holds. Memory tables know what they hold.
func (t *target) oneRowPerKey(out *stream.Output, p *planner.Query, schema *types.Schema) {
	if columns := t.keyOf(schema); columns != nil && !implied(p.Props.Keys, columns) {
		out.Sink = &keyedSink{
			Sink: out.Sink, table: t.entry.Name, columns: columns, complete: out.Mode == connectors.Complete, rows: map[string]int64{},
		}
	}
}

// keyOf returns where the PRIMARY KEY of a table outside stands among what is written;
// nil where there is none, or not all of it is written, of which the sink says so.
func (t *target) keyOf(schema *types.Schema) []int {
	if t.connector.Memory {
		return nil
	}
	var columns []int
	for _, k := range t.entry.Def.PrimaryKey {
		at := schema.Index(t.entry.Def.Columns[k].Name)
		if at < 0 {
			return nil
		}
		columns = append(columns, at)
	}
	return columns
}

// implied reports that columns hold a key.
func implied(keys [][]int, columns []int) bool {
	return slices.ContainsFunc(keys, func(key []int) bool {
		return !slices.ContainsFunc(key, func(c int) bool { return !slices.Contains(columns, c) })
	})
}

// Begin implements connectors.Sink.
func (s *keyedSink) Begin(ctx context.Context, epoch int64) error {
	s.over = map[string]string{}
	if s.complete {
		clear(s.rows)
	}
	return s.Sink.Begin(ctx, epoch)
}

// Write implements connectors.Sink.
func (s *keyedSink) Write(ctx context.Context, b *zset.Batch) error {
	cols := make([]*vec.Vec, len(s.columns))
	for i, c := range s.columns {
		cols[i] = b.Cols[c]
	}
	var key []byte
	for row := range b.Len {
		key = zset.AppendKey(key[:0], cols, row)
		switch n := s.rows[string(key)] + b.Weight(row); {
		case n == 0:
			delete(s.rows, string(key))
		default:
			s.rows[string(key)] = n
			if n > 1 && s.over[string(key)] == "" {
				s.over[string(key)] = rowText(b, s.columns, row)
			}
		}
	}
	return s.Sink.Write(ctx, b)
}

// Prepare implements connectors.Sink.
func (s *keyedSink) Prepare(ctx context.Context) ([]byte, error) {
	first := ""
	for key, text := range s.over {
		if s.rows[key] > 1 && (first == "" || text < first) {
			first = text
		}
	}
	if first != "" {
		return nil, fmt.Errorf("the query gives two rows for %s, the PRIMARY KEY, of which the table could hold only one", first)
	}
	return s.Sink.Prepare(ctx)
}
