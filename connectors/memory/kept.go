package memory

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/zset"
)

// kept is what a table that outlives the process has beside one that does not. Its journal
// holds the log as it is in memory, batch for batch, so that a position means the same rows
// before and after a restart.
type kept struct {
	journal *journal
	// staged is, of each query, the change of an epoch that was prepared and of which the
	// table does not know whether it has happened.
	staged    map[string]staged
	followers map[string]*follower // the queries that read the table and may come back
}

type staged struct {
	epoch  int64
	change *zset.Batch
}

// The kinds of records, each with what follows its first byte.
const (
	recordHead      = 'h' // the version, the columns' names and types
	recordBase      = 'b' // the position before the first batch
	recordRows      = 'r' // a batch of the log
	recordPrepared  = 'p' // a query, an epoch, the change
	recordCommitted = 'c' // a query: its change is the next batch of the log
	recordDropped   = 'd' // a query: its change has not happened
	recordFollower  = 'f' // a query, a position, its first rows
)

const journalVersion = 1

// load reads the journal of a new table.
func (t *table) load(s *store) error {
	k := &kept{staged: map[string]staged{}, followers: map[string]*follower{}}
	t.kept = k
	headed := false
	var err error
	k.journal, err = openJournal(s.fs, s.fs.PathJoin(s.dir, t.def.ID), func(payload []byte) error {
		if !headed {
			headed = true
			return t.checkHead(payload)
		}
		return t.replay(payload)
	})
	if err == nil {
		err = k.journal.settle()
	}
	if err != nil {
		return fmt.Errorf("table %s: %w", t.def.Name, err)
	}
	if t.log != nil {
		t.summed = int64(t.log[0].Len)
	}
	return nil
}

func (t *table) headRecord() []byte {
	out := []byte{recordHead, journalVersion}
	for _, c := range t.def.Columns {
		for _, text := range []string{c.Name, c.Type.String()} {
			out = appendText(out, text)
		}
	}
	return out
}

func (t *table) checkHead(payload []byte) error {
	want := t.headRecord()
	switch {
	case len(payload) < 2 || payload[0] != recordHead:
		return errors.New("the file is not the journal of a table")
	case payload[1] != journalVersion:
		return fmt.Errorf("the journal is of version %d, this program reads version %d", payload[1], journalVersion)
	case !slices.Equal(payload, want):
		return errors.New("the journal is that of a table with other columns")
	}
	return nil
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// replay takes in a record of an earlier process.
func (t *table) replay(payload []byte) error {
	if len(payload) == 0 {
		return errShort
	}
	d := &decoder{rest: payload[1:]}
	k := t.kept
	switch payload[0] {
	case recordBase:
		t.base = d.varint()
	case recordRows:
		if b := d.batch(t.schema); b != nil {
			t.take(b)
		}
	case recordPrepared:
		query, s := d.text(), staged{epoch: d.varint()}
		if s.change = d.batch(t.schema); s.change != nil {
			k.staged[query] = s
		}
	case recordCommitted:
		query := d.text()
		s, ok := k.staged[query]
		if !ok {
			return fmt.Errorf("query %s has prepared nothing", query)
		}
		delete(k.staged, query)
		t.take(s.change)
	case recordDropped:
		delete(k.staged, d.text())
	case recordFollower:
		f := &follower{query: d.text(), at: d.varint(), first: view{d.varint(), d.varint()}, open: map[*source]struct{}{}}
		k.followers[f.query] = f
	default:
		return fmt.Errorf("there are no records of kind %q", payload[0])
	}
	if d.err == nil && len(d.rest) > 0 {
		d.err = errors.New("the record goes on behind its end")
	}
	return d.err
}

// take appends a batch that an earlier process has checked.
func (t *table) take(b *zset.Batch) {
	t.log = append(t.log, b)
	t.ends = append(t.ends, t.total()+int64(b.Len))
	t.shrinks = t.shrinks || takesBack(b)
	t.index.count(t.index.keys, b, t.def.PrimaryKey, 1)
}

func rowsRecord(b *zset.Batch) []byte { return appendBatch([]byte{recordRows}, b) }

func preparedRecord(query string, s staged) []byte {
	out := appendText([]byte{recordPrepared}, query)
	return appendBatch(binary.AppendVarint(out, s.epoch), s.change)
}

func queryRecord(kind byte, query string) []byte { return appendText([]byte{kind}, query) }

// write adds a record to the journal. The caller holds t.writing.
func (t *table) write(record []byte) error {
	if t.kept.journal.fresh {
		t.mu.Lock()
		err := t.rewrite(t.base, t.log)
		t.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return t.kept.journal.append(record)
}

// rewrite puts a journal of a log in the place of the one there is. The caller holds
// t.writing and t.mu.
func (t *table) rewrite(base int64, log []*zset.Batch) error {
	k := t.kept
	return k.journal.replace(func(yield func([]byte) bool) {
		if !yield(t.headRecord()) || !yield(binary.AppendVarint([]byte{recordBase}, base)) {
			return
		}
		for _, b := range log {
			if !yield(rowsRecord(b)) {
				return
			}
		}
		for _, query := range sortedKeys(k.staged) {
			if !yield(preparedRecord(query, k.staged[query])) {
				return
			}
		}
		for _, query := range sortedKeys(k.followers) {
			if !yield(k.followers[query].record()) {
				return
			}
		}
	})
}
