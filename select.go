package sqlstream

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/stream"
	"github.com/sqlstream/sqlstream/zset"
)

// selectRows runs a bounded query: everything that is there now, then stop.
func (db *DB) selectRows(ctx context.Context, st *sql.Select) (*Rows, error) {
	p, err := db.planning().Plan(st.Query)
	if err != nil {
		return nil, err
	}
	return db.bounded(ctx, p)
}

// bounded runs a plan in a dataflow of its own over what is there now. Rows of an
// append-only plan come as they are found; others when the last input is read.
func (db *DB) bounded(ctx context.Context, p *planner.Query) (*Rows, error) {
	streams := p.Props.AppendOnly && p.Sort == nil
	run, err := db.startBounded(ctx, p, !streams)
	if err != nil {
		return nil, err
	}
	if streams {
		return db.streamRows(ctx, run, p), nil
	}
	defer db.engine.Forget(run)
	if err := completed(ctx, run); err != nil {
		return nil, cause(err)
	}
	b, _, err := run.Result()
	if err != nil {
		return nil, err
	}
	return rowsOf(b), nil
}

// completed waits until a bounded query has read everything. It ends one that nobody
// waits for any more, and says so of one that was ended from elsewhere.
func completed(ctx context.Context, run *stream.Query) error {
	if err := run.Wait(ctx); err != nil {
		run.Abort()
		return err
	}
	return whole(run)
}

// whole says that a query which has ended has not read everything.
func whole(run *stream.Query) error {
	if st, err := run.Status(); st == stream.Stopped {
		return errors.Join(stream.ErrClosed, err)
	}
	return nil
}

// startBounded starts a plan over what is there now; whole asks for its result as
// one, else its rows are to be read epoch by epoch. more may say more of how it runs.
func (db *DB) startBounded(ctx context.Context, p *planner.Query, whole bool, more ...func(*stream.Spec)) (*stream.Query, error) {
	s := db.current()
	spec := db.spec(p, db.nextName("select"), s)
	spec.RowLimit = 0 // what is shown once is the caller's affair
	spec.Mode, spec.Trigger = connectors.Append, stream.Trigger{AvailableNow: true}
	if whole {
		spec.Mode, spec.Result, spec.Trigger = connectors.Complete, true, stream.Trigger{Once: true}
	}
	for _, f := range more {
		f(&spec)
	}
	var err error
	if spec.Inputs, err = db.inputs(ctx, p, feeding{settings: s, bounded: true}); err != nil {
		return nil, err
	}
	return db.engine.Start(ctx, spec)
}

// streamRows hands out the rows of an append-only query epoch by epoch.
func (db *DB) streamRows(ctx context.Context, run *stream.Query, p *planner.Query) *Rows {
	rows := rowsFrom(p.Visible(), func(yield func(*zset.Batch, error) bool) {
		defer db.engine.Forget(run)
		for c, err := range run.Changes(ctx) {
			if !yield(c.Delta, cause(err)) {
				run.Abort()
				return
			}
		}
		if err := whole(run); err != nil {
			yield(nil, err)
		}
	})
	rows.unread = func() { run.Abort(); db.engine.Forget(run) }
	return rows
}

// spec fills in what every query has.
func (db *DB) spec(p *planner.Query, name string, s settings) stream.Spec {
	spec := stream.Spec{
		Name: name, Plan: p.Physical, Schema: p.Schema,
		AppendOnly: p.Props.AppendOnly, Keys: p.Props.Keys,
		Watermarks:        p.Watermarks,
		GreatestWatermark: s["watermark.policy"] == "max",
		RowLimit:          s.number("result.row.limit"),
		EvalErrorNull:     s["eval.error"] == "null",
		MaxRecursion:      int(s.number("cte.max.recursion.depth")),
		Limits:            s.limits(),
		Sort:              p.Present,
	}
	if p.Sort != nil && p.Sort.Limit >= 0 && p.Sort.Limit <= spec.RowLimit {
		spec.RowLimit = 0 // what is put out never has more rows
	}
	return spec
}

// A feeding is how a query takes its inputs.
type feeding struct {
	settings
	bounded bool // what is there now
	resumes bool // it goes on with the views that it reads
}

