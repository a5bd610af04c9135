package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// modes says which output modes a table takes. Without a primary key a record is
// for ever; with one the last record of a key counts.
func modes(t *connectors.Table) connectors.ModeCheck {
	changes := t.Options.Get("format") == format.DebeziumJSON || t.Options.Get("changelog") == "retract"
	return func(m connectors.Mode) error {
		switch {
		case changes && m == connectors.Complete:
			return fmt.Errorf("the records of kafka table %s are changes, and not a whole result time and again; write EMIT UPDATE", t.Name)
		case m != connectors.Update, changes, len(t.PrimaryKey) > 0, t.Options.Get("deletes") == "ignore":
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
	upsert   *upsert   // nil for tables without primary key
	ignore   bool      // deletes are not written
	gone     []message // of rows taken back, which come first
	messages []message
	out      []message // what the epoch writes, from Prepare to the next Begin
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
		s.upsert = &upsert{
			complete: mode == connectors.Complete, ignore: s.ignore, events: t.Options.Get("format") == format.DebeziumJSON,
			retract: t.Options.Get("changelog") == "retract",
		}
		enc.null = false
	}
	switch {
	case t.Options.Get("format") == format.DebeziumJSON:
		enc.row = debeziumRow
	case t.Options.Get("changelog") == "retract":
		enc.row = retractRow
	}
	return s, nil
}

func checkSink(t *connectors.Table) error {
	o := t.Options
	switch topics := o.Get("topic"); {
	case o.Get("topic.pattern") != "":
		return errors.New("a table with 'topic.pattern' can only be read from; name one topic to write to")
	case slices.Contains([]byte(topics), ','):
		return errors.New("a table with several topics can only be read from; name one topic to write to")
	}
	return checkChanges(t)
}

// checkChanges says what is wrong with how a table's rows change.
func checkChanges(t *connectors.Table) error {
	o := t.Options
	debezium := o.Get("format") == format.DebeziumJSON
	switch {
	case o.Get("changelog") == "":
	case o.Get("deletes") != "":
		return errors.New("options 'changelog' and 'deletes' exclude each other")
	case debezium:
		return errors.New("option 'changelog': the format 'debezium-json' says by itself what a record changes")
	case len(t.PrimaryKey) > 0 && !format.ValueHasKey(t):
		return errors.New("option 'changelog' with a PRIMARY KEY: its columns stand in the value, too, so that 'value.fields.include' = 'except-key' is not possible")
	case o.Get("format") != "json":
		return fmt.Errorf("option 'changelog' needs format = 'json', which has a place for the member op; '%s' has none", o.Get("format"))
	case slices.ContainsFunc(t.Columns, func(c connectors.Column) bool { return c.Metadata == "" && c.Name == "op" }):
		return errors.New("option 'changelog' has a member op in each record, and the table has a column of that name")
	}
	if debezium && o.Get("deletes") != "" {
		return errors.New("option 'deletes': the format 'debezium-json' always says what is deleted")
	}
	return checkKey(t)
}

// Recover implements connectors.Sink. Records of an epoch that was prepared but
// perhaps not committed are written again.
func (s *sink) Recover(_ context.Context, prepared int64) (int64, error) {
	return max(prepared-1, 0), nil
}

// Remind implements connectors.Reminded.
func (s *sink) Remind(_ context.Context, result []*zset.Batch) error {
	if s.upsert == nil || !s.upsert.complete {
		return nil
	}
	s.upsert.begin()
	clear(s.upsert.before)
	for _, b := range result {
		s.enc.reset()
		s.enc.load(b)
		for row := range b.Len {
			key, err := s.enc.keyOf(b, row)
			if err != nil {
				return err
			}
			s.upsert.before[string(key)] = true
		}
	}
	return nil
}

// Cluster implements connectors.Transactional.
func (s *sink) Cluster() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clusterID
}

// Begin implements connectors.Sink.
func (s *sink) Begin(_ context.Context, epoch int64) error {
	s.messages, s.gone, s.out = emptied(s.messages), emptied(s.gone), nil
	s.enc.reset()
	s.enc.epoch = epoch
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
	for row := range delta.Len {
		w := delta.Weight(row)
		if w < 0 && s.enc.row == nil {
			continue // new values only
		}
		m, err := s.enc.message(delta, row)
		if err != nil {
			return err
		}
		for range w {
			s.messages = append(s.messages, m)
		}
		for range -w {
			s.gone = append(s.gone, m)
		}
	}
	return nil
}

// Prepare implements connectors.Sink.
func (s *sink) Prepare(context.Context) ([]byte, error) {
	switch {
	case s.upsert != nil:
		s.out = s.upsert.messages(s.enc, s.messages[:0])
		s.messages = s.out
	case len(s.gone) > 0:
		s.gone = append(s.gone, s.messages...)
		s.out = s.gone
	default:
		s.out = s.messages
	}
	return nil, nil
}

// Commit implements connectors.Sink.
func (s *sink) Commit(ctx context.Context, _ int64) error {
	if len(s.out) > 0 {
		if err := s.producer.send(ctx, s.out); err != nil {
			return err
		}
	}
	s.shown()
	return nil
}

// shown takes note that the epoch is visible.
func (s *sink) shown() {
	if s.upsert != nil {
		s.upsert.commit()
	}
}

// Close implements connectors.Sink.
func (s *sink) Close() error {
	s.pool.close()
	return nil
}
