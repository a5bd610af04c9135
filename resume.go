package sqlstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/stream"
)

// goOn lets the queries of the directory go on, each dataflow by itself: one that cannot
// has failed, and the others run.
func (db *DB) goOn(ctx context.Context) error {
	flows, err := db.dir.Flows()
	if err != nil {
		return err
	}
	for _, flow := range flows {
		if !db.dir.Has(flow) { // another one that went on before has its stores
			continue
		}
		if err := db.goOnWith(ctx, flow); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil { // whoever opens the database waits no longer
			return err
		}
	}
	for _, k := range db.catalog.Now().Queries() {
		if db.queryNamed(k.Name) != nil {
			continue
		}
		l, err := db.relaunch(k, db.planner.Workers)
		if err != nil || k.Status != Running.String() {
			db.laid(k, l, "", err)
			continue
		}
		if err := db.begin(ctx, l); err != nil {
			db.laid(k, l, "", err)
		}
	}
	return nil
}

// begin starts a query of the catalog that has no state yet.
func (db *DB) begin(ctx context.Context, l *launch) error {
	spec, err := db.specOf(ctx, l)
	if err != nil {
		return errors.Join(err, closeSinks(spec))
	}
	run, err := db.engine.Start(ctx, spec)
	if err != nil {
		return err
	}
	db.listed(run, l)
	return nil
}

// errAtRest says that no query of a dataflow is to run.
var errAtRest = errors.New("no query of the dataflow is to run")

// goOnWith lets a dataflow go on with those of its queries that ran. The error is of the
// directory; where the dataflow cannot go on, its queries have failed.
func (db *DB) goOnWith(ctx context.Context, flow string) error {
	f := &flowing{db: db, ctx: ctx, runs: func(k *catalog.Query) bool { return k.Status == Running.String() }}
	runs, err := db.engine.Resume(ctx, flow, f.specs)
	if err != nil && f.members == nil && !errors.Is(err, errAtRest) {
		return fmt.Errorf("%s: %w", db.dir.Path("flows/"+flow), err)
	}
	for i, m := range f.members {
		if err != nil {
			db.laid(m.kept, m.launch, flow, err)
			continue
		}
		q := db.listed(runs[i], m.launch)
		q.flow = flow
		q.was = wasOf(m.kept)
	}
	return nil
}

// A flowing is a dataflow that is about to go on.
type flowing struct {
	db      *DB
	ctx     context.Context
	runs    func(*catalog.Query) bool
	members []flowMember
}

type flowMember struct {
	kept   *catalog.Query
	launch *launch
}

// specs tells the engine of the members that the catalog knows. What it does not know was
// dropped.
func (f *flowing) specs(kept stream.Kept) ([]stream.Spec, error) {
	var broken error
	any := false
	for _, m := range kept.Members {
		k, ok := f.db.catalog.Query(m.Name)
		if !ok || !strings.HasPrefix(m.Fingerprint, k.ID+" ") {
			continue
		}
		l, err := f.db.relaunch(k, m.Workers)
		if err == nil && l.fingerprint() != m.Fingerprint {
			err = fmt.Errorf("what query %s reads has changed since it was created, so that its state cannot be used; CREATE OR REPLACE starts it anew", k.Name)
		}
		if broken == nil {
			broken = err
		}
		f.members = append(f.members, flowMember{k, l})
		any = any || f.runs(k)
	}
	switch {
	case !any && len(f.members) > 0:
		return nil, errAtRest
	case broken != nil:
		return nil, broken
	}
	var specs []stream.Spec
	for _, m := range f.members {
		spec, err := f.spec(m)
		if err != nil {
			for _, s := range specs {
				err = errors.Join(err, closeSinks(s))
			}
			return nil, err
		}
		specs = append(specs, spec)
	}
	return specs, nil
}

func (f *flowing) spec(m flowMember) (stream.Spec, error) {
	l := *m.launch
	l.resumes = true
	if !f.runs(m.kept) || f.db.runningQuery(l.name) != nil {
		l.still = true
	}
	spec, err := f.db.specOf(f.ctx, &l)
	spec.Stopped = !f.runs(m.kept)
	if err != nil {
		err = errors.Join(err, closeSinks(spec))
	}
	return spec, err
}

