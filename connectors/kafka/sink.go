package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// modes says which output modes a table takes. Without a primary key a record is
// for ever; with one the last record of a key counts.
func modes(t *connectors.Table) connectors.ModeCheck {
	return func(m connectors.Mode) error {
		if m != connectors.Update || len(t.PrimaryKey) > 0 || t.Options.Get("deletes") == "ignore" || t.Options.Get("changelog") == "retract" {
			return nil
		}
		return fmt.Errorf("kafka table %s has no PRIMARY KEY, so a changed row could not replace the one before; "+
			"declare PRIMARY KEY (…) NOT ENFORCED, or set deletes = 'ignore' to write new values only, "+
			"or changelog = 'retract' to write every change with a member op", t.Name)
	}
}

// A sink keeps an epoch's records until Commit, which writes them with an idempotent
// producer and waits until all replicas have them. What fails on the way is
// sent again with the same sequence numbers, so that only the death of the process
// makes a record appear twice.
type sink struct {
	*cluster
	topic    string
	mode     connectors.Mode
	enc      *encoder
	upsert   *upsert // nil for tables without primary key
	ignore   bool    // deletes are not written
	messages []message
	producer producer
}

func openSink(ctx context.Context, t *connectors.Table, mode connectors.Mode, schema *types.Schema, env connectors.Env) (*sink, error) {
	if err := checkSink(t); err != nil {
		return nil, err
	}
	enc, err := newEncoder(t, schema)
	if err != nil {
		return nil, err
	}
	c, err := connect(ctx, t, env)
	if err != nil {
		return nil, err
	}
	s := &sink{cluster: c, topic: c.config.topics[0], mode: mode, enc: enc, ignore: t.Options.Get("deletes") == "ignore"}
	s.producer = producer{c: c, topic: s.topic}
	if len(t.PrimaryKey) > 0 {
		s.upsert = &upsert{complete: mode == connectors.Complete, ignore: s.ignore}
		enc.null = false
	}
	enc.op = t.Options.Get("changelog") == "retract" && mode != connectors.Complete
	return s, nil
}

func checkSink(t *connectors.Table) error {
	o := t.Options
	switch topics := o.Get("topic"); {
	case o.Get("topic.pattern") != "":
		return errors.New("a table with 'topic.pattern' can only be read from; name one topic to write to")
	case slices.Contains([]byte(topics), ','):
		return errors.New("a table with several topics can only be read from; name one topic to write to")
	case o.Get("changelog") == "":
	case o.Get("deletes") != "":
		return errors.New("options 'changelog' and 'deletes' exclude each other")
	case len(t.PrimaryKey) > 0:
		return errors.New("option 'changelog' is for tables without PRIMARY KEY")
	case o.Get("format") != "json":
		return errors.New("option 'changelog' needs format = 'json', which has a place for the member op")
	case slices.ContainsFunc(t.Columns, func(c connectors.Column) bool { return c.Metadata == "" && c.Name == "op" }):
		return errors.New("option 'changelog' writes a member op, and the table has a column of that name")
	}
	return checkKey(t)
}

// Recover implements connectors.Sink. Records of an epoch that was prepared but
// perhaps not committed are written again.
func (s *sink) Recover(_ context.Context, prepared int64) (int64, error) {
	return max(prepared-1, 0), nil
}

// Begin implements connectors.Sink.
func (s *sink) Begin(context.Context, int64) error {
	s.messages = emptied(s.messages)
	s.enc.reset()
	if s.upsert != nil {
		s.upsert.begin()
	}
	return nil
}

// emptied returns the list without elements, and without its memory where the last
// epoch needed little of it.
func emptied[T any](list []T) []T {
	if cap(list) > 4*max(len(list), 4096) {
		return nil
	}
	clear(list)
	return list[:0]
}

// Write implements connectors.Sink.
func (s *sink) Write(_ context.Context, delta *zset.Batch) error {
	s.enc.load(delta)
	if s.upsert != nil {
		return s.upsert.write(s, delta)
	}
	if s.enc.op && delta.Weights != nil { // what goes comes first
		if err := s.rows(delta, -1); err != nil {
			return err
		}
	}
	return s.rows(delta, +1)
}

// rows takes the rows whose weight has a sign, as often as it says.
func (s *sink) rows(b *zset.Batch, sign int64) error {
	for row := range b.Len {
		w := b.Weight(row) * sign
		if w <= 0 {
			continue
		}
		m, err := s.enc.message(b, row)
		if err != nil {
			return err
		}
		for range w {
			s.messages = append(s.messages, m)
		}
	}
	return nil
}

// Prepare implements connectors.Sink.
func (s *sink) Prepare(context.Context) ([]byte, error) { return nil, nil }

// Commit implements connectors.Sink.
func (s *sink) Commit(ctx context.Context, _ int64) error {
	if s.upsert != nil {
		s.messages = s.upsert.messages(s.messages)
	}
	if len(s.messages) == 0 {
		return nil
	}
	if err := s.producer.send(ctx, s.messages); err != nil {
		return err
	}
	if s.upsert != nil {
		s.upsert.commit()
	}
	return nil
}

// Close implements connectors.Sink.
func (s *sink) Close() error {
	s.pool.close()
	return nil
}
