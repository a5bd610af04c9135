package planner_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// The rules do not change what a query means: over random rows random queries give the
// same result with and without them. Where the query as written fails, rules may have
// left out what failed; they never fail where it does not. Where failures are NULL the
// results are always the same.
func TestRulesKeepMeaning(t *testing.T) {
	for _, ddl := range []string{"", " WITH (append_only = 'true')"} {
		with := plantest.New()
		define(t, with, "CREATE TABLE t ("+randomColumns+")"+ddl+"; CREATE VIEW v AS SELECT i + 1 AS vi, s, n * 2 AS vn FROM t WHERE b > -3")
		without := *with
		without.NoRules = true
		failed := 0
		for seed := range uint64(400) {
			g := &generator{r: sample.Rand(seed)}
			text := g.query()
			in := feed{epochs: randomEpochs(g, with, ddl == ""), errNull: seed%3 == 0}
			want, wantErr := answer(t, &without, text, in)
			got, gotErr := answer(t, with, text, in)
			switch {
			case wantErr != nil:
				failed++
				if gotErr == nil {
					continue
				}
			case gotErr != nil:
				t.Errorf("seed %d: %s\nfails by the rules: %v", seed, text, gotErr)
			case got != want:
				t.Errorf("seed %d: %s\nwithout rules:\n%s\nwith rules:\n%s\n%s", seed, text, want, got, explained(with, text))
			}
		}
		if failed == 0 || failed > 200 {
			t.Errorf("%d of 400 queries fail; they should be some", failed)
		}
	}
}

// What is computed when a query is planned is what would be computed when it runs.
func TestFoldingIsEvaluation(t *testing.T) {
	p := plantest.New()
	define(t, p, "CREATE TABLE t ("+randomColumns+")")
	off := *p
	off.NoRules = true
	for seed := range uint64(400) {
		g := &generator{r: sample.Rand(seed)}
		e := g.any(3)
		rows := zset.NewBuilder(columnsOf(p))
		g.row(rows)
		table := rows.Build()
		in := feed{epochs: []*zset.Batch{table}}
		want, wantErr := answer(t, &off, "SELECT "+e+" AS x FROM t", in)
		constants := e
		for i, f := range table.Schema.Fields {
			l := expr.LiteralAt(table.Cols[i], 0)
			constants = strings.ReplaceAll(constants, "{"+f.Name+"}", "CAST("+l.String()+" AS "+f.Type.String()+")")
		}
		got, gotErr := answer(t, p, "SELECT "+constants+" AS x", in)
		if (wantErr != nil) != (gotErr != nil) || got != want {
			t.Errorf("seed %d: %s\nas columns: %s %v\nas constants: %s %v\n%s", seed, constants, want, wantErr, got, gotErr, explained(p, "SELECT "+constants))
		}
	}
}

func define(t *testing.T, p *planner.Planner, ddl string) {
	t.Helper()
	if err := plantest.Define(p, ddl); err != nil {
		t.Fatal(err)
	}
}

// A feed is what a query reads: the rows of t in each epoch.
type feed struct {
	epochs  []*zset.Batch
	errNull bool
}

// answer runs a query over the rows of t and presents its result.
func answer(t *testing.T, p *planner.Planner, text string, in feed) (string, error) {
	t.Helper()
	parsed, err := plantest.Parse(braces.Replace(text))
	if err != nil {
		t.Fatal(err)
	}
	q, err := p.Plan(parsed)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := run(q, in)
	var failure *expr.Error
	if err != nil && !errors.As(err, &failure) {
		t.Fatalf("%s: %v", text, err)
	}
	if err != nil {
		return "", err
	}
	return q.Present(rows).String(), nil
}