// relaunch makes a query of the catalog ready to start, on the terms of its creation. Where
// that is not possible what it returns beside the error says at least what is called so.
func (db *DB) relaunch(k *catalog.Query, workers int) (*launch, error) {
	set := defaultSettings()
	for name, value := range k.Set {
		set[name] = value
	}
	on := terms{set, workers}
	at := &sql.Common{Source: &sql.Source{File: k.File, Text: k.SQL}, End: len(k.SQL)}
	l, err := db.launchOf(k, on)
	if err != nil {
		l = &launch{at: at, name: k.Name, kind: k.Kind, plan: &planner.Query{Schema: types.NewSchema()}, terms: on}
	}
	l.id, l.name, l.orReplace = k.ID, k.Name, false
	return l, err
}

// launchOf makes a query of its kept plan: nothing is optimised again, so that its state
// keeps the names that it has.
func (db *DB) launchOf(k *catalog.Query, on terms) (*launch, error) {
	st, err := sql.ParseOne(k.File, k.SQL)
	if err != nil {
		return nil, err
	}
	p, err := db.planningOn(on, sql.Tail{}, false).FromStored(k.Plan)
	if err != nil {
		return nil, err
	}
	switch x := st.(type) {
	case *sql.CreateView:
		return filling(x, viewEntry(x, on), p, on), nil
	case *sql.CreateQuery:
		return db.rewriting(&x.Common, x.Insert, k, insertPlan{query: p, terms: on})
	case *sql.Select:
		mode, err := modeOf(k)
		return &launch{at: &x.Common, name: k.Name, kind: k.Kind, plan: p, mode: mode, tail: x.Tail, result: true, terms: on}, err
	case *sql.Insert:
		return db.rewriting(&x.Common, x, k, insertPlan{query: p, terms: on})
	}
	return nil, fmt.Errorf("%s is no query", oneLine(k.SQL))
}

// rewriting is the query that goes on writing into a table.
func (db *DB) rewriting(at *sql.Common, st *sql.Insert, k *catalog.Query, i insertPlan) (*launch, error) {
	var err error
	if i.target, err = db.target(&st.Common, st.Target); err != nil {
		return nil, err
	}
	written, err := i.target.written(st)
	if err != nil {
		return nil, err
	}
	i.schema, i.name = i.target.entry.Schema.Project(written), k.Name
	if !sameColumns(i.schema, i.query.Visible()) {
		return nil, st.Errorf(st.Target.Offset, "table %s has other columns than when query %s was created", i.target.entry.Name, k.Name).
			WithHint("CREATE OR REPLACE QUERY %s AS … starts it anew", k.Name)
	}
	mode, err := modeOf(k)
	return db.writing(at, st, i, mode), err
}

func modeOf(k *catalog.Query) (Mode, error) {
	for _, mode := range []Mode{Append, Update, Complete} {
		if mode.String() == k.Mode {
			return mode, nil
		}
	}
	return 0, fmt.Errorf("there is no output mode %s", k.Mode)
}

// laid lists a query of the catalog that does not run: because it has ended before, or
// because of an error.
func (db *DB) laid(k *catalog.Query, l *launch, flow string, err error) {
	status, cause := Failed, err
	if was := wasOf(k); was != nil {
		status, cause = was.status, was.err
	}
	spec := db.spec(l.plan, l.name, l.terms.settings)
	spec.Mode, spec.Trigger, spec.Result = l.mode, stream.Trigger(l.tail.Trigger), l.result
	if flow != "" && l.plan.Optimised != nil {
		spec.Fingerprint = l.fingerprint()
	}
	q := &Query{db: db, run: db.engine.Ended(spec, flow, status, cause), plan: l.plan, text: l.at.Text(), kind: l.kind, launch: l, flow: flow}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.running[q.run] = q
}

// A verdict is what had become of a query before it was brought back.
type verdict struct {
	status Status
	err    error
}

// wasOf returns it, nil for a query that ran.
func wasOf(k *catalog.Query) *verdict {
	for _, s := range []Status{Finished, Stopped, Failed} {
		if k.Status == s.String() {
			v := &verdict{status: s}
			if k.Error != "" {
				v.err = errors.New(k.Error)
			}
			return v
		}
	}
	return nil
}

// resumeQuery runs RESUME QUERY.
func (db *DB) resumeQuery(ctx context.Context, st *sql.ResumeQuery) (Result, error) {
	q := db.queryNamed(st.Name.Text)
	if q == nil {
		return Result{}, db.noQuery(&st.Common, st.Name)
	}
	leave, err := db.alone(ctx, q.Name())
	if err != nil {
		return Result{}, err
	}
	defer leave()
	if old := db.runningQuery(q.Name()); old != nil {
		return Result{Message: "query " + q.Name() + " runs already", Query: old}, nil
	}
	k, ok := db.catalog.Query(q.Name())
	if !ok {
		return Result{}, st.Errorf(st.Name.Offset, "query %s has ended, and nothing of it was kept", q.Name()).
			WithHint("queries outlive their end in a database with a directory (--dir), other than SELECT")
	}
	r, err := db.resume(ctx, k, q)
	return r, placed(&st.Common, err)
}

