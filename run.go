package sqlstream

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/stream"
)

// A Result is what one statement gave.
type Result struct {
	Statement string // as it was written
	Message   string // what was done, for statements without rows
	Rows      *Rows  // of a bounded query, SHOW, DESCRIBE and EXPLAIN
	Query     *Query // a continuous query that now runs
	Notes     []string
}

// An Error is a mistake in a statement: what is wrong, where, and what to do. It is
// found with errors.As.
type Error = sql.Error

// Run runs the statements of a text in order and yields what each gave; file names
// the text in errors. Rows must be read, and queries that end by themselves waited
// for, before the sequence goes on: what is left of them is then dropped or waited
// for by Run. An error is the last value.
func (db *DB) Run(ctx context.Context, file, text string) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		statements, err := sql.Parse(file, text)
		if err != nil {
			yield(Result{}, err)
			return
		}
		for _, st := range statements {
			r, err := db.statement(ctx, st)
			err = located(st, err)
			r.Statement = st.Base().Text()
			if r.Rows != nil {
				r.Rows.locate(func(err error) error { return located(st, err) })
			}
			if !yield(r, err) || err != nil {
				return
			}
			if r.Rows != nil {
				_ = r.Rows.Close() // its reader has seen the error
			}
			if r.Query != nil && r.Query.run.Spec().Trigger.Ends() {
				if err := r.Query.Wait(ctx); err != nil {
					yield(Result{Statement: r.Statement}, located(st, err))
					return
				}
			}
		}
	}
}

// located gives an error the place of its statement, where this is in a file and the
// error has no place of its own: of several statements one wants to know which.
func located(st sql.Statement, err error) error {
	if _, has := sql.AsError(err); has || err == nil || st.Base().Source.File == "" ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &statementError{st.Base().Errorf(st.Base().Start, "%v", err), err}
}

// A statementError is an error with the place of its statement.
type statementError struct {
	at    *sql.Error
	cause error
}

// Error prints the place, the line, and the cause.
func (e *statementError) Error() string { return e.at.Error() }

// Unwrap returns both.
func (e *statementError) Unwrap() []error { return []error{e.at, e.cause} }

// Exec runs statements, bounded queries among them for their effect alone.
// Continuous INSERT and CREATE statements go on running after it returns; a
// continuous SELECT, which nobody would read, is refused.
func (db *DB) Exec(ctx context.Context, text string) error {
	for r, err := range db.Run(ctx, "", text) {
		if err != nil {
			return err
		}
		if r.Rows != nil {
			for r.Rows.Next() {
			}
			if err := r.Rows.Err(); err != nil {
				return err
			}
		}
		if r.Query != nil && r.Query.kind == "SELECT" {
			return errors.Join(errors.New("a continuous SELECT is started with Start, so that its changes can be read"), r.Query.Stop(ctx))
		}
	}
	return nil
}

// Query asks a bounded query, or a SHOW, DESCRIBE or EXPLAIN statement.
func (db *DB) Query(ctx context.Context, text string) (*Rows, error) {
	st, err := sql.ParseOne("", text)
	if err != nil {
		return nil, err
	}
	if s, ok := st.(*sql.Select); ok && s.Tail.Emit {
		return nil, errors.New("a continuous SELECT is started with Start; leave out EMIT to ask for what is there now")
	}
	r, err := db.statement(ctx, st)
	if err != nil {
		return nil, err
	}
	if r.Rows == nil {
		return nil, fmt.Errorf("the statement has no rows: %s", r.Message)
	}
	return r.Rows, nil
}

// A QueryOption changes how Start runs a query.
type QueryOption func(*startOptions)

type startOptions struct {
	name   string
	result bool
}

// WithName names the query.
func WithName(name string) QueryOption { return func(o *startOptions) { o.name = name } }

// WithResult keeps the result table of a query in mode APPEND, which would
// otherwise keep none.
func WithResult() QueryOption { return func(o *startOptions) { o.result = true } }

