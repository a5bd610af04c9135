package sqlstream

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/stream"
	"github.com/sqlstream/sqlstream/zset"
)

// A Query is a continuous query: one started by [DB.Start], a materialized view,
// or an INSERT … SELECT … EMIT.
type Query struct {
	db   *DB
	run  *stream.Query
	plan *planner.Query
	text string // the statement that started it
	kind string // "SELECT", "INSERT", "MATERIALIZED VIEW"

	launch *launch  // what it was started with
	flow   string   // where it is kept, if it does not run and the engine does not know
	was    *verdict // of one that had ended before the database was opened; else nil
}

// Progress describes one epoch of a query in the words of Spark's
// StreamingQueryProgress. Its String is JSON.
type Progress = stream.Progress

// A Status is what has become of a query.
type Status = stream.Status

// The statuses.
const (
	Running  = stream.Running
	Finished = stream.Finished
	Stopped  = stream.Stopped
	Failed   = stream.Failed
)

// A Mode is what a query puts out each epoch.
type Mode = connectors.Mode

// The output modes, as Spark has them.
const (
	Append   = connectors.Append
	Update   = connectors.Update
	Complete = connectors.Complete
)

// ErrNoResult says that a query keeps no result table: its rows are only ever
// added and its mode is APPEND.
var ErrNoResult = stream.ErrNoResult

// A Change is what one epoch changed: rows of positive weight were added, rows of
// negative weight taken back. The batch is the receiver's own.
type Change = stream.Change

// Name returns the query's name: that of the materialized view or sink, or one
// that was made up.
func (q *Query) Name() string { return q.run.Name() }

// Text returns the statement that started the query.
func (q *Query) Text() string { return q.text }

// Kind returns "SELECT", "INSERT" or "MATERIALIZED VIEW".
func (q *Query) Kind() string { return q.kind }

// Schema returns the columns of the output.
func (q *Query) Schema() *types.Schema { return q.plan.Visible() }

// Mode returns the output mode.
func (q *Query) Mode() Mode { return q.run.Spec().Mode }

// Trigger returns the trigger as SQL writes it.
func (q *Query) Trigger() string { return q.run.Spec().Trigger.String() }

// AppendOnly reports that rows are only ever added, whatever the mode.
func (q *Query) AppendOnly() bool { return q.plan.Props.AppendOnly && !q.plan.Limited() }

// Key returns the positions of columns that no two rows of the result share: of
// several such sets the smallest; nil where none is known.
func (q *Query) Key() []int {
	var best []int
	for _, key := range q.plan.Props.Keys {
		hidden := slices.ContainsFunc(key, func(c int) bool { return c >= q.plan.Visible().Len() })
		if !hidden && (best == nil || len(key) < len(best)) {
			best = append([]int{}, key...)
		}
	}
	return best
}

// ReadsOutside reports whether the query, itself or through views and memory tables
// that other queries fill, reads from outside of the database. The result of one
// that does not changes by statements and by [Table] alone.
func (q *Query) ReadsOutside() bool { return q.readsOutside(map[*Query]bool{}) }

func (q *Query) readsOutside(seen map[*Query]bool) bool {
	if seen[q] {
		return false
	}
	seen[q] = true
	for _, in := range q.run.Spec().Inputs {
		switch {
		case in.Member != "":
			if view := q.db.runningQuery(in.Member); view != nil && view.readsOutside(seen) {
				return true
			}
		case in.Source == nil:
		case !in.Source.Connector.Memory:
			return true
		default:
			for _, w := range q.db.writersOf(in.Source.Table.Name) {
				if w.readsOutside(seen) {
					return true
				}
			}
		}
	}
	return false
}

// reads reports that the query reads a table, or the result of a view, of that name.
func (q *Query) reads(name string) bool {
	return slices.ContainsFunc(q.run.Spec().Inputs, func(in stream.Input) bool {
		return in.Member == name || in.Source != nil && in.Source.Table.Name == name
	})
}

// fills returns the names under which others read the query's output.
func (q *Query) fills() []string {
	names := []string{q.Name()}
	for _, out := range q.run.Spec().Sinks {
		names = append(names, out.Name)
	}
	return names
}

