package sqlstream

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/builtin"
	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/stream"
)

// A launch is a continuous query about to start.
type launch struct {
	at        *sql.Common
	terms     terms
	name      string
	kind      string
	plan      *planner.Query
	mode      connectors.Mode
	tail      sql.Tail
	note      string
	result    bool
	orReplace bool
	sink      func(ctx context.Context, id string) (stream.Output, error) // nil for none
	still     bool                                                        // nothing is written, or to what is open already
	resumes   bool                                                        // as part of a dataflow that goes on
	attached  bool                                                        // nothing was started: it runs already
	entry     *catalog.Entry                                              // of a materialized view
	id        string                                                      // of what is kept of it; "" where nothing is
}

// launch starts the query, or attaches to the one that runs under the same name
// with the same text.
func (db *DB) launch(ctx context.Context, l *launch) (Result, error) {
	if err := db.launchable(l); err != nil {
		return Result{}, err
	}
	leave, err := db.alone(ctx, l.name)
	if err != nil {
		return Result{}, err
	}
	defer leave()
	r, err := db.launchAlone(ctx, l)
	for errors.Is(err, stream.ErrNotRunning) && ctx.Err() == nil { // a view has ended since it was looked at
		r, err = db.launchAlone(ctx, l)
	}
	return r, placed(l.at, err)
}