// takeUp answers a statement that makes a query which is there and does not run: the same
// one goes on.
func (db *DB) takeUp(ctx context.Context, at *sql.Common, k *catalog.Query) (Result, error) {
	status := strings.ToLower(k.Status)
	if k.SQL != at.Text() {
		return Result{}, at.Errorf(at.Start, "query %s is there already, %s, with another text", k.Name, status).
			WithHint("CREATE OR REPLACE QUERY %s AS … puts another in its place; RESUME QUERY %s lets the old one go on", k.Name, k.Name)
	}
	q := db.queryNamed(k.Name)
	if q == nil {
		return Result{}, fmt.Errorf("query %s is about to end", k.Name)
	}
	return db.resume(ctx, k, q)
}

// resume lets a query go on that has stopped, finished or failed: from where it was, and
// with all that failed with it.
func (db *DB) resume(ctx context.Context, k *catalog.Query, q *Query) (Result, error) {
	k, err := db.changedTerms(k)
	if err != nil {
		return Result{}, err
	}
	flow := q.run.Flow() // which may have been taken into another one
	if flow == "" {
		flow = q.flow
	}
	if flow == "" {
		return db.restart(ctx, k, q)
	}
	f := &flowing{db: db, ctx: ctx}
	f.runs = func(other *catalog.Query) bool {
		return other.ID == k.ID || other.Status == Running.String() || k.Status == Failed.String() && other.Status == Failed.String()
	}
	runs, err := db.engine.Resume(ctx, flow, f.specs)
	if err != nil {
		return Result{}, err
	}
	r := Result{}
	for i, m := range f.members {
		if i >= len(runs) || runs[i] == nil || !f.runs(m.kept) {
			continue
		}
		fresh := db.replaced(runs[i], m.launch, flow)
		if m.kept.ID == k.ID {
			r.Query = fresh
		} else if err := db.setStatus(m.launch, Running, nil); err != nil {
			return Result{}, err
		} else {
			r.Notes = append(r.Notes, "with "+m.launch.name)
		}
	}
	if r.Query == nil {
		return Result{}, fmt.Errorf("query %s has left nothing to go on with", k.Name)
	}
	r.Message = "query " + k.Name + " " + resumedAt(r.Query)
	if err := db.setStatus(r.Query.launch, Running, nil); err != nil || r.Query.ReadsOutside() {
		return r, err
	}
	return r, cause(r.Query.ProcessAllAvailable(ctx)) // one reads what was written meanwhile
}

// restart begins with a query that has no state.
func (db *DB) restart(ctx context.Context, k *catalog.Query, q *Query) (Result, error) {
	l, err := db.relaunch(k, db.planner.Workers)
	if err != nil {
		return Result{}, err
	}
	db.forget(q)
	if err := db.begin(ctx, l); err != nil {
		db.laid(k, l, "", err)
		return Result{}, err
	}
	fresh := db.queryNamed(k.Name)
	return Result{Query: fresh, Message: "query " + k.Name + " started"}, db.setStatus(l, Running, nil)
}

// replaced lists a query that goes on in the place of what had ended.
func (db *DB) replaced(run *stream.Query, l *launch, flow string) *Query {
	for _, old := range db.Queries() {
		if old.run != run && strings.EqualFold(old.Name(), l.name) {
			db.forget(old)
		}
	}
	q := db.listed(run, l)
	q.flow = flow
	return q
}

// resumedAt says from where a query goes on.
func resumedAt(q *Query) string {
	if at := q.run.Resumed(); at >= 0 {
		return fmt.Sprintf("goes on behind epoch %d", at)
	}
	return "goes on"
}

// changedTerms gives a query that is to be resumed those settings that were set in this
// session and mean nothing for its plan and state.
func (db *DB) changedTerms(k *catalog.Query) (*catalog.Query, error) {
	db.mu.Lock()
	now, touched := db.settings, maps.Clone(db.touched)
	db.mu.Unlock()
	changed := *k
	changed.Set = maps.Clone(k.Set)
	for _, s := range known {
		if touched[s.name] && s.later {
			changed.Set[s.name] = now[s.name]
		}
	}
	if maps.Equal(changed.Set, k.Set) {
		return k, nil
	}
	return &changed, db.catalog.Change(func(n *catalog.Names) error { n.PutQuery(changed); return nil })
}
