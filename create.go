package sqlstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/suggest"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/stream"
)

// createView makes a name for a query, or with MATERIALIZED starts the query and
// keeps its result.
func (db *DB) createView(ctx context.Context, st *sql.CreateView) (Result, error) {
	if done, err := db.taken(&st.Common, st.Name, st.OrReplace, st.IfNotExists); err != nil {
		return Result{}, err
	} else if done {
		return db.viewThere(ctx, st)
	}
	if !st.Materialized {
		e, _, err := db.viewPlan(st, db.terms())
		if err != nil {
			return Result{}, err
		}
		return Result{Message: "view " + e.Name + " created"}, db.put(&st.Common, e, st.OrReplace)
	}
	l, err := db.viewLaunch(st, db.terms())
	if err != nil {
		return Result{}, err
	}
	return db.materialize(ctx, st, l)
}

// viewThere is the answer to a CREATE of a view that is there. What has ended of one that
// is kept goes on.
func (db *DB) viewThere(ctx context.Context, st *sql.CreateView) (Result, error) {
	r := Result{Message: viewWord(st) + " " + st.Name.Text + " exists already", Query: db.runningQuery(st.Name.Text)}
	if k, ok := db.catalog.Query(st.Name.Text); ok && r.Query == nil && k.SQL == st.Text() {
		return db.takeUp(ctx, &st.Common, k)
	}
	return r, nil
}

func viewWord(st *sql.CreateView) string {
	if st.Materialized {
		return "materialized view"
	}
	return "view"
}

// viewEntry is the entry of a view without what its plan tells.
func viewEntry(st *sql.CreateView, on terms) *catalog.Entry {
	e := &catalog.Entry{
		Kind: catalog.View, Name: st.Name.Text, SQL: st.Text(), File: st.Source.File, Set: on.settings,
		Query: st.Query.Mapping.Text(), Schema: types.NewSchema(),
	}
	if st.Materialized {
		e.Kind = catalog.MaterializedView
	}
	for _, c := range st.Columns {
		e.Columns = append(e.Columns, c.Text)
	}
	return e
}

// viewPlan makes the entry of a view, and the plan of its query.
func (db *DB) viewPlan(st *sql.CreateView, on terms) (*catalog.Entry, *planner.Query, error) {
	e := viewEntry(st, on)
	p, err := db.planningOn(on, st.Tail, st.Materialized).View(st.Query, e.Columns)
	if err != nil {
		return nil, nil, viewError(st, err)
	}
	if err := forgets(&st.Common, st.Tail, p); err != nil {
		return nil, nil, err
	}
	e.Schema = p.Schema
	return e, p, distinctNames(st, e.Schema)
}

func viewError(st *sql.CreateView, err error) error {
	var width *planner.WidthError
	switch {
	case errors.As(err, &width):
		return st.Errorf(st.Columns[0].Offset, "view %s names %d columns, its query has %d", st.Name.Text, width.Want, width.Have)
	}
	return err
}

// distinctNames refuses columns that nobody could ask for.
func distinctNames(st *sql.CreateView, schema *types.Schema) error {
	seen := map[string]bool{}
	for _, f := range schema.Fields {
		key := strings.ToLower(f.Name)
		if seen[key] {
			return st.Errorf(st.Name.Offset, "two columns of %s are called %s", st.Name.Text, f.Name).
				WithHint("give one another name with AS")
		}
		seen[key] = true
	}
	return nil
}

// viewLaunch is the query of a materialized view, ready to start.
func (db *DB) viewLaunch(st *sql.CreateView, on terms) (*launch, error) {
	e, p, err := db.viewPlan(st, on)
	if err != nil {
		return nil, err
	}
	if err := p.Mode(connectors.Update); err != nil {
		if err := refusedClock(&st.Common, err); err != nil {
			return nil, err
		}
		return nil, st.Errorf(st.Name.Offset, "%s cannot be kept up to date: %v", e.Name, err)
	}
	return filling(st, e, p, on), nil
}

// filling is the query that fills a materialized view.
func filling(st *sql.CreateView, e *catalog.Entry, p *planner.Query, on terms) *launch {
	e.Schema, e.AppendOnly, e.Keys = p.Schema, p.Props.AppendOnly, p.Props.Keys
	e.Timed = slices.Sorted(maps.Keys(p.Watermarks))
	return &launch{
		at: &st.Common, name: e.Name, kind: "MATERIALIZED VIEW", plan: p, mode: connectors.Update, tail: st.Tail,
		result: true, orReplace: st.OrReplace, entry: e, terms: on,
	}
}

