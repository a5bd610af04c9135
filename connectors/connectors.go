// Package connectors is the contract between the engine and the outside: sources
// that can be read again by position, and sinks that take one epoch at a time.
// Recovery rests on one promise: reading the same Range again gives the same
// records.
package connectors

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/sqlstream/sqlstream/internal/confine"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A Split is an ordered part of a source that is read by position: a Kafka
// partition ("tweet/3"), a file, a generator's lane.
type Split string

// An Offset is a position in a split. What it counts is the source's affair;
// differences of two are shown as lag.
type Offset int64

// Offsets maps splits to positions.
type Offsets map[Split]Offset

// A Range is the part [From, To) of a split.
type Range struct {
	Split Split
	From  Offset
	To    Offset
}

// A Record is one message as it came, before its format is decoded. Its byte
// slices are good until the reader's next call.
type Record struct {
	Split     Split
	Offset    Offset
	Timestamp int64 // microseconds since 1970-01-01 UTC; meaningful where TimestampType is not 0
	Key       []byte
	Value     []byte // nil is a record without a value (a tombstone), not an empty one
	Headers   []Header

	TimestampType TimestampType
}

// A TimestampType says who set a record's timestamp.
type TimestampType uint8

// The timestamp types, as Kafka names them.
const (
	NoTimestamp TimestampType = iota
	CreateTime
	LogAppendTime
)

// A Header is a named value beside a record.
type Header struct {
	Key   string
	Value []byte
}

// A Source reads an input table. Calls may come from several goroutines, except
// that a split is read by one reader at a time.
type Source interface {
	// Splits lists the splits there are now.
	Splits(ctx context.Context) ([]Split, error)
	// Start returns where a new query begins in each split, by the table's options.
	Start(ctx context.Context, splits []Split) (Offsets, error)
	// Latest returns the end of each split: the first position that cannot be read yet.
	Latest(ctx context.Context, splits []Split) (Offsets, error)
	// Wait returns when some split has data beyond its position in after, when a
	// split appears that after lacks, or when ctx ends (with ctx's error).
	Wait(ctx context.Context, after Offsets) error
	// Open starts to read a range. To is at most what Latest gave.
	Open(ctx context.Context, r Range) (Reader, error)
	Close() error
}

// An Ahead source learns while it waits where its splits end, so that a query which waits
// whenever it has read everything need not ask.
type Ahead interface {
	// Known returns the ends that are known, none of them before its position in at, and
	// false where Latest has to be asked. What came since is for Wait to tell.
	Known(at Offsets) (ends Offsets, ok bool)
}

// A Bounded source ends: AVAILABLE NOW and batch queries read it to here rather
// than to Latest (scan.bounded).
type Bounded interface {
	// End returns where reading stops for good, and false where it never does.
	End(ctx context.Context, splits []Split) (Offsets, bool, error)
}

// A Reader hands out the records of a range in order.
type Reader interface {
	// Next fills buf from its start and returns how many records it holds now;
	// io.EOF, with zero records, at the range's end. It blocks until there is at
	// least one record, waits for a broker that is away, and returns early when ctx ends.
	Next(ctx context.Context, buf []Record) (int, error)
	Close() error
}

// A BatchSource makes columns by itself (memory tables, generators): no format
// stands between. Its Open is not called.
type BatchSource interface {
	Source
	// OpenBatches starts to read a range; of the table's columns only those at the
	// positions in columns are wanted, in that order.
	OpenBatches(ctx context.Context, r Range, columns []int) (BatchReader, error)
}

// A BatchReader hands out the rows of a range in order.
type BatchReader interface {
	// Next appends rows to b, up to about max, and returns io.EOF when the range
	// is read (possibly with the last rows).
	Next(ctx context.Context, b *zset.Builder, max int) error
	Close() error
}

// A Sink takes a query's output, one epoch at a time. Nothing that was written
// becomes visible before Commit.
type Sink interface {
	// Recover tells the sink the last epoch that has happened, 0 for none, by which it ends
	// what another process has begun: what it has prepared of that epoch becomes visible,
	// what it has of later ones is dropped. It returns the last epoch that is visible, as far
	// as it knows. It is called once, first.
	Recover(ctx context.Context, happened int64) (visible int64, err error)
	// Begin starts an epoch.
	Begin(ctx context.Context, epoch int64) error
	// Write takes rows of the epoch. The batch is the caller's again when it returns.
	Write(ctx context.Context, delta *zset.Batch) error
	// Prepare ends the writing; what it returns is saved with the state.
	Prepare(ctx context.Context) ([]byte, error)
	// Commit makes the epoch visible.
	Commit(ctx context.Context, epoch int64) error
	Close() error
}

