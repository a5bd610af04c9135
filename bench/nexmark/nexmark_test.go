package nexmark_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/bench/nexmark"
	"github.com/sqlstream/sqlstream/internal/benchmark"
	"github.com/sqlstream/sqlstream/internal/sqltest"
	"github.com/sqlstream/sqlstream/zset"
)

// pending are queries whose words the engine does not know yet.
var pending = []string{"q11"}

// noon is the engine's clock, which stands still: q12 has windows of it.
func noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

// A run is a database into which events come cut by cut while queries are kept up to date.
type run struct {
	t       *testing.T
	db      *sqlstream.DB
	more    []string // options of the generators
	events  int64
	queries []benchmark.Query
	running []*sqlstream.Query
}

func start(t *testing.T, queries []benchmark.Query, options []sqlstream.Option, more ...string) *run {
	t.Helper()
	db, err := sqlstream.Open(t.Context(), append(options, sqlstream.WithClock(noon))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	r := &run{t: t, db: db, more: append(more, "'rows.per.second' = '0'"), queries: queries}
	r.exec(nexmark.Workload.Setup)
	for _, table := range nexmark.Workload.Tables {
		r.exec(table.Create("connector = 'memory'"))
	}
	for _, q := range queries {
		running, err := db.Start(t.Context(), q.SQL+"\nEMIT UPDATE", sqlstream.WithName(q.Name), sqlstream.WithResult())
		if err != nil {
			t.Fatalf("%s: %v", q.Name, err)
		}
		r.running = append(r.running, running)
	}
	return r
}

func (r *run) exec(text string) {
	r.t.Helper()
	if err := r.db.Exec(r.t.Context(), text); err != nil {
		r.t.Fatalf("%s: %v", text, err)
	}
}

// feed adds so many more events, the tables in an order of the dice.
func (r *run) feed(n int64, dice *rand.Rand) {
	r.t.Helper()
	tables := slices.Clone(nexmark.Workload.Tables)
	dice.Shuffle(len(tables), func(i, j int) { tables[i], tables[j] = tables[j], tables[i] })
	for _, table := range tables {
		made := table
		made.Name = fmt.Sprintf("%s_%d", table.Name, r.events)
		r.exec(made.Create(table.Generated(r.events, n, r.more...)))
		r.exec("INSERT INTO " + table.Name + " SELECT * FROM " + made.Name)
		r.exec("DROP TABLE " + made.Name)
	}
	r.events += n
}

// judge compares the result of every query with what a judge says.
func (r *run) judge(judge sqltest.Judge) {
	r.t.Helper()
	for i, q := range r.queries {
		if err := r.running[i].ProcessAllAvailable(r.t.Context()); err != nil {
			r.t.Fatalf("%s: %v", q.Name, err)
		}
		rows, err := r.running[i].Result(r.t.Context())
		if err != nil {
			r.t.Fatalf("%s: %v", q.Name, err)
		}
		got := whole(r.t, rows)
		question := q.SQL
		if judge.Name == sqltest.Naive.Name { // a table that never changes is the same at all times
			question = strings.ReplaceAll(question, "FOR SYSTEM_TIME AS OF PROCTIME() ", "")
		}
		want, err := judge.Answer(r.t.Context(), r.db, question)
		if err != nil {
			r.t.Errorf("%s: %s: %v", q.Name, judge.Name, err)
			continue
		}
		if diff := zset.Consolidate(got, negated(want)); diff.Len > 0 {
			r.t.Errorf("%s after %d events: %d rows, %s says %d; of the first too many, of the others too few:\n%.2000s", q.Name, r.events, got.Len, judge.Name, want.Len, diff)
		}
	}
}

func whole(t *testing.T, rows *sqlstream.Rows) *zset.Batch {
	t.Helper()
	b := zset.NewBuilder(rows.Schema())
	for batch, err := range rows.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		b.Append(batch, nil)
	}
	return b.Build()
}

func negated(b *zset.Batch) *zset.Batch {
	out := *b
	out.Weights = make([]int64, b.Len)
	for i := range out.Weights {
		out.Weights[i] = -b.Weight(i)
	}
	return &out
}

// known are the queries that run.
func known() []benchmark.Query { return without(nexmark.Workload.Queries, pending...) }

// over are those that run over tables which may take rows back: what q12 asks of the clock
// is not the same again then.
func over() []benchmark.Query { return without(known(), "q12") }

func without(queries []benchmark.Query, names ...string) []benchmark.Query {
	return slices.DeleteFunc(slices.Clone(queries), func(q benchmark.Query) bool { return slices.Contains(names, q.Name) })
}