// inputs says what feeds each leaf of a plan. A bounded query takes the results of
// materialized views as they are; a continuous one joins their dataflow.
func (db *DB) inputs(ctx context.Context, p *planner.Query, how feeding) ([]stream.Input, error) {
	views := map[string][]*zset.Batch{}
	if how.bounded {
		var err error
		if views, err = db.viewResults(ctx, p); err != nil {
			return nil, err
		}
	}
	var inputs []stream.Input
	for _, leaf := range p.Leaves {
		in := stream.Input{Scan: leaf.Scan}
		switch {
		case leaf.Relation == nil:
			in.Rows = []*zset.Batch{leaf.Rows}
		case leaf.Relation.View && how.bounded:
			in.Rows = views[leaf.Relation.Name]
		case leaf.Relation.View && how.resumes:
			in.Member = leaf.Relation.Name
		case leaf.Relation.View:
			if err := db.follow(&in, leaf.Relation.Name); err != nil {
				return nil, err
			}
		default:
			var err error
			if in.Source, err = db.leafSource(leaf, how.settings); err != nil {
				return nil, err
			}
		}
		if r := leaf.Relation; r != nil && r.View && in.Member == "" && p.WaitsFor(r.Name) {
			return nil, fmt.Errorf("mode APPEND waits for what the watermark of materialized view %s passes, and the view is read here as it is, so that no row would ever be final; use UPDATE or COMPLETE, or a TRIGGER that runs on over a view that does", r.Name)
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

// follow makes a view's changes the input. Of one that has finished there are no more:
// its last result is all. Nothing follows one that was stopped or has failed.
func (db *DB) follow(in *stream.Input, view string) error {
	q, ok := db.engine.Query(view)
	if !ok {
		return fmt.Errorf("materialized view %s does not run", view)
	}
	switch st, err := q.Status(); {
	case db.engine.Closed():
		return stream.ErrClosed
	case st == stream.Finished:
		parts, err := db.engine.Results(context.Background(), []*stream.Query{q}) // at once: it has ended
		if err != nil {
			return err
		}
		in.Rows, in.Ended = parts[0], true
	case st == stream.Failed:
		return fmt.Errorf("materialized view %s has failed: %w", view, cause(err))
	case st == stream.Stopped:
		return fmt.Errorf("materialized view %s was stopped, so that nothing follows in it; %s", view, db.wayOn(view))
	default:
		in.Member = view
	}
	return nil
}

// wayOn says how a view that was stopped goes on.
func (db *DB) wayOn(view string) string {
	if _, kept := db.catalog.Query(view); kept {
		return "RESUME QUERY " + view + " first"
	}
	return "drop it and create it again"
}

// viewResults copies the results that a bounded query reads, those of one dataflow as
// of the same epoch. Where there are several, each has finished the input that is there
// now.
func (db *DB) viewResults(ctx context.Context, p *planner.Query) (map[string][]*zset.Batch, error) {
	var names []string
	var queries []*stream.Query
	for _, leaf := range p.Leaves {
		if leaf.Relation == nil || !leaf.Relation.View {
			continue
		}
		q, ok := db.engine.Query(leaf.Relation.Name)
		if !ok {
			return nil, fmt.Errorf("materialized view %s does not run", leaf.Relation.Name)
		}
		if st, err := q.Status(); st == stream.Failed {
			return nil, fmt.Errorf("materialized view %s has failed: %w", leaf.Relation.Name, cause(err))
		}
		if !slices.Contains(names, leaf.Relation.Name) {
			names, queries = append(names, leaf.Relation.Name), append(queries, q)
		}
	}
	if len(queries) > 1 {
		for _, q := range queries {
			if err := db.engine.ProcessAllAvailable(ctx, q); err != nil {
				return nil, err
			}
		}
	}
	results, err := db.engine.Results(ctx, queries)
	if errors.Is(err, stream.ErrNoResult) && len(names) > 0 {
		return nil, fmt.Errorf("materialized view %s does not run, and its rows cannot be read now; %s", names[0], db.wayOn(names[0]))
	}
	if err != nil {
		return nil, err
	}
	byName := map[string][]*zset.Batch{}
	for i, name := range names {
		byName[name] = results[i]
	}
	return byName, nil
}

// leafSource makes readable what a plan reads of a table.
func (db *DB) leafSource(leaf planner.Leaf, s settings) (*stream.Source, error) {
	r := leaf.Relation
	src, err := db.sourceOf(r.Of(), s)
	switch {
	case err != nil:
		return nil, err
	case r.LateOf != "":
		src.Late = r.Schema.Fields[len(src.Table.Columns):]
	case r.ErrorsOf != "":
		src.Errors, src.Watermark, src.MaxBad = true, nil, nil
	}
	return src, nil
}

// sourceOf makes a table readable.
func (db *DB) sourceOf(name string, s settings) (*stream.Source, error) {
	e, ok := db.catalog.Lookup(name)
	if !ok || e.Kind != catalog.Table {
		return nil, fmt.Errorf("table %s does not exist", name)
	}
	c, err := db.openable(e)
	if err != nil {
		return nil, err
	}
	if c.Source == nil {
		return nil, fmt.Errorf("table %s: connector '%s' cannot be read from", e.Name, c.Name)
	}
	if len(e.Def.PrimaryKey) > 0 && c.Formats && e.Changes != connectors.ByKey {
		return nil, fmt.Errorf("table %s: records of connector '%s' have no keys, so that a PRIMARY KEY means nothing here; declare the table without one to read its records as they are", e.Name, c.Name)
	}
	src := &stream.Source{Table: e.Def, Connector: c}
	if c.Formats {
		src.Format = db.format(e.Def.Options.Get("format"))
		src.OnError = format.PolicyOf(e.Def.Options)
		if src.MaxBad, err = format.MaxBadRecords(e.Def.Options); err != nil {
			return nil, fmt.Errorf("table %s: %w", e.Name, err)
		}
	}
	src.Watermark, err = db.timesOf(e, s)
	return src, err
}

// startSelect starts a continuous SELECT.
func (db *DB) startSelect(ctx context.Context, st *sql.Select, o startOptions) (Result, error) {
	on := db.terms()
	p, err := db.planningOn(on, st.Tail, true).Running(st.Query)
	if err != nil {
		return Result{}, err
	}
	if err := forgets(&st.Common, st.Tail, p); err != nil {
		return Result{}, err
	}
	mode, note, err := chooseMode(&st.Common, st.Tail, &p, nil)
	if err != nil {
		return Result{}, err
	}
	name := o.name
	if name == "" {
		name = db.nextName("select")
	}
	return db.launch(ctx, &launch{
		at: &st.Common, name: name, kind: "SELECT", plan: p, mode: mode, tail: st.Tail, note: note, terms: on,
		result: o.result || !p.Props.AppendOnly || mode == connectors.Complete,
	})
}