func (db *DB) materialize(ctx context.Context, st *sql.CreateView, l *launch) (Result, error) {
	e := l.entry
	if st.OrReplace {
		if err := db.replaceable(&st.Common, e.Name); err != nil {
			return Result{}, err
		}
		for _, leaf := range l.plan.Leaves {
			if leaf.Relation != nil && strings.EqualFold(leaf.Relation.Name, e.Name) {
				return Result{}, st.Errorf(st.Name.Offset, "materialized view %s would read itself", e.Name)
			}
		}
	}
	r, err := db.launch(ctx, l)
	if err != nil {
		if st.OrReplace && db.runningQuery(e.Name) == nil { // what it was to replace has ended
			err = errors.Join(err, db.dropGone(e.Name))
		}
		return r, err
	}
	if l.attached { // somebody else is just making it
		r.Message = "materialized view " + e.Name + " exists already"
		return r, placed(&st.Common, db.filled(ctx, r.Query))
	}
	r.Message = "materialized view " + e.Name + " created"
	if err := db.filled(ctx, r.Query); err != nil {
		db.discard(r.Query)
		return Result{}, placed(&st.Common, errors.Join(withoutQuery(err), db.leaveOut(l)))
	}
	return r, nil
}

// dropGone drops a view whose query is no more.
func (db *DB) dropGone(name string) error {
	if _, ok := db.engine.Query(name); ok {
		return nil // it can still be asked
	}
	if err := db.catalog.Drop(name); !errors.Is(err, catalog.ErrNotFound) {
		return err
	}
	return nil
}

// filled waits until a new view can be asked: until its first epoch, and where its
// rows come from memory until it has all of them.
func (db *DB) filled(ctx context.Context, q *Query) error {
	outside := slices.ContainsFunc(q.run.Spec().Inputs, func(in stream.Input) bool {
		return in.Source != nil && !in.Source.Connector.Memory
	})
	if outside {
		return cause(q.run.Begun(ctx))
	}
	return cause(q.ProcessAllAvailable(ctx))
}

// replaceable refuses to replace what others read.
func (db *DB) replaceable(c *sql.Common, name string) error {
	if readers := db.engine.Readers(name); len(readers) > 0 {
		return c.Errorf(c.Start, "%s is read by query %s", name, readers[0]).WithHint("%s first", db.ending(readers[0]))
	}
	return nil
}

// ending is the statement that ends a query.
func (db *DB) ending(name string) string {
	if e, ok := db.catalog.Lookup(name); ok && e.Kind == catalog.MaterializedView {
		return "DROP MATERIALIZED VIEW " + name
	}
	return "STOP QUERY " + name
}

// drop removes a name; of a materialized view or query also what runs.
func (db *DB) drop(ctx context.Context, st *sql.Drop) (string, error) {
	word := strings.ToLower(st.Kind)
	if st.Kind == "QUERY" {
		return db.dropQuery(ctx, st)
	}
	e, ok := db.catalog.Lookup(st.Name.Text)
	if !ok {
		if st.IfExists {
			return "there is no " + word + " " + st.Name.Text, nil
		}
		err := st.Errorf(st.Name.Offset, "there is no %s %s", word, st.Name.Text)
		if n := suggest.Nearest(st.Name.Text, db.catalog.Names()); n != "" {
			return "", err.WithHint("did you mean %s?", n)
		}
		return "", err
	}
	if e.Kind.String() != st.Kind {
		return "", st.Errorf(st.Name.Offset, "%s is a %s", e.Name, strings.ToLower(e.Kind.String())).
			WithHint("DROP %s %s", e.Kind, e.Name)
	}
	if e.Kind == catalog.MaterializedView {
		if err := db.replaceable(&st.Common, e.Name); err != nil {
			return "", err
		}
		return word + " " + e.Name + " dropped", placed(&st.Common, db.dropAll(ctx, e.Name, db.queryNamed(e.Name)))
	}
	if users := db.usersOf(e.Name); len(users) > 0 {
		return "", st.Errorf(st.Name.Offset, "%s %s is used by query %s", word, e.Name, users[0]).WithHint("%s first", db.ending(users[0]))
	}
	if err := db.catalog.Drop(e.Name); err != nil {
		return "", err
	}
	if c := db.connector(e.Connector); e.Def != nil && c != nil && c.Drop != nil {
		err := c.Drop(e.Def)
		return word + " " + e.Name + " dropped", err
	}
	return word + " " + e.Name + " dropped", nil
}