// run feeds the one table into every scan, and in the first epoch what Values holds
// into its own.
func run(q *planner.Query, in feed) (*zset.Batch, error) {
	out := zset.NewBuilder(q.Schema)
	c, err := exec.NewCircuit(q.Physical, exec.CircuitOptions{
		Workers: 1, Stores: []state.Store{memory.New()}, EvalErrorNull: in.errNull,
		Out: func(_ int, b *zset.Batch) error { out.Append(b, nil); return nil },
	})
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	for epoch, table := range in.epochs {
		c.Begin(int64(epoch), 0, 7)
		for _, leaf := range q.Leaves {
			rows := leaf.Rows
			if rows == nil {
				rows = &zset.Batch{Schema: leaf.Scan.Out, Len: table.Len, Weights: table.Weights}
				for _, col := range leaf.Scan.Columns {
					rows.Cols = append(rows.Cols, table.Cols[col])
				}
			} else if epoch > 0 {
				continue
			}
			if err := c.Push(ctx, 0, leaf.Scan, rows); err != nil {
				return nil, err
			}
		}
		if err := c.Finish(ctx); err != nil {
			return nil, err
		}
	}
	return zset.Consolidate(out.Build()), nil
}

func explained(p *planner.Planner, text string) string {
	parsed, err := plantest.Parse(braces.Replace(text))
	if err != nil {
		return err.Error()
	}
	q, err := p.Plan(parsed)
	if err != nil {
		return err.Error()
	}
	return q.Explain(planner.Logical)
}

// randomColumns are the table's: texts that are numbers and others, and numbers near
// the ends of their types.
const randomColumns = "i INT, n INT NOT NULL, b BIGINT, u TINYINT UNSIGNED, d DECIMAL(6, 2), f DOUBLE, s VARCHAR, k BOOLEAN"

// braces takes the marks of columns off.
var braces = strings.NewReplacer("{", "", "}", "")

func columnsOf(p *planner.Planner) *types.Schema {
	e, _ := p.Catalog.Lookup("t")
	return e.Schema
}

// randomEpochs makes two epochs of rows; with retract the second takes some of the
// first back.
func randomEpochs(g *generator, p *planner.Planner, retract bool) []*zset.Batch {
	first, second := zset.NewBuilder(columnsOf(p)), zset.NewBuilder(columnsOf(p))
	for range g.r.IntN(9) {
		g.row(first)
	}
	for range g.r.IntN(5) {
		g.row(second)
	}
	all := first.Build()
	for row := range all.Len {
		if retract && g.r.IntN(3) == 0 {
			second.AppendRow(all, row, -1)
		}
	}
	return []*zset.Batch{all, second.Build()}
}

// A generator writes random SQL. Columns are marked {name}.
type generator struct{ r *rand.Rand }

func (g *generator) row(b *zset.Builder) {
	for i, f := range b.Schema.Fields {
		c := b.Cols[i]
		if !f.NotNull && g.r.IntN(5) == 0 {
			c.AppendNull()
			continue
		}
		switch f.Type.Kind {
		case types.Varchar:
			c.AppendString(pick(g, "", "1", "-7", "2.5", "abc", "x%"))
		case types.Boolean:
			c.AppendBool(g.r.IntN(2) == 0)
		case types.Double:
			vec.Append(c, pick(g, 0, 1.5, -2, 1e300))
		case types.Decimal:
			vec.Append(c, types.DecimalFromInt(pick[int64](g, 0, 100, 250, -1, 999999)))
		case types.UTinyInt:
			vec.AppendUint(c, pick[uint64](g, 0, 1, 2, 255))
		case types.Int:
			vec.AppendInt(c, pick[int64](g, 0, 1, 2, 3, -1, 2147483647, -2147483648))
		default:
			vec.AppendInt(c, pick[int64](g, 0, 1, 2, -2, 9223372036854775807))
		}
	}
	b.EndRow()
}

func pick[T any](g *generator, from ...T) T { return from[g.r.IntN(len(from))] }

