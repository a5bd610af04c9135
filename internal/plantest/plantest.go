// Package plantest runs tests of the planner that are written as text: statements
// that fill a catalog, and queries with the plans they become.
//
// The commands of a test file:
//
//	ddl                      CREATE TABLE and CREATE VIEW statements. A table may have
//	                         WITH (append_only = 'true'); else its rows may be taken back.
//	                         WITH (rows = '100') says how many rows it has, and arrival = 'by key',
//	                         'retractions' or 'whole' how they come.
//	bind                     the plan of a query as it is written
//	plan [expect=(R, …)] [expect-not=(R, …)] [only=(R, …)]
//	                         the plan behind the rules of rule.Required, and those of
//	                         rule.Default or of only; the rules of expect must have fired, and those of
//	                         expect-not must not
//	props                    the plan behind the rules, each node with its properties
//	physical [workers=n] [final]
//	                         the plan that runs, or that of final rows
//	explain                  all that EXPLAIN prints
//	state [final] [ttl]      what it prints of state: of final rows, and of what is forgotten after an hour
//	error                    the message with which a query is refused
//	refused                  of each line, a query: the word that the message points at,
//	                         and the message without its hint
package plantest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/cockroachdb/datadriven"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/planner/rule"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/function/aggregate"
	"github.com/sqlstream/sqlstream/sql/function/scalar"
	"github.com/sqlstream/sqlstream/sql/function/table"
	"github.com/sqlstream/sqlstream/sql/types"
)

// New returns a planner over an empty catalog and the built-in functions.
func New() *planner.Planner {
	p := &planner.Planner{Catalog: catalog.New(), Functions: function.NewRegistry(scalar.All, aggregate.All, table.All), Workers: 1}
	p.Size = func(name string) (int64, bool) {
		e, ok := p.Catalog.Lookup(name)
		if !ok || e.Def == nil {
			return 0, false
		}
		n, err := strconv.ParseInt(e.Def.Options.Get("rows"), 10, 64)
		return n, err == nil
	}
	return p
}

// Define runs CREATE TABLE and CREATE VIEW statements.
func Define(p *planner.Planner, ddl string) error {
	statements, err := sql.Parse("ddl", ddl)
	if err != nil {
		return err
	}
	for _, st := range statements {
		var e *catalog.Entry
		switch x := st.(type) {
		case *sql.CreateTable:
			e, err = tableEntry(p, x)
		case *sql.CreateView:
			e, err = view(p, x)
		default:
			return fmt.Errorf("ddl takes CREATE TABLE and CREATE VIEW, not %T", st)
		}
		if err != nil {
			return err
		}
		if err := p.Catalog.Put(e, true); err != nil {
			return err
		}
	}
	return nil
}

func tableEntry(p *planner.Planner, st *sql.CreateTable) (*catalog.Entry, error) {
	e := &catalog.Entry{Kind: catalog.Table, Name: st.Name.Text, Schema: &types.Schema{}, Computed: map[int]string{}, Def: &connectors.Table{Name: st.Name.Text}}
	for i, c := range st.Columns {
		t := c.Type
		if c.Computed != nil {
			e.Computed[i] = c.Computed.Text()
			x, err := p.Bind().Expr(c.Computed, e.Schema)
			if err != nil {
				return nil, err
			}
			if t.Kind == types.Null {
				t = x.Type()
			}
		}
		e.Schema.Fields = append(e.Schema.Fields, types.Field{Name: c.Name.Text, Type: t, NotNull: c.NotNull})
		e.Def.Columns = append(e.Def.Columns, connectors.Column{Field: e.Schema.Fields[i], Metadata: c.Metadata, Computed: c.Computed != nil})
	}
	if w := st.Watermark; w != nil {
		e.Watermark = &catalog.Watermark{Column: e.Schema.Index(w.Column.Text), Expr: w.Expr.Text()}
		if e.Watermark.Column < 0 {
			return nil, fmt.Errorf("%s: no column %s", e.Name, w.Column.Text)
		}
	}
	var key []int
	for _, k := range st.PrimaryKey {
		i := slices.Index(e.Schema.Names(), k.Text)
		if i < 0 {
			return nil, fmt.Errorf("%s: no column %s", e.Name, k.Text)
		}
		e.Schema.Fields[i].NotNull = true
		key = append(key, i)
	}
	if key != nil {
		e.Keys = [][]int{key}
		e.Def.PrimaryKey = key
	}
	for _, o := range st.Options {
		switch o.Name {
		case "append_only":
			e.AppendOnly = o.Value == "true"
		case "rows":
			e.Def.Options = connectors.Options{"rows": o.Value}
		case "arrival":
			e.Changes = map[string]connectors.Changes{"by key": connectors.ByKey, "retractions": connectors.Retractions, "whole": connectors.Whole}[o.Value]
		default:
			return nil, fmt.Errorf("%s: unknown option %s", e.Name, o.Name)
		}
	}
	return e, nil
}

func view(p *planner.Planner, st *sql.CreateView) (*catalog.Entry, error) {
	e := &catalog.Entry{Kind: catalog.View, Name: st.Name.Text, Query: st.Query.Mapping.Text()}
	for _, c := range st.Columns {
		e.Columns = append(e.Columns, c.Text)
	}
	q, err := p.View(st.Query, e.Columns)
	if err != nil {
		return nil, err
	}
	e.Schema = q.Schema
	if st.Materialized {
		e.Kind, e.AppendOnly, e.Keys = catalog.MaterializedView, q.Props.AppendOnly, q.Props.Keys
	}
	return e, nil
}

