package sqlstream

import (
	"context"
	"fmt"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/zset"
)

// A countedSink counts the rows that a statement writes.
type countedSink struct {
	connectors.Sink
	rows int64
}

// Unwrap implements connectors.Wrapper.
func (s *countedSink) Unwrap() connectors.Sink { return s.Sink }

// Write implements connectors.Sink.
func (s *countedSink) Write(ctx context.Context, b *zset.Batch) error {
	if b.Weights == nil {
		s.rows += int64(b.Len)
	}
	for _, w := range b.Weights {
		s.rows += max(w, -w)
	}
	return s.Sink.Write(ctx, b)
}

func rowsWord(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}