func (g *generator) query() string {
	switch g.r.IntN(9) {
	case 0:
		return fmt.Sprintf("SELECT %s AS x, %s AS y FROM t WHERE %s", g.any(2), g.any(2), g.cond(3))
	case 1:
		return fmt.Sprintf("SELECT x, y FROM (SELECT coalesce(%s, 0) AS x, %s AS y, {i} AS z FROM t WHERE %s) q WHERE x > %s AND %s", g.num(2), g.any(2), g.cond(1), pick(g, "0", "2", "1.5"),
			pick(g, "z = 1", "y IS NOT NULL", "x <> 3", "coalesce(z, 1) IN (1, 2)"))
	case 2:
		return fmt.Sprintf("SELECT %s AS g, count(*), sum(%s), max(%s) FROM t WHERE %s GROUP BY 1 HAVING %s", g.any(1), g.num(1), g.any(1), g.cond(1),
			pick(g, "count(*) > 1", "g IS NOT NULL", "TRUE", "max({n}) > 0 AND g IS NULL", "sum({n}) > 1 OR count(*) = 1"))
	case 3:
		return fmt.Sprintf("SELECT * FROM (SELECT {i} AS x, {s} AS y FROM t UNION ALL SELECT coalesce(%s, 0), {s} FROM t WHERE %s) q WHERE %s", g.num(1), g.cond(1), pick(g, "x > 1", "x IS NULL", "y <> 'abc' AND x < 3", "x IN (2)"))
	case 4:
		return fmt.Sprintf("SELECT DISTINCT %s AS x, {k} FROM t WHERE %s ORDER BY x DESC LIMIT %d", g.any(1), g.cond(2), g.r.IntN(5))
	case 5:
		return fmt.Sprintf("SELECT {i}, {s}, %s FROM t WHERE %s ORDER BY coalesce(%s, 0) LIMIT %d OFFSET %d", g.any(1), g.cond(1), g.num(1), g.r.IntN(6), g.r.IntN(3))
	case 6:
		return fmt.Sprintf("WITH q AS (SELECT {i} AS x, {n} AS y, {s} AS z FROM t WHERE %s) SELECT x, count(*) FROM q WHERE y > 0 GROUP BY x UNION ALL SELECT y, max(length(z)) FROM q GROUP BY y", g.cond(2))
	case 7:
		return fmt.Sprintf("SELECT vi, vn, s FROM v WHERE vi > %s AND %s", pick(g, "1", "2.5", "-3"), pick(g, "vn < 5", "s LIKE '%1%'", "vn BETWEEN -2 AND 4", "TRY_CAST(s AS INT) IS NULL"))
	}
	return fmt.Sprintf("SELECT x, count(*) FROM (SELECT coalesce(%s, 0) AS x FROM t UNION SELECT {i} FROM t) q WHERE x %s GROUP BY x", g.num(1), pick(g, "> 1", "IS NULL", "IN (1, 2, 3)", "<= 2.5"))
}

func (g *generator) any(depth int) string {
	switch g.r.IntN(4) {
	case 0:
		return g.cond(depth)
	case 1:
		return g.text(depth)
	}
	return g.num(depth)
}

func (g *generator) num(depth int) string {
	if depth <= 0 || g.r.IntN(6) == 0 {
		return pick(g, "{i}", "{n}", "{b}", "{u}", "{d}", "{i}", "{n}", "1", "2", "0", "-1", "2.5", "NULL", "3000000000")
	}
	a, b := g.num(depth-1), g.num(depth-1)
	switch g.r.IntN(12) {
	case 0, 1:
		return fmt.Sprintf("(%s %s %s)", a, pick(g, "+", "-", "*"), b)
	case 2:
		return fmt.Sprintf("(%s %s %s)", a, pick(g, "/", "DIV", "%"), b)
	case 3:
		return fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", g.cond(depth-1), a, b)
	case 4:
		return fmt.Sprintf("coalesce(%s, %s)", a, b)
	case 5:
		return fmt.Sprintf("nullif(%s, %s)", a, b)
	case 6:
		return fmt.Sprintf("CASE %s WHEN 1 THEN %s WHEN 2 THEN %s END", a, b, g.num(depth-1))
	case 7:
		return "(- " + a + ")"
	case 8:
		return fmt.Sprintf("if(%s, %s, %s)", g.cond(depth-1), a, b)
	case 9:
		return pick(g, "TRY_CAST({s} AS INT)", "CAST({s} AS INT)", "length({s})", "CAST({f} AS BIGINT)")
	case 10:
		return fmt.Sprintf("abs(%s)", a)
	}
	return fmt.Sprintf("CAST(%s AS %s)", a, pick(g, "BIGINT", "DECIMAL(12, 1)", "DOUBLE", "INT"))
}

