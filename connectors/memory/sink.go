package memory

import (
	"context"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A sink collects an epoch, checks it against the table's keys at Prepare, and
// appends it to the table's changes at Commit. A complete result takes the place of
// what the sink wrote before.
type sink struct {
	table    *table
	query    string // that goes on after a restart; "" for none
	mode     connectors.Mode
	schema   *types.Schema
	rows     *zset.Builder
	before   *zset.Batch // the result written last, in mode COMPLETE
	prepared *zset.Batch // nil for nothing
	epoch    int64
}

// stages reports that what is prepared outlives the process.
func (s *sink) stages() bool { return s.query != "" && s.table.kept != nil }

// Recover implements connectors.Sink: rows in memory do not outlive the process.
func (s *sink) Recover(_ context.Context, happened int64) (int64, error) {
	if !s.stages() {
		return 0, nil
	}
	return happened, s.table.settle(s.query, happened)
}

// Remind implements connectors.Reminded.
func (s *sink) Remind(_ context.Context, result []*zset.Batch) error {
	if s.mode == connectors.Complete && len(result) > 0 {
		s.before = zset.Consolidate(result...)
	}
	return nil
}

// Begin implements connectors.Sink.
func (s *sink) Begin(_ context.Context, epoch int64) error {
	s.abandon()
	s.epoch = epoch
	s.rows.Reset()
	return nil
}

// Write implements connectors.Sink.
func (s *sink) Write(_ context.Context, delta *zset.Batch) error {
	s.rows.Append(delta, nil)
	return nil
}

// Prepare implements connectors.Sink.
func (s *sink) Prepare(context.Context) ([]byte, error) {
	change := s.change()
	if s.stages() {
		change = inOrder(change)
	}
	if err := s.table.reserve(change); err != nil {
		return nil, err
	}
	s.prepared = change
	if s.stages() && change.Len > 0 {
		return nil, s.table.stage(s.query, s.epoch, change)
	}
	return nil, nil
}

// change is what the epoch makes of the table.
func (s *sink) change() *zset.Batch {
	now := s.rows.Build()
	if s.mode != connectors.Complete || s.before == nil || s.before.Len == 0 {
		return now
	}
	taken := *s.before
	taken.Weights = make([]int64, taken.Len)
	for i := range taken.Weights {
		taken.Weights[i] = -s.before.Weight(i)
	}
	return zset.Consolidate(now, &taken)
}

// Commit implements connectors.Sink.
func (s *sink) Commit(context.Context, int64) error {
	if s.prepared == nil {
		return nil
	}
	var err error
	switch {
	case !s.stages():
		err = s.table.append(s.prepared)
	case s.prepared.Len > 0:
		err = s.table.commit(s.query)
	}
	if err != nil {
		return err
	}
	s.prepared = nil
	if s.mode == connectors.Complete {
		s.before = s.rows.Build().Clone()
	}
	return nil
}

// abandon gives up an epoch that was prepared and will not be committed.
func (s *sink) abandon() {
	if s.prepared != nil {
		s.table.release(s.prepared)
		s.prepared = nil
	}
}

// Close implements connectors.Sink.
func (s *sink) Close() error {
	s.abandon()
	return nil
}
