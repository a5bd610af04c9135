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
	if t.connector.Memory || len(t.entry.Def.PrimaryKey) == 0 {
		return
	}
	var columns []int
	for _, k := range t.entry.Def.PrimaryKey {
		columns = append(columns, schema.Index(t.entry.Def.Columns[k].Name))
	}
	if slices.Contains(columns, -1) {
		return // the sink says so
	}
	for _, key := range p.Props.Keys {
		if !slices.ContainsFunc(key, func(c int) bool { return !slices.Contains(columns, c) }) {
			return
		}
	}
	out.Sink = &keyedSink{Sink: out.Sink, table: t.entry.Name, columns: columns, complete: out.Mode == connectors.Complete, rows: map[string]int64{}}
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