// A Transactional sink can show its epochs together with those of other sinks. What it is
// given between Begin and Prepare its Transaction writes and commits; its own Commit is not
// called then.
type Transactional interface {
	Sink
	// Cluster names where the sink writes: those of one name share a Transaction.
	Cluster() string
}

// A Wrapper is a sink that stands before another one.
type Wrapper interface {
	Sink
	Unwrap() Sink
}

// Ability looks for an optional interface in a sink and in those that it stands before.
func Ability[T any](s Sink) (T, bool) {
	for {
		if t, ok := s.(T); ok {
			return t, true
		}
		w, ok := s.(Wrapper)
		if !ok {
			var none T
			return none, false
		}
		s = w.Unwrap()
	}
}

// A Transaction shows the epochs of several sinks as one, exactly once, and knows
// afterwards which it has shown. Its calls come from one goroutine.
type Transaction interface {
	// Recover ends what another process has left open, keeps that one from writing any more,
	// and returns the last epoch that is visible: happened, the last one that is known to be,
	// or prepared, the one behind it whose state is saved, where that is not 0. It is an error
	// where the outside has seen anything else.
	Recover(ctx context.Context, happened, prepared int64) (visible int64, err error)
	// Commit makes what the sinks have prepared visible. plan tells apart what an epoch might
	// have read. prepared waits until the epoch's state is durable: until it has returned
	// without an error Commit does only what Recover takes back, and its error ends Commit,
	// as one after which the epoch has not happened. It may be called again. Commit settles by
	// itself what passes: a broker that was away, an answer that was lost. An error that is
	// ErrUnsettled leaves it open whether the epoch has happened: Recover, of this process or
	// another, finds out, and where it has not Commit may be called again. After any other
	// error it has not happened and will not.
	Commit(ctx context.Context, epoch int64, plan uint64, prepared func() error) error
	Close() error
}

// ErrUnsettled says that it is not known whether an epoch has happened.
var ErrUnsettled = errors.New("it is not known whether the epoch has happened")

// ErrTaken says that another process has taken a query over: this one must end it, and may
// not start it again by itself.
var ErrTaken = errors.New("another process has taken over this query")

// A Reminded sink writes what differs from the complete result before, and so has to be
// told that of the last epoch that has happened, after Recover and before the first Begin.
type Reminded interface {
	Remind(ctx context.Context, result []*zset.Batch) error
}

// A Notebook keeps a few bytes beyond the process.
type Notebook interface {
	// Read returns what was written last, nil for nothing.
	Read(ctx context.Context) ([]byte, error)
	// Write takes the place of what was there. When it returns the bytes are durable; a
	// process that dies before leaves either.
	Write(ctx context.Context, note []byte) error
}

// A Finder is a sink that knows the rows of its table by their primary key.
type Finder interface {
	// Find returns the rows that have one of the keys, whose columns are those of the
	// primary key, in its order.
	Find(keys *zset.Batch) *zset.Batch
}

// A Mode says what a sink is given each epoch, and what a query puts out.
type Mode uint8

// The output modes, as Spark has them.
const (
	Append   Mode = iota + 1 // rows that will never change, each once
	Update                   // the epoch's changes
	Complete                 // the whole result, every epoch
)

// String gives the mode as SQL writes it.
func (m Mode) String() string { return [...]string{"", "APPEND", "UPDATE", "COMPLETE"}[m] }

// A Guarantee says how often a sink shows each row after failures.
type Guarantee uint8

// The guarantees, weakest first.
const (
	NoGuarantee Guarantee = iota + 1 // rows may be lost, and may be there twice
	AtMostOnce
	AtLeastOnce
	ExactlyOnce
)

// String gives the guarantee as EXPLAIN prints it.
func (g Guarantee) String() string {
	return [...]string{"", "no guarantee", "at most once", "at least once", "exactly once"}[g]
}

// A Table is what a connector is opened with: a catalog entry as plain data.
type Table struct {
	Name       string
	Columns    []Column
	PrimaryKey []int // positions in Columns; empty for none
	Options    Options

	NotEnforced bool // that no two rows share the primary key is the user's promise
	// ID tells the table from all others that there are or have been, of the same name too,
	// and is the same after a restart; "" where the catalog is not kept. It can be the name
	// of a directory.
	ID string
}

// Changes say what the records of a table do to its rows.
type Changes uint8

