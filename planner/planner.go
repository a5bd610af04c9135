// Package planner turns a parsed query into one that can run: bind, rewrite, lower.
package planner

import (
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/planner/bind"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/planner/lower"
	"github.com/sqlstream/sqlstream/planner/rule"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A Planner plans queries.
type Planner struct {
	Catalog   *catalog.Catalog
	Functions *function.Registry
	Workers   int         // of the circuits planned for
	NoRules   bool        // leave out rule.Default: the plans must mean the same
	Zone      *types.Zone // the setting time_zone
	// Size estimates the rows of a table or materialized view, by which joins are ordered; nil
	// where nothing is known.
	Size func(name string) (int64, bool)
	// Forget is how many microseconds a query that runs on keeps what no row comes to; 0 for
	// ever.
	Forget int64
}

// A Watermark says up to where a column of a query's result is complete.
type Watermark = exec.Watermark

// A Leaf is where a plan takes rows in.
type Leaf = lower.Leaf

// A Query is a planned query.
type Query struct {
	Bound     logical.Node // as written
	Optimised logical.Node
	Fired     []string // the rules that made the one of the other
	Physical  exec.Plan
	Leaves    []Leaf
	States    []lower.State
	Schema    *types.Schema // of the physical root: hidden columns included
	Sort      *logical.Sort // how a whole result is presented; nil for any order
	Props     logical.Properties

	// Watermarks are those of the columns of Schema, by position.
	Watermarks map[int]Watermark

	workers int
}

// Bind returns a binder over the planner's catalog and functions.
func (p *Planner) Bind() *bind.Binder {
	return &bind.Binder{Catalog: p.Catalog, Functions: p.Functions, Zone: p.Zone, Size: p.Size}
}

// Plan plans a query.
func (p *Planner) Plan(q *sql.Query) (*Query, error) {
	n, err := p.Bind().Query(q)
	if err != nil {
		return nil, err
	}
	return p.Finish(n)
}

// Running plans a query that runs on: where a limit shows a part of the result, the part
// itself is kept up to date.
func (p *Planner) Running(q *sql.Query) (*Query, error) {
	n, err := p.Bind().Query(q)
	if err != nil {
		return nil, err
	}
	return p.Finish(running(n))
}

// running computes the part of a result that a limit shows.
func running(n logical.Node) logical.Node {
	s, ok := n.(*logical.Sort)
	if !ok || s.Limit < 0 && s.Offset == 0 {
		return n
	}
	top := &logical.TopN{Input: s.Input, Keys: s.Keys, Limit: s.Limit, Offset: s.Offset}
	return &logical.Sort{Input: top, Keys: s.Keys, Limit: -1, Hidden: s.Hidden}
}

// Finish rewrites and lowers a bound plan. The error says what of it cannot be run.
func (p *Planner) Finish(n logical.Node) (*Query, error) {
	out := &Query{Bound: n, workers: p.Workers}
	out.Optimised, out.Fired = rule.Apply(n, rule.Required)
	if err := lower.Check(out.Optimised); err != nil {
		return nil, err
	}
	if !p.NoRules {
		var fired []string
		out.Optimised, fired = rule.Apply(out.Optimised, rule.Default)
		out.Fired = append(out.Fired, fired...)
	}
	if p.Forget > 0 {
		out.Optimised = logical.Forgetting(out.Optimised, p.Forget)
	}
	out.Optimised = logical.Routing(logical.Numbering(out.Optimised))
	out.lower()
	if invariants.Enabled {
		if err := p.lasts(out); err != nil {
			invariants.Failf("%v", err)
		}
	}
	return out, nil
}

// WaitsFor reports that the query puts out rows when the watermark of a relation has passed
// them.
func (q *Query) WaitsFor(relation string) bool {
	found := false
	logical.Walk(q.Optimised, func(n logical.Node) {
		e, ok := n.(*logical.EmitFinal)
		if !ok {
			return
		}
		for _, by := range e.By {
			found = found || slices.ContainsFunc(by.Until, func(t logical.WatermarkTerm) bool { return strings.EqualFold(t.Relation.Name, relation) })
		}
	})
	return found
}

// Forgets reports that something in the plan is forgotten when no row comes to it.
func (q *Query) Forgets() bool {
	found := false
	logical.Walk(q.Optimised, func(n logical.Node) {
		switch x := n.(type) {
		case *logical.Aggregate:
			found = found || x.Forget > 0
		case *logical.TopN:
			found = found || x.Forget > 0
		case *logical.Join:
			found = found || x.Forget > 0
		}
	})
	return found
}

// lower makes the physical plan, and what else follows from the optimised one.
func (q *Query) lower() {
	if s, ok := q.Optimised.(*logical.Sort); ok {
		q.Sort = s
	}
	low := lower.Plan(q.Optimised, q.workers)
	q.Physical, q.Leaves, q.States = low.Plan, low.Leaves, low.States
	q.Schema = q.Optimised.Schema()
	q.Props = q.Optimised.Properties()
	if q.Sort != nil {
		q.Props = q.Sort.Input.Properties()
	}
	q.Watermarks = lower.Watermarks(q.Optimised)
}

// Final returns the query that puts out rows when they no longer change, which can be
// put out in mode APPEND; false where no watermark tells when that is.
func (q *Query) Final() (*Query, bool) {
	n, ok := logical.Final(q.Optimised)
	if !ok {
		return nil, false
	}
	out := *q
	out.Optimised = n
	out.lower()
	return &out, true
}

// Unique returns the query that fails where two of its rows have the same values in
// columns, the key of the table that it is written into; the query itself where its plan
// tells that none ever have.
func (q *Query) Unique(columns []int, into string) *Query {
	if q.Props.HasKeyIn(columns) {
		return q
	}
	out := *q
	switch s, ok := running(q.Optimised).(*logical.Sort); {
	case ok:
		out.Optimised = s.WithInputs([]logical.Node{&logical.Unique{Input: s.Input, Keys: columns, Into: into}})
	default:
		out.Optimised = &logical.Unique{Input: q.Optimised, Keys: columns, Into: into}
	}
	out.lower()
	return &out
}

// Fingerprint is the same for two queries only where the state of one is that of the
// other: their plans print the same, to every node.
func (q *Query) Fingerprint() string {
	seen := map[logical.Node]string{}
	var of func(logical.Node) string
	of = func(n logical.Node) string {
		if print, ok := seen[n]; ok {
			return print
		}
		var inputs []string
		for _, in := range n.Inputs() {
			inputs = append(inputs, of(in))
		}
		print := logical.Fingerprint(n, inputs)
		seen[n] = print
		return print
	}
	return of(q.Optimised)
}

// Visible returns the columns that a user sees: the schema without what is only
// sorted by.
func (q *Query) Visible() *types.Schema {
	if q.Sort == nil || q.Sort.Hidden == 0 {
		return q.Schema
	}
	return types.NewSchema(q.Schema.Fields[:q.Schema.Len()-q.Sort.Hidden]...)
}

// Limited reports that only a part of the result is shown.
func (q *Query) Limited() bool { return q.Sort != nil && (q.Sort.Limit >= 0 || q.Sort.Offset > 0) }

// Present puts a whole result in the query's order, applies its limit, and drops
// hidden columns. Ties are closed by all columns, so that the same result is shown
// in the same order however it came about; each copy of a row counts for the limit.
func (q *Query) Present(b *zset.Batch) *zset.Batch {
	order := make([]int32, b.Len)
	for i := range order {
		order[i] = int32(i)
	}
	var keys []logical.SortKey
	if q.Sort != nil {
		keys = q.Sort.Keys
	}
	slices.SortStableFunc(order, func(i, j int32) int {
		for _, k := range keys {
			c := zset.CompareValues(b.Cols[k.Column], int(i), b.Cols[k.Column], int(j))
			if k.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return zset.CompareRows(b.Cols, int(i), b.Cols, int(j))
	})
	visible := q.Visible()
	out := zset.NewBuilder(visible)
	view := &zset.Batch{Schema: visible, Len: b.Len, Cols: b.Cols[:visible.Len()]}
	skip, left := int64(0), int64(1)<<62
	if q.Sort != nil {
		skip = q.Sort.Offset
		if q.Sort.Limit >= 0 {
			left = q.Sort.Limit
		}
	}
	for _, row := range order {
		w := b.Weight(int(row))
		drop := min(skip, w)
		skip -= drop
		if w = min(w-drop, left); w > 0 {
			out.AppendRow(view, int(row), w)
			left -= w
		}
	}
	return out.Build()
}