// writersOf returns the running queries that write to a table.
func (db *DB) writersOf(table string) []*Query {
	var out []*Query
	for _, q := range db.Queries() {
		if st, _ := q.Status(); st != Running {
			continue
		}
		if slices.ContainsFunc(q.run.Spec().Sinks, func(o stream.Output) bool { return strings.EqualFold(o.Name, table) }) {
			out = append(out, q)
		}
	}
	return out
}

// Status returns what has become of the query, and the error of a failed one.
func (q *Query) Status() (Status, error) {
	status, err := q.run.Status()
	if status == Stopped && q.was != nil {
		return q.was.status, q.was.err
	}
	return status, err
}

// Progress describes the last finished epoch; it is empty before the first.
func (q *Query) Progress() Progress { return q.run.Progress() }

// Done is closed when the query has ended, however it did.
func (q *Query) Done() <-chan struct{} { return q.run.Done() }

// Wait blocks until the query ends: by Stop, by its trigger, or by an error, which
// it returns.
func (q *Query) Wait(ctx context.Context) error { return q.run.Wait(ctx) }

// Stop ends the query after the running epoch. In a database with a directory its state is
// kept, also when that is opened again: RESUME QUERY, or the statement that started it, lets
// it go on.
func (q *Query) Stop(ctx context.Context) error {
	if err := q.run.Stop(ctx); err != nil {
		return err
	}
	return q.db.note(q)
}

// Resumed returns the epoch behind which the query goes on with what an earlier process, or
// the query before it was stopped, has left; false for one that has begun anew.
func (q *Query) Resumed() (epoch int64, ok bool) {
	epoch = q.run.Resumed()
	return epoch, epoch >= 0
}

// ProcessAllAvailable blocks until everything that the query's sources held when
// it was called has been taken in and put out.
func (q *Query) ProcessAllAvailable(ctx context.Context) error {
	return q.db.engine.ProcessAllAvailable(ctx, q.run)
}

// Result returns the result as of the last finished epoch, in the query's order,
// else by all columns. A query in mode APPEND keeps none: ErrNoResult.
func (q *Query) Result(ctx context.Context) (*Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b, epoch, err := q.run.Result()
	if err != nil {
		return nil, err
	}
	rows := rowsOf(b)
	rows.epoch = epoch
	return rows, nil
}

// Changes yields what each epoch changes, preceded by the result so far where the
// query keeps one. The query waits for a receiver that is far behind. Leaving the
// loop ends the subscription and not the query. The sequence ends with the query;
// an error that stopped it is the last value.
func (q *Query) Changes(ctx context.Context) iter.Seq2[Change, error] {
	if q.plan.Limited() {
		return q.partChanges(ctx)
	}
	visible := q.plan.Visible()
	return func(yield func(Change, error) bool) {
		for c, err := range q.run.Changes(ctx) {
			if b := c.Delta; b != nil && len(b.Cols) > visible.Len() {
				c.Delta = &zset.Batch{Schema: visible, Len: b.Len, Cols: b.Cols[:visible.Len()], Weights: b.Weights}
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// partChanges compares the part that is shown before and after each epoch.
func (q *Query) partChanges(ctx context.Context) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		before := &zset.Batch{Schema: q.plan.Visible()}
		for c, err := range q.run.Changes(ctx) {
			if err != nil {
				yield(c, err)
				return
			}
			now, epoch, err := q.run.Result()
			if err != nil {
				yield(Change{}, err)
				return
			}
			delta := zset.Consolidate(now, before.Negated())
			if before = now; delta.Len > 0 && !yield(Change{Epoch: epoch, Delta: delta}, nil) {
				return
			}
		}
	}
}

// usersOf returns the names of the running queries that read a relation or write
// to it.
func (db *DB) usersOf(name string) []string {
	var users []string
	for _, q := range db.Queries() {
		if st, _ := q.Status(); st != Running {
			continue
		}
		uses := strings.EqualFold(q.Name(), name)
		for _, in := range q.run.Spec().Inputs {
			uses = uses || strings.EqualFold(in.Member, name) || in.Source != nil && strings.EqualFold(in.Source.Table.Name, name)
		}
		for _, out := range q.run.Spec().Sinks {
			uses = uses || strings.EqualFold(out.Name, name)
		}
		if uses {
			users = append(users, q.Name())
		}
	}
	return users
}
