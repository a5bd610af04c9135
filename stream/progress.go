package stream

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// Progress describes one epoch of a query in the words of Spark's
// StreamingQueryProgress, so that dashboards made for it read ours.
type Progress struct {
	Name                   string             `json:"name"`
	Timestamp              time.Time          `json:"timestamp"`
	BatchID                int64              `json:"batchId"` // the epoch
	NumInputRows           int64              `json:"numInputRows"`
	InputRowsPerSecond     float64            `json:"inputRowsPerSecond"`
	ProcessedRowsPerSecond float64            `json:"processedRowsPerSecond"`
	DurationMs             Durations          `json:"durationMs"`
	Sources                []SourceProgress   `json:"sources"`
	StateOperators         []OperatorProgress `json:"stateOperators"`
	MemoryUsedBytes        int64              `json:"memoryUsedBytes"` // of state, and of batches
	// MemoryLimitBytes is what all queries may hold together; 0 is any number.
	MemoryLimitBytes int64          `json:"memoryLimitBytes,omitempty"`
	Sink             []SinkProgress `json:"sink"`
	TotalRows        int64          `json:"totalRows"` // input rows since the start
	// The last checkpoint of a query that outlives the process.
	Checkpoint *CheckpointProgress `json:"checkpoint,omitempty"`
	// Up to where the result is final, by the columns that follow a watermark: no row that has
	// less in one of them comes or goes any more.
	FinalBelow map[string]string `json:"finalBelow,omitempty"`
	// Rows that were to be taken away by their key and were not there, since the start.
	IgnoredDeletes int64 `json:"ignoredDeletes,omitempty"`
}

// finalBelow is what is known of the member's result.
func (m *member) finalBelow() (map[string]string, error) {
	var out map[string]string
	for column, w := range m.spec.Watermarks {
		v, err := m.circuit.Watermark(w)
		if err != nil {
			return nil, err
		}
		if v != nil {
			if out == nil {
				out = map[string]string{}
			}
			out[m.spec.Schema.Fields[column].Name] = string(vec.AppendText(nil, v, 0))
		}
	}
	return out, nil
}

// Durations are the milliseconds that the parts of an epoch took.
type Durations struct {
	LatestOffset     int64 `json:"latestOffset"`
	AddBatch         int64 `json:"addBatch"`
	CommitOffsets    int64 `json:"commitOffsets"`
	TriggerExecution int64 `json:"triggerExecution"`
}

// CheckpointProgress describes a checkpoint.
type CheckpointProgress struct {
	Epoch      int64 `json:"epoch"` // the last whose results it has
	DurationMs int64 `json:"durationMs"`
	Bytes      int64 `json:"bytes,omitempty"` // written
}

// SourceProgress describes what an epoch read of one table.
type SourceProgress struct {
	Description  string             `json:"description"`
	StartOffset  connectors.Offsets `json:"startOffset"`
	EndOffset    connectors.Offsets `json:"endOffset"`
	LatestOffset connectors.Offsets `json:"latestOffset"`
	NumInputRows int64              `json:"numInputRows"`
	BadRecords   int64              `json:"badRecords"`          // since the start
	Message      string             `json:"message,omitempty"`   // what the source said last: a broker that is away
	EventTime    *EventTime         `json:"eventTime,omitempty"` // of a table with a watermark

	scan    *scan
	readers []string
}

// ReadBy reports that a query reads the source itself: the sources of a progress are those
// of all queries that run as one.
func (s SourceProgress) ReadBy(query string) bool { return slices.Contains(s.readers, query) }

// EventTime describes how far the event time of a table has come.
type EventTime struct {
	Watermark *time.Time `json:"watermark,omitempty"` // nil before there is one
	// HeldBy is the split whose rows are furthest behind, HeldSince when the watermark moved
	// last, and Splits the watermark of each: nil before its first row.
	HeldBy    connectors.Split                `json:"heldBy,omitempty"`
	HeldSince *time.Time                      `json:"heldSince,omitempty"`
	Splits    map[connectors.Split]*time.Time `json:"splits"`
	Silent    []connectors.Split              `json:"silent,omitempty"`      // splits without any row so far
	Idle      []connectors.Split              `json:"idle,omitempty"`        // splits that do not count at present
	LateRows  int64                           `json:"lateRows,omitempty"`    // left out since the start
	Ahead     int64                           `json:"aheadRows,omitempty"`   // of them those too far in the future
	LateBy    map[connectors.Split]int64      `json:"lateBySplit,omitempty"` // LateRows of each split that has some
}