func (g *generator) text(depth int) string {
	if depth <= 0 || g.r.IntN(4) == 0 {
		return pick(g, "{s}", "{s}", "'1'", "'abc'", "''", "CAST(NULL AS VARCHAR)")
	}
	switch g.r.IntN(4) {
	case 0:
		return fmt.Sprintf("concat(%s, %s)", g.text(depth-1), g.text(depth-1))
	case 1:
		return fmt.Sprintf("CAST(%s AS VARCHAR)", g.num(depth-1))
	case 2:
		return fmt.Sprintf("upper(%s)", g.text(depth-1))
	}
	return fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", g.cond(depth-1), g.text(depth-1), g.text(depth-1))
}

func (g *generator) cond(depth int) string {
	if depth <= 0 || g.r.IntN(8) == 0 {
		return pick(g, "{k}", "({i} > 1)", "({n} = 2)", "({s} = 'abc')", "TRUE", "FALSE", "({b} IS NULL)", "(NULL IS TRUE)", "({u} >= 2.5)")
	}
	switch g.r.IntN(13) {
	case 0, 1:
		return fmt.Sprintf("(%s AND %s)", g.cond(depth-1), g.cond(depth-1))
	case 2:
		return fmt.Sprintf("(%s OR %s)", g.cond(depth-1), g.cond(depth-1))
	case 3:
		return fmt.Sprintf("(NOT %s)", g.cond(depth-1))
	case 4:
		a := g.num(depth - 1)
		return fmt.Sprintf("(%s %s %s)", a, pick(g, "=", "<>", "<=>", "<", ">="), a)
	case 5:
		return fmt.Sprintf("(%s IS %s)", g.num(depth-1), pick(g, "NULL", "NOT NULL"))
	case 6:
		return fmt.Sprintf("(%s IS %s)", g.cond(depth-1), pick(g, "TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "NULL"))
	case 7:
		return fmt.Sprintf("(%s %s (%s))", g.num(depth-1), pick(g, "IN", "NOT IN"), pick(g, "1", "1, 2", "2, NULL", "2.5, 1", "{i}", "NULL", "{n}, 3", "300, 1"))
	case 8:
		return fmt.Sprintf("(%s LIKE %s)", g.text(depth-1), pick(g, "'%1%'", "'a__'", "'x\\\\%'", "{s}"))
	case 9:
		return fmt.Sprintf("(%s BETWEEN %s AND %s)", g.num(depth-1), g.num(0), g.num(0))
	case 10:
		return fmt.Sprintf("(%s %s %s)", pick(g, "{i}", "{u}", "{b}", "{n}"), pick(g, "=", "<>", "<", "<=", ">", ">=", "<=>"),
			pick(g, "1", "2.5", "-0.5", "255", "256", "3000000000", "-2147483648", "NULL", "1e0"))
	case 11:
		return fmt.Sprintf("(%s XOR %s)", g.cond(depth-1), g.cond(depth-1))
	}
	return fmt.Sprintf("(%s %s %s)", g.num(depth-1), pick(g, "=", "<>", "<", "<=", ">", ">=", "<=>"), g.num(depth-1))
}