// dropAll ends a query and forgets it, what is kept of it, and the view whose query it is.
// What the catalog no longer knows nobody goes on with: so that comes first.
func (db *DB) dropAll(ctx context.Context, name string, q *Query) error {
	if q != nil {
		if err := q.run.Stop(ctx); err != nil {
			return err
		}
	}
	_, view := db.catalog.Lookup(name)
	if _, kept := db.catalog.Query(name); view || kept {
		err := db.catalog.Change(func(n *catalog.Names) error {
			if e, ok := n.Lookup(name); ok && e.Kind == catalog.MaterializedView {
				if err := n.Drop(name); err != nil {
					return err
				}
			}
			n.DropQuery(name)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if q != nil {
		db.forgetNamed(ctx, q.Name())
	}
	return nil
}

func (db *DB) dropQuery(ctx context.Context, st *sql.Drop) (string, error) {
	q := db.queryNamed(st.Name.Text)
	switch {
	case q == nil && st.IfExists:
		return "there is no query " + st.Name.Text, nil
	case q == nil:
		return "", db.noQuery(&st.Common, st.Name)
	case q.kind == "MATERIALIZED VIEW":
		return "", st.Errorf(st.Name.Offset, "%s is a materialized view", q.Name()).WithHint("DROP MATERIALIZED VIEW %s", q.Name())
	}
	return "query " + q.Name() + " dropped", placed(&st.Common, db.dropAll(ctx, q.Name(), q))
}

func (db *DB) stopQuery(ctx context.Context, st *sql.StopQuery) (string, error) {
	q := db.queryNamed(st.Name.Text)
	if q == nil {
		return "", db.noQuery(&st.Common, st.Name)
	}
	if status, _ := q.Status(); status != Running {
		return fmt.Sprintf("query %s is %s", q.Name(), strings.ToLower(status.String())), nil
	}
	if err := q.Stop(ctx); err != nil {
		return "", placed(&st.Common, err)
	}
	return fmt.Sprintf("query %s stopped after epoch %d", q.Name(), q.Progress().BatchID), nil
}

func (db *DB) noQuery(c *sql.Common, name sql.Name) error {
	err := c.Errorf(name.Offset, "there is no query %s", name.Text)
	var names []string
	for _, q := range db.Queries() {
		names = append(names, q.Name())
	}
	if n := suggest.Nearest(name.Text, names); n != "" {
		return err.WithHint("did you mean %s?", n)
	}
	return err.WithHint("SHOW QUERIES lists what runs")
}

// queryNamed returns the latest query of a name, letter case ignored.
func (db *DB) queryNamed(name string) *Query {
	var found *Query
	for _, q := range db.Queries() {
		if strings.EqualFold(q.Name(), name) {
			found = q
		}
	}
	return found
}

// explain plans a statement and prints the plan.
func (db *DB) explain(st sql.Statement, level planner.Level) (string, error) {
	var p *planner.Query
	var err error
	switch x := st.(type) {
	case *sql.Select:
		p, err = db.planningOn(db.terms(), x.Tail, x.Tail.Emit).Plan(x.Query)
	case *sql.CreateView:
		p, err = db.planningOn(db.terms(), x.Tail, x.Materialized).Plan(x.Query)
	case *sql.CreateQuery:
		return db.explain(x.Insert, level)
	case *sql.Insert:
		return db.explainInsert(x, level)
	default:
		return "", st.Base().Errorf(st.Base().Start, "EXPLAIN takes a query, an INSERT or a CREATE VIEW")
	}
	if err != nil {
		return "", err
	}
	return p.Explain(level), nil
}

func (db *DB) explainInsert(x *sql.Insert, level planner.Level) (string, error) {
	t, err := db.target(&x.Common, x.Target)
	if err != nil {
		return "", err
	}
	p, schema, err := db.planInsert(x, t, db.terms())
	if err != nil {
		return "", err
	}
	out := t.oneRowPerKey(p, schema).Explain(level)
	if level != planner.Everything {
		return out, nil
	}
	check := t.connector.Modes(t.entry.Def)
	out += fmt.Sprintf("\nSink %s (%s), %s\n", t.entry.Name, t.connector.Name, t.connector.Guarantee(t.entry.Def, db.dir != nil))
	for _, m := range []Mode{Append, Update, Complete} {
		if err := check(m); err != nil {
			out += fmt.Sprintf("  %-9s no: %v\n", m, err)
		} else {
			out += fmt.Sprintf("  %-9s yes\n", m)
		}
	}
	if key := t.keyOf(schema); key != nil {
		how := "holds by the plan"
		if !p.Props.HasKeyIn(key) {
			how = "is not told by the plan: the rows of each key are counted, and two fail"
		}
		out += fmt.Sprintf("  PRIMARY KEY (%s) %s\n", strings.Join(schema.Project(key).Names(), ", "), how)
	}
	return out, nil
}
