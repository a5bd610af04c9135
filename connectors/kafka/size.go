package kafka

import (
	"context"

	"github.com/sqlstream/sqlstream/connectors"
)

// estimate counts the records that a query over a table begins with: what lies between its
// start and the end of each partition.
func estimate(ctx context.Context, t *connectors.Table, env connectors.Env) (n int64, err error) {
	s, err := openSource(ctx, t, env)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	splits, err := s.Splits(ctx)
	if err != nil {
		return 0, err
	}
	from, err := s.Start(ctx, splits)
	if err != nil {
		return 0, err
	}
	to, err := s.Latest(ctx, splits)
	for split, end := range to {
		n += max(int64(end)-int64(from[split]), 0)
	}
	return n, err
}