// The kinds of changes.
const (
	Additions   Changes = iota // each adds a row
	ByKey                      // a row takes the place of that of the same primary key, or takes it away
	Retractions                // a row is added, or taken back as a whole
	Whole                      // a row of weight -1 begins the table anew, and those behind it are all that it holds
)

// A Column is a column of a table as declared.
type Column struct {
	types.Field
	Metadata string // the source's metadata key ("offset"), "" for a column of the payload
	Computed bool   // computed by the engine: neither read nor written
}

// Schema returns the columns as a schema, computed ones included.
func (t *Table) Schema() *types.Schema {
	s := &types.Schema{Fields: make([]types.Field, len(t.Columns))}
	for i, c := range t.Columns {
		s.Fields[i] = c.Field
	}
	return s
}

// An Env is what the engine lends a connector.
type Env struct {
	// Query names the query that a source or sink is opened for, where it outlives the
	// process: the same after a restart. "" for what is over with the process.
	Query string
	// Notice tells the user something that needs no answer: a broker that is away,
	// the first late row. It may be called from any goroutine and must not block.
	Notice func(text string)
	// Now is the clock; tests and replay set it.
	Now func() time.Time
	// Dirs are the directories below which files must be; nil where they may be anywhere.
	Dirs *confine.Dirs
	// Out is where the console connector prints; nil is standard output.
	Out io.Writer
	// Notebook is what a Transaction keeps beyond the process, its own and no other's; nil
	// where the engine keeps nothing.
	Notebook Notebook
}

// A Connector is an adapter to one kind of outside system. Built-in ones stand in
// one list; there is no registration at start-up.
type Connector struct {
	Name string // the value of the option 'connector'
	Doc  string // one sentence for SHOW and the documentation
	More string // what else the documentation says, as paragraphs of Markdown
	Like string // the connector whose options and metadata these are, "" for its own

	Options  []Option // what it understands beside the format's own
	Metadata []Metadata
	Formats  bool // records are bytes, so a format stands between
	Keyed    bool // records have keys: a PRIMARY KEY makes a table of the last record of each
	Memory   bool // rows live in the engine: INSERT, UPDATE and DELETE work on it
	// Rereads reports a table that is read whole whenever it changes; nil where none is.
	Rereads func(t *Table) bool

	// Check says what is wrong with the table's options before anything runs; it asks
	// nobody outside. nil where any combination will do.
	Check func(t *Table) error
	// Source opens the table for reading, nil where it cannot be read.
	Source func(ctx context.Context, t *Table, env Env) (Source, error)
	// Sink opens the table for writing, nil where it cannot be written. mode is what
	// the query will put out, schema the columns it will write.
	Sink func(ctx context.Context, t *Table, mode Mode, schema *types.Schema, env Env) (Sink, error)
	// Size estimates how many rows a query over the table reads at first; nil where nobody
	// can tell without reading it.
	Size func(ctx context.Context, t *Table, env Env) (int64, error)
	// Modes says which output modes the table accepts, and why not the others.
	Modes func(t *Table) ModeCheck
	// Guarantee says what a sink on this table promises, where the engine keeps its state
	// beyond the process (durable) and where it does not.
	Guarantee func(t *Table, durable bool) Guarantee
	// Transaction opens what commits several sinks of one cluster as one. id names the
	// dataflow, the same after a restart and no other's. nil where sinks commit by themselves.
	Transaction func(ctx context.Context, id string, sinks []Transactional, env Env) (Transaction, error)
	// Drop forgets what the engine keeps of a table that is no longer in the catalog; nil
	// where it keeps nothing.
	Drop func(t *Table) error
	// Sweep forgets what an earlier process has kept of tables of which has knows no ID, and
	// says what that was; it is called before any table is used. nil where nothing is kept.
	Sweep func(has func(id string) bool) (gone []string, err error)
	// DeadLetters is the table that the records of another are written to which cannot be
	// read, or what is wrong with its options for that; nil where there is no such thing.
	DeadLetters func(t *Table) (*Table, error)
	// Topics lists what the cluster of a table holds, for SHOW TOPICS; nil where there
	// is no such thing.
	Topics func(ctx context.Context, t *Table, env Env) ([]Topic, error)
}

// A Topic is a named log of a cluster.
type Topic struct {
	Name       string
	Partitions int
}

// A ModeCheck answers whether a table takes a mode: nil, or the reason and the
// ways out in one sentence.
type ModeCheck func(m Mode) error

// A Metadata key is something a source knows of a record beside its payload.
type Metadata struct {
	Key  string
	Type types.Type
	Doc  string
}
