package connectortest

import (
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A SinkCase is a table that takes rows that are only added.
type SinkCase struct {
	// New makes an empty table and returns how it is opened, again and again.
	New func(t *testing.T) (open func(t *testing.T) connectors.Sink, visible func(t *testing.T) []string)
	// Schema is that of the rows, Rows what they are, in zset's text form, all
	// different.
	Schema *types.Schema
	Rows   []string
	// Shown is how each of the rows looks from outside.
	Shown []string
	// Durable says that what was prepared outlives the process.
	Durable bool
}

// Sink checks the laws of connectors.Sink.
func Sink(t *testing.T, c SinkCase) {
	t.Helper()
	if len(c.Rows) < 4 || len(c.Rows) != len(c.Shown) {
		t.Fatalf("%d rows and %d as shown; the suite needs 4 or more, each with its look", len(c.Rows), len(c.Shown))
	}
	for _, law := range []struct {
		name  string
		check func(*testing.T, SinkCase)
	}{
		{"nothing is visible before commit", hiddenUntilCommit},
		{"epochs follow each other", epochsInOrder},
		{"an epoch without rows is no harm", emptyEpoch},
		{"a batch is the caller's again", batchReused},
		{"what was not committed stays hidden", abandoned},
		{"a prepared epoch is there if it has happened", recovered},
		{"a committed epoch is known", recoveredCommitted},
	} {
		t.Run(law.name, func(t *testing.T) { law.check(t, c) })
	}
}

// An openSink is a sink that fails the test where it fails.
type openSink struct {
	t       *testing.T
	c       SinkCase
	sink    connectors.Sink
	visible func(*testing.T) []string
}

func newSink(t *testing.T, c SinkCase, prepared int64) (*openSink, func(prepared int64) (*openSink, int64)) {
	t.Helper()
	open, visible := c.New(t)
	reopen := func(prepared int64) (*openSink, int64) {
		s := &openSink{t, c, open(t), visible}
		committed, err := s.sink.Recover(within(t), prepared)
		s.must("recover", err)
		return s, committed
	}
	s, committed := reopen(prepared)
	if committed != 0 {
		t.Fatalf("epoch %d of a new table is committed", committed)
	}
	return s, reopen
}

func (s *openSink) must(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

// sees fails unless the first n rows, and no others, are there for all to see.
func (s *openSink) sees(when string, n int) {
	s.t.Helper()
	got := slices.Clone(s.visible(s.t))
	want := slices.Clone(s.c.Shown[:n])
	slices.Sort(got)
	slices.Sort(want)
	same(s.t, when, got, want)
}

func (s *openSink) write(from, to int) {
	s.t.Helper()
	for _, row := range s.c.Rows[from:to] {
		b, err := zset.Parse(s.c.Schema, row)
		s.must("parse", err)
		s.must("write", s.sink.Write(within(s.t), b))
	}
}

func (s *openSink) prepare(epoch int64, from, to int) {
	s.t.Helper()
	s.must("begin", s.sink.Begin(within(s.t), epoch))
	s.write(from, to)
	_, err := s.sink.Prepare(within(s.t))
	s.must("prepare", err)
}

func (s *openSink) commit(epoch int64) {
	s.t.Helper()
	s.must("commit", s.sink.Commit(within(s.t), epoch))
}

func (s *openSink) close() {
	s.t.Helper()
	s.must("close", s.sink.Close())
}

func hiddenUntilCommit(t *testing.T, c SinkCase) {
	s, _ := newSink(t, c, 0)
	s.sees("before the epoch", 0)
	s.must("begin", s.sink.Begin(within(t), 1))
	s.sees("begun", 0)
	s.write(0, 2)
	s.sees("written", 0)
	_, err := s.sink.Prepare(within(t))
	s.must("prepare", err)
	s.sees("prepared", 0)
	s.commit(1)
	s.sees("committed", 2)
	s.close()
	s.sees("closed", 2)
}

func epochsInOrder(t *testing.T, c SinkCase) {
	s, _ := newSink(t, c, 0)
	for i := range c.Rows {
		s.prepare(int64(i+1), i, i+1)
		s.sees("prepared", i)
		s.commit(int64(i + 1))
		s.sees("committed", i+1)
	}
	s.close()
}

func emptyEpoch(t *testing.T, c SinkCase) {
	s, _ := newSink(t, c, 0)
	s.prepare(1, 0, 0)
	s.commit(1)
	s.sees("an empty epoch", 0)
	s.prepare(2, 0, 1)
	s.commit(2)
	s.prepare(3, 1, 1)
	s.commit(3)
	s.sees("an empty epoch behind another", 1)
	s.close()
}

func batchReused(t *testing.T, c SinkCase) {
	s, _ := newSink(t, c, 0)
	s.must("begin", s.sink.Begin(within(t), 1))
	b := zset.NewBuilder(c.Schema)
	for _, row := range c.Rows {
		one, err := zset.Parse(c.Schema, row)
		s.must("parse", err)
		b.Reset()
		b.Append(one, nil)
		s.must("write", s.sink.Write(within(t), b.Build()))
	}
	_, err := s.sink.Prepare(within(t))
	s.must("prepare", err)
	s.commit(1)
	s.sees("committed", len(c.Rows))
	s.close()
}

func abandoned(t *testing.T, c SinkCase) {
	s, reopen := newSink(t, c, 0)
	s.prepare(1, 0, 1)
	s.commit(1)
	s.must("begin", s.sink.Begin(within(t), 2))
	s.write(1, 2)
	s.close()
	s.sees("closed in the middle of an epoch", 1)
	if !c.Durable {
		return
	}
	s, committed := reopen(1)
	if committed != 1 {
		t.Fatalf("epoch %d is said to be committed, 1 was", committed)
	}
	s.prepare(2, 1, 3)
	s.commit(2)
	s.sees("written anew", 3)
	s.close()
}

// The process ended when an epoch was prepared. Where the engine has saved that it has
// happened it becomes visible, once; where not, nothing of it ever does.
func recovered(t *testing.T, c SinkCase) {
	if !c.Durable {
		return
	}
	s, reopen := newSink(t, c, 0)
	s.prepare(1, 0, 1)
	s.commit(1)
	s.prepare(2, 1, 3)
	s.close()
	s, visible := reopen(1)
	if visible != 1 {
		t.Fatalf("epoch %d is said to be visible, 1 is", visible)
	}
	s.sees("an epoch that has not happened", 1)
	s.prepare(2, 1, 3)
	s.close()
	for range 2 {
		s, visible = reopen(2)
		if visible != 2 {
			t.Fatalf("epoch %d is said to be visible, 2 is", visible)
		}
		s.sees("recovered", 3)
	}
	s.prepare(3, 3, 4)
	s.commit(3)
	s.sees("gone on", 4)
	s.close()
}

func recoveredCommitted(t *testing.T, c SinkCase) {
	if !c.Durable {
		return
	}
	s, reopen := newSink(t, c, 0)
	s.prepare(1, 0, 2)
	s.commit(1)
	s.close()
	s, committed := reopen(1)
	if committed != 1 {
		t.Fatalf("epoch %d is said to be committed, 1 was", committed)
	}
	s.prepare(2, 2, 4)
	s.commit(2)
	s.sees("gone on", 4)
	s.close()
}