// alone waits until nobody else starts a query of that name: who comes next finds it
// either listed or not there at all.
func (db *DB) alone(ctx context.Context, name string) (leave func(), err error) {
	key := strings.ToLower(name)
	for {
		db.mu.Lock()
		other, busy := db.starting[key]
		if !busy {
			mine := make(chan struct{})
			db.starting[key] = mine
			db.mu.Unlock()
			return func() {
				db.mu.Lock()
				delete(db.starting, key)
				db.mu.Unlock()
				close(mine)
			}, nil
		}
		db.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// launchAlone is launch while nobody else starts a query of that name. What can go wrong
// beforehand does so before an old query gives way.
func (db *DB) launchAlone(ctx context.Context, l *launch) (_ Result, err error) {
	old := db.runningQuery(l.name)
	if old != nil && !l.orReplace {
		return l.attach(old)
	}
	if k, kept := db.catalog.Query(l.name); kept && !l.orReplace {
		return db.takeUp(ctx, l.at, k)
	}
	if l.orReplace {
		if r, done, err := db.renew(ctx, l); done || err != nil {
			return r, err
		}
	}
	if old == nil && l.orReplace {
		old = db.wake(ctx, l)
		defer func() {
			if err != nil && db.runningQuery(l.name) == old && old != nil {
				err = errors.Join(err, old.Stop(ctx)) // it was stopped, and is to stay so
			}
		}()
	}
	if old != nil && l.orReplace {
		if r, done, err := db.takeOver(ctx, l, old); done || err != nil {
			return r, err
		}
	}
	spec, err := db.specOf(ctx, l)
	if err == nil && old != nil {
		err = db.readAgain(ctx, l, spec, old)
	}
	if err == nil && old != nil {
		err = old.run.Stop(ctx)
	}
	if err == nil {
		err = db.enter(l)
	}
	if err != nil {
		return Result{}, errors.Join(err, closeSinks(spec))
	}
	db.forgetNamed(ctx, l.name)
	run, err := db.engine.Start(ctx, spec)
	if err != nil {
		return Result{}, errors.Join(err, db.leaveOut(l))
	}
	r := Result{Query: db.listed(run, l), Message: "query " + l.name + " started"}
	db.forgetOldest()
	r.Notes = l.notes(readFromBeginning(spec))
	return r, nil
}

// specOf is what the engine is told of a launch. Its sinks are open.
func (db *DB) specOf(ctx context.Context, l *launch) (spec stream.Spec, err error) {
	spec = db.spec(l.plan, l.name, l.terms.settings)
	spec.Mode, spec.Result = l.mode, l.result
	spec.Trigger = stream.Trigger(l.tail.Trigger)
	if spec.Kept = db.keeps(l); spec.Kept && l.id == "" {
		l.id = builtin.NewID()
	}
	spec.Restart, spec.CheckpointInterval = l.terms.restart(), l.terms.span("checkpoint.interval")
	spec.Fingerprint = l.fingerprint()
	if spec.Inputs, err = db.inputs(ctx, l.plan, l.feeding(spec)); err != nil || l.still {
		return spec, err
	}
	if l.sink != nil {
		out, err := l.sink(ctx, l.id)
		if err != nil {
			return spec, err
		}
		spec.Sinks = append(spec.Sinks, out)
	}
	if l.kind == "SELECT" {
		return spec, nil
	}
	dead, err := db.deadLetters(ctx, spec.Inputs, l.id)
	spec.Sinks = append(spec.Sinks, dead...)
	return spec, err
}

func (l *launch) feeding(spec stream.Spec) feeding {
	return feeding{settings: l.terms.settings, bounded: spec.Trigger.Ends(), resumes: l.resumes}
}

func closeSinks(spec stream.Spec) error {
	var err error
	for _, out := range spec.Sinks {
		err = errors.Join(err, out.Sink.Close())
	}
	return err
}

// listed makes the handle of a query that runs, or has run.
func (db *DB) listed(run *stream.Query, l *launch) *Query {
	q := &Query{db: db, run: run, plan: l.plan, text: l.at.Text(), kind: l.kind, launch: l}
	db.mu.Lock()
	db.running[run] = q
	db.mu.Unlock()
	db.watch(q)
	return q
}

// attach gives the query that runs under the name, if it is the same.
func (l *launch) attach(old *Query) (Result, error) {
	if old.text == l.at.Text() {
		l.attached = true
		return Result{Query: old, Message: "query " + l.name + " runs already"}, nil
	}
	return Result{}, l.at.Errorf(l.at.Start, "query %s runs already, with another text", l.name).
		WithHint("CREATE OR REPLACE QUERY %s AS … puts another in its place; CREATE QUERY other_name AS … runs both", l.name)
}

// launchable refuses the name of a materialized view: whoever reads the view would
// get the other query's rows.
func (db *DB) launchable(l *launch) error {
	e, ok := db.catalog.Lookup(l.name)
	if !ok || e.Kind != catalog.MaterializedView || l.kind == "MATERIALIZED VIEW" {
		return nil
	}
	return l.at.Errorf(l.at.Start, "%s is a materialized view; its name cannot be that of another query", e.Name)
}

// placed gives an error without a place the statement's; that of a context stays as
// it is.
func placed(at *sql.Common, err error) error {
	if _, ok := sql.AsError(err); ok || err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return at.Errorf(at.Start, "%v", cause(err))
}

// cause leaves out the made-up name of a query that the user did not name.
func cause(err error) error {
	var q *stream.QueryError
	if errors.As(err, &q) && (strings.HasPrefix(q.Query, "select_") || strings.HasPrefix(q.Query, "insert_")) {
		return q.Err
	}
	return err
}

// withoutQuery leaves out the query's name where the sentence around has it.
func withoutQuery(err error) error {
	var q *stream.QueryError
	if errors.As(err, &q) {
		return q.Err
	}
	return err
}

// chooseMode takes the mode that is written, or the plan's default, and asks the
// plan and the sink whether they allow it. note says what was chosen; the plan becomes one
// of final rows where APPEND needs that.
func chooseMode(at *sql.Common, tail sql.Tail, plan **planner.Query, sink connectors.ModeCheck) (connectors.Mode, string, error) {
	p := *plan
	mode, note := p.DefaultMode(), ""
	switch tail.Mode {
	case "APPEND":
		mode = connectors.Append
	case "UPDATE":
		mode = connectors.Update
	case "COMPLETE":
		mode = connectors.Complete
	default:
		note = fmt.Sprintf("output mode %s", mode)
	}
	place := tail.Offset
	if place == 0 {
		place = at.Start
	}
	if err := p.Mode(mode); err != nil {
		if err := refusedClock(at, err); err != nil {
			return 0, "", err
		}
		return 0, "", at.Errorf(place, "output mode %s is not possible: %v", mode, err)
	}
	if mode == connectors.Append && !p.Props.AppendOnly {
		*plan, _ = p.Final()
	}
	if sink == nil {
		return mode, note, nil
	}
	if err := sink(mode); err != nil {
		why := ""
		if mode == connectors.Update && p.Props.Cause != "" {
			why = fmt.Sprintf("; rows of the query change at: %s", p.Props.Cause)
		}
		return 0, "", at.Errorf(place, "output mode %s is not possible: %v%s", mode, err, why)
	}
	return mode, note, nil
}

// clockWords are the functions that ask for the time, as a statement writes them.
var clockWords = regexp.MustCompile(`(?i)\b(now|proctime|(current|utc)_(timestamp|date|time)|cur(date|time)|localtime(stamp)?|unix_timestamp)\b`)

// refusedClock says of an error that is of a condition on the clock where that stands; nil
// for any other.
func refusedClock(at *sql.Common, err error) error {
	var clock *planner.ClockError
	if !errors.As(err, &clock) {
		return nil
	}
	place := at.Start
	if found := clockWords.FindStringIndex(at.Text()); found != nil {
		place += found[0]
	}
	return at.Errorf(place, "a query that runs on cannot have this condition: %v", clock).
		WithHint("compare a function of the row alone with the clock and a constant span, as in ts > NOW() - INTERVAL 1 HOUR; or leave EMIT out")
}

// runningQuery returns the query that runs under a name.
func (db *DB) runningQuery(name string) *Query {
	run, ok := db.engine.Query(name)
	if !ok {
		return nil
	}
	if st, _ := run.Status(); st != stream.Running {
		return nil
	}
	return db.queryOf(run)
}

func (db *DB) queryOf(run *stream.Query) *Query {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.running[run]
}

// forget drops an ended query from the lists.
func (db *DB) forget(q *Query) { db.forgetRun(q.run) }

// forgetNamed drops the ended query of a name, with the state that is kept of it.
func (db *DB) forgetNamed(ctx context.Context, name string) {
	if run, ok := db.engine.Query(name); ok {
		if err := db.engine.Drop(ctx, run); err != nil {
			db.env.Notice(fmt.Sprintf("the state of query %s is still there: %v", name, err))
		}
		db.forgetRun(run)
	}
}

func (db *DB) forgetRun(run *stream.Query) {
	db.engine.Forget(run)
	db.mu.Lock()
	defer db.mu.Unlock()
	delete(db.running, run)
}

// discard drops a query that runs and that nobody is to know of.
func (db *DB) discard(q *Query) {
	db.engine.Discard(q.run)
	db.mu.Lock()
	defer db.mu.Unlock()
	delete(db.running, q.run)
}

// endedKept is how many ended queries without a name of their own are remembered:
// each holds its last result.
const endedKept = 100

func (db *DB) forgetOldest() {
	var ended []*Query
	for _, q := range db.Queries() {
		if st, _ := q.Status(); st != Running && q.kind == "SELECT" && strings.HasPrefix(q.Name(), "select_") {
			ended = append(ended, q)
		}
	}
	for _, q := range ended[:max(len(ended)-endedKept, 0)] {
		db.forget(q)
	}
}

// Queries returns the continuous queries since the database was opened, ended
// ones included, in the order of their start.
func (db *DB) Queries() []*Query {
	var out []*Query
	for _, run := range db.engine.Queries() {
		if q := db.queryOf(run); q != nil {
			out = append(out, q)
		}
	}
	db.inOrder(out)
	return out
}

// inOrder sorts the queries of a directory by their creation: its dataflows go on in any
// order.
func (db *DB) inOrder(list []*Query) {
	if db.dir == nil {
		return
	}
	created := map[string]int{}
	for i, k := range db.catalog.Now().Queries() {
		created[k.ID] = i
	}
	var places []int
	var kept []*Query
	for i, q := range list {
		if _, ok := created[q.launch.id]; ok {
			places, kept = append(places, i), append(kept, q)
		}
	}
	slices.SortStableFunc(kept, func(a, b *Query) int { return created[a.launch.id] - created[b.launch.id] })
	for i, at := range places {
		list[at] = kept[i]
	}
}
