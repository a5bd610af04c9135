package stream

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
)

// metaVersion is the form of a meta. One of a later version is refused.
const metaVersion = 1

// A meta is what a dataflow keeps with a checkpoint beside the state of its operators: all
// that it needs to go on from there, but for the plans.
type meta struct {
	Version int          `json:"version"`
	Batch   int64        `json:"batch"`           // epochs run, as people count them
	Now     int64        `json:"now"`             // nanoseconds, when the last of them started
	Seed    uint64       `json:"seed,string"`     // of the epochs' randomness
	Total   int64        `json:"total,omitempty"` // input rows
	Through bool         `json:"through,omitempty"`
	Shown   shownEpochs  `json:"shown"`
	Members []memberMeta `json:"members"` // an upstream one before those it feeds
}

// shownEpochs is how far a Transaction has come that commits the sinks of a dataflow.
type shownEpochs struct {
	// Set grows whenever these are other sinks than before: what one Transaction knows
	// of its epochs means nothing to the next.
	Set   int64    `json:"set,omitempty"`
	Epoch int64    `json:"epoch,omitempty"` // the last that was committed through it, 0 for none
	Sinks []string `json:"sinks,omitempty"`
}

type memberMeta struct {
	Name        string    `json:"name"`
	Fingerprint string    `json:"fingerprint,omitempty"`
	Workers     int       `json:"workers"`
	Stopped     bool      `json:"stopped,omitempty"`
	Begins      beginning `json:"begins,omitempty"`

	Ignored  int64      `json:"ignored,omitempty"`
	Greatest *int64     `json:"greatest,omitempty"` // the greatest watermark of its tables
	Rows     int64      `json:"rows,omitempty"`     // of its result
	Epoch    int64      `json:"epoch"`              // of its result
	Scans    []scanMeta `json:"scans,omitempty"`
	Sinks    [][]byte   `json:"sinks,omitempty"` // what each Prepare returned last
}

type scanMeta struct {
	part
	At      connectors.Offsets          `json:"at"`
	Started connectors.Offsets          `json:"started"`
	End     connectors.Offsets          `json:"end"` // null for a scan that never ends
	IDs     map[connectors.Split]string `json:"ids,omitempty"`
	Bad     int64                       `json:"bad,omitempty"`
	Bytes   float64                     `json:"bytes"` // of a record, as far as seen
	Time    *timeMeta                   `json:"time,omitempty"`
}

type timeMeta struct {
	At     int64                          `json:"at"`
	Moved  int64                          `json:"moved"`
	Late   int64                          `json:"late,omitempty"`
	Ahead  int64                          `json:"ahead,omitempty"`
	Splits map[connectors.Split]splitMeta `json:"splits"`
}

type splitMeta struct {
	Watermark int64 `json:"watermark"`
	Last      int64 `json:"last"`
	Idle      bool  `json:"idle,omitempty"`
	Seen      bool  `json:"seen,omitempty"`
	Left      int64 `json:"left,omitempty"`
}

func (m *meta) encode() ([]byte, error) { return json.Marshal(m) }

func decodeMeta(data []byte) (*meta, error) {
	m := &meta{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("the checkpoint's description cannot be read: %w", err)
	}
	if m.Version > metaVersion {
		return nil, fmt.Errorf("the checkpoint was written by a later version (its form is %d, this one reads up to %d)", m.Version, metaVersion)
	}
	return m, nil
}

// nanos is a time as it is kept; 0 is none.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}

// meta describes the dataflow as it is between two epochs.
func (d *dataflow) meta() *meta {
	m := &meta{
		Version: metaVersion, Batch: d.batch, Now: nanos(d.last), Seed: d.seed, Total: d.total, Through: d.through, Shown: d.shown,
	}
	for _, x := range d.members {
		if x.spec.Kept {
			m.Members = append(m.Members, x.meta(d))
		}
	}
	m.Members = append(m.Members, d.stoppedMeta()...)
	return m
}

func (d *dataflow) stoppedMeta() []memberMeta {
	var out []memberMeta
	for _, x := range d.stopped {
		out = append(out, x.memberMeta)
	}
	return out
}

func (m *member) meta(d *dataflow) memberMeta {
	out := memberMeta{
		Name: m.spec.Name, Fingerprint: m.spec.Fingerprint, Workers: len(m.stores), Begins: m.begins, Ignored: m.ignored + m.circuit.Ignored(), Sinks: m.cursors, Epoch: -1,
	}
	if m.most != unknown {
		out.Greatest = &m.most
	}
	if m.result != nil {
		out.Rows, out.Epoch = m.result.count, m.result.epoch
	}
	for _, s := range d.scans {
		if s.usedBy(m) {
			out.Scans = append(out.Scans, s.meta())
		}
	}
	return out
}

// restore takes up what a checkpoint says of the member beside its state.
func (m *member) restore(from *memberMeta) {
	m.begins, m.ignored, m.cursors = from.Begins, from.Ignored, from.Sinks
	if from.Greatest != nil {
		m.most = *from.Greatest
	}
	if m.result != nil {
		m.result.count, m.result.epoch = from.Rows, from.Epoch
	}
}

func (s *scan) meta() scanMeta {
	return scanMeta{
		part: s.spec.part(), At: s.pos, Started: s.started, End: s.end, IDs: s.ids,
		Bad: s.bad, Bytes: s.rowBytes, Time: s.time.meta(),
	}
}

// restore takes up where a checkpoint was.
func (s *scan) restore(from *scanMeta) {
	maps.Copy(s.pos, from.At)
	maps.Copy(s.started, from.Started)
	maps.Copy(s.ids, from.IDs)
	s.end, s.bad, s.rowBytes = from.End, from.Bad, max(from.Bytes, 1)
	s.time.restore(from.Time)
}

func (e *eventTime) meta() *timeMeta {
	if e == nil {
		return nil
	}
	out := &timeMeta{At: e.at, Moved: nanos(e.moved), Late: e.late, Ahead: e.ahead, Splits: map[connectors.Split]splitMeta{}}
	for split, s := range e.splits {
		out.Splits[split] = splitMeta{Watermark: s.watermark, Last: nanos(s.last), Idle: s.idle, Seen: s.seen, Left: s.left}
	}
	return out
}

func (e *eventTime) restore(from *timeMeta) {
	if e == nil || from == nil {
		return
	}
	e.at, e.moved, e.late, e.ahead = from.At, fromNanos(from.Moved), from.Late, from.Ahead
	for split, s := range from.Splits {
		e.splits[split] = &splitTime{watermark: s.Watermark, last: fromNanos(s.Last), idle: s.Idle, seen: s.Seen, left: s.Left}
	}
}