// Parse reads one query.
func Parse(text string) (*sql.Query, error) {
	st, err := sql.ParseOne("", text)
	if err != nil {
		return nil, err
	}
	sel, ok := st.(*sql.Select)
	if !ok {
		return nil, fmt.Errorf("%T is not a query", st)
	}
	return sel.Query, nil
}

// Run runs the test files of a folder.
func Run(t *testing.T, dir string) {
	datadriven.Walk(t, dir, func(t *testing.T, path string) {
		p := New()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			out, err := command(t, p, d)
			if (err != nil) != (d.Cmd == "error") {
				t.Fatalf("%s: %v", d.Pos, err)
			}
			if err != nil {
				return err.Error() + "\n"
			}
			return out
		})
	})
}

func command(t *testing.T, p *planner.Planner, d *datadriven.TestData) (string, error) {
	if d.Cmd == "ddl" {
		return "", Define(p, d.Input)
	}
	if d.Cmd == "refused" {
		return refused(p, d.Input)
	}
	n, err := bound(p, d.Input)
	if err != nil {
		return "", err
	}
	switch d.Cmd {
	case "bind", "error":
		return logical.Format(n), nil
	case "plan":
		return rewritten(t, n, d)
	case "props":
		return finished(p, n, func(q *planner.Query) string { return planner.Describe(q.Optimised) })
	case "physical":
		q := *p
		if d.HasArg("workers") {
			d.ScanArgs(t, "workers", &q.Workers)
		}
		return finished(&q, n, func(q *planner.Query) string { return asked(q, d).Explain(planner.Physical) })
	case "state":
		return states(p, n, d)
	case "explain":
		return finished(p, n, func(q *planner.Query) string { return q.Explain(planner.Everything) })
	}
	return "", fmt.Errorf("unknown command %s", strconv.Quote(d.Cmd))
}

// states is the part of EXPLAIN that tells of state.
func states(p *planner.Planner, n logical.Node, d *datadriven.TestData) (string, error) {
	q := *p
	if d.HasArg("ttl") {
		q.Forget = types.MicrosPerHour
	}
	return finished(&q, n, func(q *planner.Query) string {
		_, rest, ok := strings.Cut(asked(q, d).Explain(planner.Everything), "\nState\n")
		if !ok {
			return "none\n"
		}
		rest, _, _ = strings.Cut(rest, "\nOutput modes\n")
		return rest
	})
}

// asked is a query, or with final the one of final rows that it is in mode APPEND.
func asked(q *planner.Query, d *datadriven.TestData) *planner.Query {
	if d.HasArg("final") {
		q, _ = q.Final()
	}
	return q
}

func finished(p *planner.Planner, n logical.Node, show func(*planner.Query) string) (string, error) {
	q, err := p.Finish(n)
	if err != nil {
		return "", err
	}
	return show(q), nil
}

func bound(p *planner.Planner, text string) (logical.Node, error) {
	q, err := Parse(text)
	if err != nil {
		return nil, err
	}
	return p.Bind().Query(q)
}

func refused(p *planner.Planner, input string) (string, error) {
	var b strings.Builder
	for line := range strings.Lines(input) {
		line = strings.TrimSpace(line)
		_, err := bound(p, line)
		var e *sql.Error
		if !errors.As(err, &e) {
			return "", fmt.Errorf("%s: %v", line, err)
		}
		rest := e.Source.Text[e.Offset:]
		word := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) && r != '_' && !unicode.IsDigit(r) })
		switch {
		case word == 0 && rest != "":
			word = 1
		case word < 0:
			word = len(rest)
		}
		fmt.Fprintf(&b, "%s: %s\n", rest[:word], e.Msg)
	}
	return b.String(), nil
}

func rewritten(t *testing.T, n logical.Node, d *datadriven.TestData) (string, error) {
	rules := rule.Default
	if only := names(d, "only"); only != nil {
		rules = nil
		for _, r := range rule.Default {
			if slices.Contains(only, r.Name) {
				rules = append(rules, r)
			}
		}
		if len(rules) != len(only) {
			return "", fmt.Errorf("no such rule: %s", strings.Join(only, ", "))
		}
	}
	before := logical.Format(n)
	out, fired := rule.Apply(n, rule.Required)
	if len(rules) > 0 {
		var more []string
		out, more = rule.Apply(out, rules)
		fired = append(fired, more...)
	}
	if after := logical.Format(n); after != before {
		t.Errorf("%s: the rules changed the plan itself:\n%s\nis now\n%s", d.Pos, before, after)
	}
	for _, r := range names(d, "expect") {
		if !slices.Contains(fired, r) {
			t.Errorf("%s: %s did not fire, but %s", d.Pos, r, strings.Join(fired, ", "))
		}
	}
	for _, r := range names(d, "expect-not") {
		if slices.Contains(fired, r) {
			t.Errorf("%s: %s fired", d.Pos, r)
		}
	}
	return logical.Format(out), nil
}

func names(d *datadriven.TestData, arg string) []string {
	for _, a := range d.CmdArgs {
		if a.Key == arg {
			return a.Vals
		}
	}
	return nil
}
