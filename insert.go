package sqlstream

import (
	"context"
	"errors"
	"fmt"
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

// insert runs INSERT INTO … once, or with EMIT starts it as a query named after
// its sink, or after name where one is given.
func (db *DB) insert(ctx context.Context, st *sql.Insert, name string) (r Result, err error) {
	t, err := db.target(&st.Common, st.Target)
	if err != nil {
		return Result{}, err
	}
	on := db.terms()
	p, schema, err := db.planInsert(st, t, on)
	if err != nil {
		return Result{}, err
	}
	if st.ByKey() {
		r.Message, err = db.upsert(ctx, st, t, p)
		return r, placed(&st.Common, err)
	}
	if !st.Tail.Emit {
		n, err := db.insertOnce(ctx, st, t, p, schema)
		return Result{Message: rowsWord(n) + " inserted"}, err
	}
	if name == "" {
		name = t.entry.Name
	}
	l, err := db.insertLaunch(&st.Common, st, insertPlan{target: t, query: p, schema: schema, name: name, terms: on})
	if err != nil {
		return Result{}, err
	}
	return db.launch(ctx, l)
}

// createQuery starts CREATE QUERY name AS INSERT ….
func (db *DB) createQuery(ctx context.Context, st *sql.CreateQuery) (Result, error) {
	if old := db.runningQuery(st.Name.Text); old != nil && st.IfNotExists {
		return Result{Query: old, Message: "query " + st.Name.Text + " runs already"}, nil
	}
	l, err := db.queryLaunch(st, db.terms())
	if err != nil {
		return Result{}, err
	}
	return db.launch(ctx, l)
}

// queryLaunch is the query of CREATE QUERY, ready to start.
func (db *DB) queryLaunch(st *sql.CreateQuery, on terms) (*launch, error) {
	ins := st.Insert
	if !ins.Tail.Emit {
		return nil, st.Errorf(ins.Start, "query %s would end at once: its INSERT is not continuous", st.Name.Text).
			WithHint("add EMIT, as in INSERT INTO … SELECT … EMIT UPDATE")
	}
	t, err := db.target(&ins.Common, ins.Target)
	if err != nil {
		return nil, err
	}
	p, schema, err := db.planInsert(ins, t, on)
	if err != nil {
		return nil, err
	}
	return db.insertLaunch(&st.Common, ins, insertPlan{target: t, query: p, schema: schema, name: st.Name.Text, orReplace: st.OrReplace, terms: on})
}

// An insertPlan is a planned INSERT about to start.
type insertPlan struct {
	target    *target
	query     *planner.Query
	schema    *types.Schema
	name      string
	orReplace bool
	terms     terms
}

// insertLaunch is a continuous INSERT, ready to start.
func (db *DB) insertLaunch(at *sql.Common, st *sql.Insert, i insertPlan) (*launch, error) {
	t := i.target
	mode, note, err := chooseMode(&st.Common, st.Tail, &i.query, t.connector.Modes(t.entry.Def))
	if err != nil {
		return nil, err
	}
	i.query = t.oneRowPerKey(i.query, i.schema)
	l := db.writing(at, st, i, mode)
	l.note = note
	return l, nil
}

// writing is the query that writes into a table.
func (db *DB) writing(at *sql.Common, st *sql.Insert, i insertPlan, mode connectors.Mode) *launch {
	return &launch{
		at: at, name: i.name, kind: "INSERT", plan: i.query, mode: mode, tail: st.Tail, orReplace: i.orReplace, terms: i.terms,
		sink: func(ctx context.Context, id string) (stream.Output, error) {
			return db.output(ctx, i.target, mode, i.schema, id)
		},
	}
}

// A target is a table that is written to.
type target struct {
	entry     *catalog.Entry
	connector *connectors.Connector
}

func (db *DB) target(c *sql.Common, name sql.Name) (*target, error) {
	e, ok := db.catalog.Lookup(name.Text)
	if !ok {
		err := c.Errorf(name.Offset, "there is no table %s", name.Text)
		if n := suggest.Nearest(name.Text, db.catalog.Names()); n != "" {
			return nil, err.WithHint("did you mean %s?", n)
		}
		return nil, err.WithHint("CREATE TABLE makes one; SHOW TABLES lists what there is")
	}
	if e.Kind != catalog.Table {
		return nil, c.Errorf(name.Offset, "%s is a %s; only tables can be written to", e.Name, strings.ToLower(e.Kind.String()))
	}
	conn, err := db.openable(e)
	if err != nil {
		return nil, c.Errorf(name.Offset, "%v", err)
	}
	if conn.Sink == nil {
		return nil, c.Errorf(name.Offset, "table %s: connector '%s' cannot be written to", e.Name, conn.Name)
	}
	return &target{e, conn}, nil
}

// written returns the positions of the columns that the sink gets: a memory table
// all of them, others what is neither computed nor metadata, and the metadata that
// the statement names.
func (t *target) written(st *sql.Insert) ([]int, error) {
	var named []int
	for _, n := range st.Columns {
		i := columnOf(t.entry.Def, n.Text)
		switch {
		case i < 0:
			err := st.Errorf(n.Offset, "table %s has no column %s", t.entry.Name, n.Text)
			if near := suggest.Nearest(n.Text, t.entry.Schema.Names()); near != "" {
				return nil, err.WithHint("did you mean %s?", near)
			}
			return nil, err.WithHint("the columns are %s", strings.Join(t.entry.Schema.Names(), ", "))
		case slices.Contains(named, i):
			return nil, st.Errorf(n.Offset, "column %s is named twice", n.Text)
		case t.entry.Def.Columns[i].Computed:
			return nil, st.Errorf(n.Offset, "column %s is computed and cannot be written", n.Text)
		}
		named = append(named, i)
	}
	var out []int
	for i, c := range t.entry.Def.Columns {
		if t.connector.Memory || !c.Computed && c.Metadata == "" || slices.Contains(named, i) {
			out = append(out, i)
		}
	}
	return out, nil
}

// given returns the positions that the query's columns go to, in their order.
func (t *target) given(st *sql.Insert, written []int) []int {
	var out []int
	for _, n := range st.Columns {
		out = append(out, columnOf(t.entry.Def, n.Text))
	}
	if out == nil {
		for _, i := range written {
			if !t.entry.Def.Columns[i].Computed {
				out = append(out, i)
			}
		}
	}
	return out
}

// planInsert plans the query with its columns converted to the target's.
func (db *DB) planInsert(st *sql.Insert, t *target, on terms) (*planner.Query, *types.Schema, error) {
	written, err := t.written(st)
	if err != nil {
		return nil, nil, err
	}
	given := t.given(st, written)
	schema := t.entry.Schema.Project(written)
	places := make([]int, len(given))
	for i, g := range given {
		places[i] = slices.Index(written, g)
	}
	defaults := map[int]string{}
	for i, w := range written {
		c := t.entry.Def.Columns[w]
		if text, ok := t.entry.Defaults[w]; ok {
			defaults[i] = text
		} else if c.NotNull && !c.Computed && !slices.Contains(places, i) {
			return nil, nil, st.Errorf(st.Target.Offset, "column %s is NOT NULL and is given no value", c.Name)
		}
	}
	if err := t.upserts(st); err != nil {
		return nil, nil, err
	}
	p, err := db.planningOn(on, st.Tail, st.Tail.Emit).Insert(st.Query, planner.Target{
		Columns: schema, Given: places, Defaults: defaults, Ordered: st.ByKey(), Runs: st.Tail.Emit,
	})
	var width *planner.WidthError
	if errors.As(err, &width) {
		names := make([]string, len(given))
		for i, g := range given {
			names[i] = t.entry.Def.Columns[g].Name
		}
		return nil, nil, st.Errorf(st.Target.Offset, "table %s takes %d columns here (%s), the query has %d",
			t.entry.Name, width.Want, strings.Join(names, ", "), width.Have)
	}
	var assign *planner.AssignError
	if errors.As(err, &assign) {
		return nil, nil, st.Errorf(st.Target.Offset, "%v", err).WithHint("write CAST(… AS %s) where the conversion is meant", assign.Column.Type)
	}
	if err == nil {
		err = forgets(&st.Common, st.Tail, p)
	}
	return p, schema, err
}

// insertOnce copies what is there now, and returns when every query over a memory
// table has seen it.
func (db *DB) insertOnce(ctx context.Context, st *sql.Insert, t *target, p *planner.Query, schema *types.Schema) (int64, error) {
	mode := connectors.Append
	if p.DefaultMode() != connectors.Append {
		mode = connectors.Complete
	}
	var err error
	if t.connector.Memory {
		leave, err := db.mayWrite(ctx)
		if err != nil {
			return 0, err
		}
		defer leave()
	} else if mode, err = t.onceIn(mode); err != nil {
		return 0, st.Errorf(st.Target.Offset, "%v", err)
	}
	running := db.whoRuns(t)
	n, err := db.copyOnce(ctx, t, p, mode, schema)
	if err == nil {
		err = db.seen(ctx, t, running)
	}
	return n, placed(&st.Common, err)
}

// onceIn returns the mode in which a table takes the rows of one run: the whole result
// of a query is also what it changes when it begins.
func (t *target) onceIn(mode connectors.Mode) (connectors.Mode, error) {
	check := t.connector.Modes(t.entry.Def)
	err := check(mode)
	if mode == connectors.Complete && err != nil && check(connectors.Update) == nil {
		return connectors.Update, nil
	}
	return mode, err
}

func (db *DB) copyOnce(ctx context.Context, t *target, p *planner.Query, mode connectors.Mode, schema *types.Schema) (int64, error) {
	p = t.oneRowPerKey(p, schema)
	s := db.current()
	spec := db.spec(p, db.nextName("insert"), s)
	spec.Mode, spec.Trigger, spec.RowLimit = mode, stream.Trigger{AvailableNow: true}, 0
	if mode != connectors.Append || t.connector.Memory {
		spec.Trigger = stream.Trigger{Once: true} // all of the statement or nothing
	}
	if p.Sort == nil {
		spec.Sort = nil // the order of what is written once matters to nobody
	}
	var err error
	if spec.Inputs, err = db.inputs(ctx, p, feeding{settings: s, bounded: true}); err != nil {
		return 0, err
	}
	out, err := db.output(ctx, t, mode, schema, "")
	if err != nil {
		return 0, err
	}
	counted := &countedSink{Sink: out.Sink}
	out.Sink = counted
	dead, err := db.deadLetters(ctx, spec.Inputs, "")
	spec.Sinks = append([]stream.Output{out}, dead...)
	if err != nil {
		return 0, errors.Join(err, closeSinks(spec))
	}
	run, err := db.engine.Start(ctx, spec)
	if err != nil {
		return 0, err
	}
	defer db.engine.Forget(run)
	err = completed(ctx, run)
	return counted.rows, err
}

// oneRowPerKey holds a query to the PRIMARY KEY of the table that it is written into.
// Memory tables know what they hold.
func (t *target) oneRowPerKey(p *planner.Query, schema *types.Schema) *planner.Query {
	if key := t.keyOf(schema); key != nil {
		return p.Unique(key, t.entry.Name)
	}
	return p
}

// keyOf returns where the PRIMARY KEY of a table outside stands among what is written;
// nil where there is none, or not all of it is written, of which the sink says so.
func (t *target) keyOf(schema *types.Schema) []int {
	if t.connector.Memory {
		return nil
	}
	var columns []int
	for _, k := range t.entry.Def.PrimaryKey {
		at := schema.Index(t.entry.Def.Columns[k].Name)
		if at < 0 {
			return nil
		}
		columns = append(columns, at)
	}
	return columns
}

// output opens the table for writing, by the query of an ID where that is kept.
func (db *DB) output(ctx context.Context, t *target, mode connectors.Mode, schema *types.Schema, id string) (stream.Output, error) {
	env := db.env
	env.Query = id
	open := func(ctx context.Context) (connectors.Sink, error) {
		sink, err := t.connector.Sink(ctx, t.entry.Def, mode, schema, env)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.entry.Name, err)
		}
		held, err := db.heldTo(t.entry, schema, sink)
		if err != nil {
			return nil, errors.Join(err, sink.Close())
		}
		return held, nil
	}
	sink, err := open(ctx)
	return stream.Output{
		Name: t.entry.Name, Description: t.connector.Name + " " + t.entry.Name, Table: t.entry.Def, Mode: mode,
		Sink: sink, Open: open, Connector: t.connector, Guarantee: t.connector.Guarantee(t.entry.Def, db.dir != nil && id != ""),
	}, err
}