// Start starts a continuous query: SELECT … EMIT, INSERT … SELECT … EMIT, CREATE
// QUERY or CREATE MATERIALIZED VIEW. A SELECT without EMIT is started as with EMIT.
func (db *DB) Start(ctx context.Context, text string, options ...QueryOption) (*Query, error) {
	var o startOptions
	for _, f := range options {
		f(&o)
	}
	st, err := sql.ParseOne("", text)
	if err != nil {
		return nil, err
	}
	var r Result
	switch x := st.(type) {
	case *sql.Select:
		x.Tail.Emit = true
		r, err = db.guarded(ctx, st, func() (Result, error) { return db.startSelect(ctx, x, o) })
	case *sql.Insert:
		x.Tail.Emit = true
		r, err = db.guarded(ctx, st, func() (Result, error) { return db.insert(ctx, x, o.name) })
	case *sql.CreateQuery, *sql.CreateView:
		r, err = db.statement(ctx, st)
	default:
		return nil, errors.New("only SELECT, INSERT, CREATE QUERY and CREATE MATERIALIZED VIEW can be started")
	}
	if err == nil && r.Query == nil {
		err = fmt.Errorf("nothing was started: %s", r.Message)
	}
	return r.Query, err
}

// Explain returns the plans of a query: logical, optimised and physical, with the
// output modes that it may have.
func (db *DB) Explain(ctx context.Context, text string) (string, error) {
	st, err := sql.ParseOne("", text)
	if err != nil {
		return "", err
	}
	if e, ok := st.(*sql.Explain); ok {
		st = e.Statement
	}
	var out string
	_, err = db.guarded(ctx, st, func() (r Result, err error) {
		out, err = db.explain(st, planner.Everything)
		return r, err
	})
	return out, err
}

// statement runs one statement. A panic below it is a bug of ours and not the end
// of the user's process.
func (db *DB) statement(ctx context.Context, st sql.Statement) (Result, error) {
	return db.guarded(ctx, st, func() (Result, error) { return db.run(ctx, st) })
}

// guarded makes an error at the statement of a panic in f, which is not called where
// the context has ended, or the database is closed.
func (db *DB) guarded(ctx context.Context, st sql.Statement, f func() (Result, error)) (r Result, err error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	if db.engine.Closed() {
		return Result{}, stream.ErrClosed
	}
	panicked := stream.Guard(func() error {
		r, err = f()
		return nil
	})
	if panicked != nil {
		text, _, _ := strings.Cut(panicked.Error(), "\n") // without the stack
		return Result{}, st.Base().Errorf(st.Base().Start, "%s", text)
	}
	return r, err
}

func (db *DB) run(ctx context.Context, st sql.Statement) (r Result, err error) {
	switch x := st.(type) {
	case *sql.Select:
		if x.Tail.Emit {
			return db.startSelect(ctx, x, startOptions{})
		}
		r.Rows, err = db.selectRows(ctx, x)
	case *sql.Insert:
		return db.insert(ctx, x, "")
	case *sql.CreateQuery:
		return db.createQuery(ctx, x)
	case *sql.CreateView:
		return db.createView(ctx, x)
	case *sql.CreateTable:
		r.Message, err = db.createTable(x)
	case *sql.Drop:
		r.Message, err = db.drop(ctx, x)
	case *sql.StopQuery:
		r.Message, err = db.stopQuery(ctx, x)
	case *sql.ResumeQuery:
		return db.resumeQuery(ctx, x)
	case *sql.Set:
		r.Message, err = "set "+shownSetting(x.Name.Text), db.set(x)
	case *sql.Show:
		r.Rows, err = db.show(ctx, x)
	case *sql.Describe:
		r.Rows, err = db.describe(x)
	case *sql.Explain:
		r.Rows, err = db.explainRows(ctx, x)
	case *sql.Delete:
		r.Message, err = db.delete(ctx, x)
	case *sql.Update:
		r.Message, err = db.update(ctx, x)
	default:
		err = st.Base().Errorf(st.Base().Start, "this statement is not supported yet")
	}
	return r, err
}