// eventTime describes the scan's, nil where its table has no watermark.
func (s *scan) eventTime() *EventTime {
	e := s.time
	if e == nil {
		return nil
	}
	out := &EventTime{
		Watermark: moment(e.at), HeldBy: e.heldBy(s), Splits: map[connectors.Split]*time.Time{}, LateBy: map[connectors.Split]int64{}, LateRows: e.late, Ahead: e.ahead,
	}
	for _, split := range slices.Sorted(maps.Keys(e.splits)) {
		out.Splits[split] = moment(e.splits[split].watermark)
		if e.splits[split].idle {
			out.Idle = append(out.Idle, split)
		}
		if !e.splits[split].seen {
			out.Silent = append(out.Silent, split)
		}
		if n := e.splits[split].left; n > 0 {
			out.LateBy[split] = n
		}
	}
	if out.HeldBy != "" {
		since := e.moved.UTC()
		out.HeldSince = &since
	}
	return out
}

func moment(micros int64) *time.Time {
	if micros == unknown {
		return nil
	}
	t := time.UnixMicro(micros).UTC()
	return &t
}

// Lag returns how many offsets lie between what was read and what there is.
func (s SourceProgress) Lag() int64 {
	var n int64
	for split, latest := range s.LatestOffset {
		n += int64(latest - s.EndOffset[split])
	}
	return n
}

// OperatorProgress describes what one operator keeps in its state tables, in all
// workers.
type OperatorProgress struct {
	OperatorName    string          `json:"operatorName"`
	NumRowsTotal    int64           `json:"numRowsTotal"`
	MemoryUsedBytes int64           `json:"memoryUsedBytes"`
	SpilledBytes    int64           `json:"spilledBytes,omitempty"` // that memory had no room for
	Tables          []TableProgress `json:"-"`
}

// TableProgress describes what one state table of an operator keeps, in all workers.
type TableProgress struct {
	Name            string // empty for the only one of an operator
	NumRowsTotal    int64
	MemoryUsedBytes int64
	SpilledBytes    int64
}

// SinkProgress describes what an epoch wrote.
type SinkProgress struct {
	Description   string `json:"description"`
	NumOutputRows int64  `json:"numOutputRows"`
	Guarantee     string `json:"guarantee,omitempty"` // how often a row is there after failures
}

// stateOperators adds up the state tables of each operator.
func (m *member) stateOperators() []OperatorProgress {
	var out []OperatorProgress
	at := map[string]int{}
	if m.result != nil { // reading it may bring rows into memory
		m.result.mu.RLock()
		defer m.result.mu.RUnlock()
	}
	for w, st := range m.stores {
		m.base[w] = 0
		for _, u := range st.Usage() {
			m.base[w] += u.Bytes
			operator, table, _ := strings.Cut(u.Name, "/")
			i, ok := at[operator]
			if !ok {
				i = len(out)
				at[operator] = i
				out = append(out, OperatorProgress{OperatorName: m.circuit.StateOwner(u.Name)})
			}
			out[i].add(table, u)
		}
	}
	return out
}

func (o *OperatorProgress) add(table string, u state.Usage) {
	o.NumRowsTotal += u.Rows
	o.MemoryUsedBytes += u.Bytes
	o.SpilledBytes += u.Spilled
	i := slices.IndexFunc(o.Tables, func(t TableProgress) bool { return t.Name == table })
	if i < 0 {
		i = len(o.Tables)
		o.Tables = append(o.Tables, TableProgress{Name: table})
	}
	t := &o.Tables[i]
	t.NumRowsTotal += u.Rows
	t.MemoryUsedBytes += u.Bytes
	t.SpilledBytes += u.Spilled
}

// String gives the progress as JSON.
func (p Progress) String() string {
	b, err := json.Marshal(p)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