// cut deals n events out to so many pieces at random.
func cut(n int64, pieces int, dice *rand.Rand) []int64 {
	ends := []int64{n}
	for range pieces - 1 {
		ends = append(ends, 1+dice.Int64N(n-1))
	}
	slices.Sort(ends)
	ends = slices.Compact(ends)
	for i := len(ends) - 1; i > 0; i-- {
		ends[i] -= ends[i-1]
	}
	return ends
}

// However 100,000 events are cut, in order or not, by one worker or two, with the
// optimiser's rules or without, the result of each query is at each cut what the bounded
// query answers.
func TestCuts(t *testing.T) {
	for _, c := range []struct {
		name    string
		options []sqlstream.Option
		more    []string
	}{
		{"in order", nil, nil},
		{"out of order", []sqlstream.Option{sqlstream.WithParallelism(2)}, []string{"'out.of.order' = '1000'"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dice := rand.New(rand.NewPCG(uint64(len(c.name)), 1))
			r := start(t, over(), c.options, c.more...)
			for _, n := range cut(100_000, 3, dice) {
				r.feed(n, dice)
				r.judge(sqltest.BatchPath)
			}
		})
	}
}

// Of 500 events the naive evaluator answers each query as the engine does, at each cut.
func TestNaive(t *testing.T) {
	for seed := range uint64(4) {
		dice := rand.New(rand.NewPCG(seed, 2))
		var options []sqlstream.Option
		if seed%2 == 1 {
			options = append(options, sqlstream.WithParallelism(2), sqlstream.WithoutRules())
		}
		r := start(t, over(), options, fmt.Sprintf("seed = '%d'", seed), "'out.of.order' = '100'")
		r.exec("DELETE FROM side_input WHERE `key` NOT BETWEEN 990 AND 1050") // the others match no auction yet
		for _, n := range cut(500, 4, dice) {
			r.feed(n, dice)
			r.judge(sqltest.Naive)
		}
	}
}

// From the generators, in many epochs, each query puts out in its own mode what adds up to
// the answer.
func TestModes(t *testing.T) {
	db, err := sqlstream.Open(t.Context(), sqlstream.WithClock(noon))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Exec(t.Context(), nexmark.Workload.Setup); err != nil {
		t.Fatal(err)
	}
	for _, table := range nexmark.Workload.Tables {
		if err := db.Exec(t.Context(), table.Create(table.Generated(0, 20_000, "'rows.per.second' = '0'", "'out.of.order' = '1000'"))); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Exec(t.Context(), "SET max_rows_per_trigger = 3000"); err != nil {
		t.Fatal(err)
	}
	for _, q := range known() {
		running, err := db.Start(t.Context(), q.SQL+"\nEMIT "+q.Mode+" TRIGGER AVAILABLE NOW")
		if err != nil {
			t.Errorf("%s: %v", q.Name, err)
			continue
		}
		sum := &zset.Batch{Schema: running.Schema()}
		for c, err := range running.Changes(t.Context()) {
			if err != nil {
				t.Fatalf("%s: %v", q.Name, err)
			}
			for row := range c.Delta.Len {
				if q.Mode == "APPEND" && c.Delta.Weight(row) < 0 {
					t.Fatalf("%s takes a row back", q.Name)
				}
			}
			sum = zset.Consolidate(sum, c.Delta)
		}
		want, err := sqltest.BatchPath.Answer(t.Context(), db, q.SQL)
		if err != nil {
			t.Fatalf("%s: %v", q.Name, err)
		}
		if diff := zset.Consolidate(sum, negated(want)); diff.Len > 0 {
			t.Errorf("%s: its changes add up to %d rows, the answer has %d:\n%.2000s", q.Name, sum.Len, want.Len, diff)
		}
	}
}

// Every query says what it answers, and there is one for each number.
func TestQueries(t *testing.T) {
	var names []string
	for _, q := range nexmark.Workload.Queries {
		names = append(names, q.Name)
		if q.Doc == "" || q.Mode != "APPEND" && q.Mode != "UPDATE" {
			t.Errorf("%+v", q)
		}
	}
	var want []string
	for n := range 24 {
		want = append(want, fmt.Sprintf("q%d", n))
	}
	for n := 101; n <= 106; n++ {
		want = append(want, fmt.Sprintf("q%d", n))
	}
	if !slices.Equal(names, want) {
		t.Errorf("queries %v", names)
	}
	if q, ok := nexmark.Workload.Query("Q5"); !ok || q.Name != "q5" {
		t.Error("q5 is not found")
	}
}
