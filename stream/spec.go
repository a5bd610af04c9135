// Package stream is the loop: it plans epochs over the sources, runs the circuits
// of connected queries as one dataflow, and hands each finished epoch to result
// tables, subscribers and sinks. Plans come in as plain data; it knows no SQL.
package stream

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A Spec is a planned query, ready to run.
type Spec struct {
	Name   string // unique among what runs
	Plan   exec.Plan
	Inputs []Input // one for each scan of the plan
	Schema *types.Schema

	AppendOnly bool    // the plan's root only ever adds rows
	Keys       [][]int // sets of output columns that are unique
	Mode       connectors.Mode
	Trigger    Trigger
	Sort       func(*zset.Batch) *zset.Batch // order, limit and offset of a whole result; nil for any order
	Watermarks map[int]exec.Watermark        // of columns of Schema
	// GreatestWatermark lets every table that the query reads itself have the greatest
	// watermark of them all: rows of the others that are below it are late.
	GreatestWatermark bool

	Result        bool // keep the result table, so that it can be asked
	RowLimit      int64
	Sinks         []Output
	EvalErrorNull bool
	MaxRecursion  int  // rounds of a recursive query in an epoch; 0 is exec.DefaultMaxRecursion
	Metered       bool // take the time of each operator, for Stats
	Limits        Limits

	// Inherits is of a query that begins with what another one remembers; nil for none.
	Inherits *Inheritance

	// Kept says that the query outlives the process, where the engine has a place for it.
	Kept        bool
	Fingerprint string // of the plan: state belongs to no other
	Stopped     bool   // of a query that is resumed: it is to stay as it is, with its state
	Restart     bool   // after a failure that may pass, from the last checkpoint
	// CheckpointInterval is how often the state is made durable where no sink is exactly
	// once, 0 for DefaultCheckpointInterval. A dataflow goes by the least of its members'.
	CheckpointInterval time.Duration
}

// DefaultCheckpointInterval bounds what is computed again after a failure.
const DefaultCheckpointInterval = time.Second

// reads reports that the query reads the result of a materialized view.
func (s *Spec) reads(view string) bool {
	return slices.ContainsFunc(s.Inputs, func(in Input) bool { return strings.EqualFold(in.Member, view) })
}

// An Input says what feeds one scan: exactly one of Source, Member and Rows.
type Input struct {
	Scan   *exec.Scan
	Source *Source
	Member string        // the materialized view of that name
	Rows   []*zset.Batch // these rows, once
	Ended  bool          // nothing comes after Rows: a query over nothing else ends with them
}

// A Source is a table to be read through its connector.
type Source struct {
	Table     *connectors.Table
	Connector *connectors.Connector
	Format    *format.Format // nil where the connector makes columns by itself
	OnError   format.Policy
	MaxBad    *int64     // how many records that cannot be read are too many, less one; nil for any number
	Watermark *Watermark // nil for none
	// From is where reading begins in those splits that it lists, and not where the table's
	// options say.
	From connectors.Offsets
	// Late, where it is not nil, makes this the rows that the watermark leaves out: the
	// columns that they have behind those of the table.
	Late []types.Field
	// Errors makes this the records that the format cannot read, with connectors.BadColumns.
	Errors bool
}

// An Output is an open sink and what it is given.
type Output struct {
	Name        string // shown in Progress
	Description string
	Table       *connectors.Table // what its options refer to is not shown in errors; nil for none
	Sink        connectors.Sink
	Mode        connectors.Mode
	// Guarantee is what the sink is to promise. What is exactly once makes every epoch of
	// the dataflow a checkpoint.
	Guarantee connectors.Guarantee
	// DeadLetters makes this a sink of the records of a table, which the query reads, that
	// cannot be read, and not of what the query puts out.
	DeadLetters *connectors.Table
	Connector   *connectors.Connector // whose Transaction commits the sink; nil for none
	// Open opens the sink again after a failure; nil where a failure is the end.
	Open func(ctx context.Context) (connectors.Sink, error)
}

// Limits bound what one epoch takes in.
type Limits struct {
	MaxRows  int64 // max.rows.per.trigger
	MaxBytes int64 // max.bytes.per.trigger
}

// DefaultLimits keep an epoch to about a second of work.
var DefaultLimits = Limits{MaxRows: 1_000_000, MaxBytes: 256 << 20}