// seen waits until every query that reads the memory table has taken in what was
// written to it, and so on through what they write themselves: one reads one's own
// writes. running is what ran before the write: a query that it stops is told of,
// however fast that went.
func (db *DB) seen(ctx context.Context, t *target, running []*Query) error {
	var stopped error                 // the first of them; the others are waited for all the same
	changed := []string{t.entry.Name} // tables and views, each once
	for i := 0; i < len(changed); i++ {
		for _, q := range running {
			if !q.reads(changed[i]) {
				continue
			}
			if err := q.ProcessAllAvailable(ctx); err != nil && ctx.Err() != nil {
				return fmt.Errorf("the rows are written, but query %s has not seen them yet: %w", q.Name(), ctx.Err())
			} else if err != nil && stopped == nil {
				stopped = fmt.Errorf("the rows are written, but query %s has stopped: %w", q.Name(), withoutQuery(err))
			}
			for _, name := range q.fills() {
				if !slices.Contains(changed, name) {
					changed = append(changed, name)
				}
			}
		}
	}
	return stopped
}

// whoRuns returns the queries that run now; of another table than one in memory
// nobody waits for a row, so there it is none.
func (db *DB) whoRuns(t *target) []*Query {
	if !t.connector.Memory {
		return nil
	}
	return slices.DeleteFunc(db.Queries(), func(q *Query) bool {
		st, _ := q.Status()
		return st != Running
	})
}
