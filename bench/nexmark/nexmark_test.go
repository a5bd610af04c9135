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

// still is the engine's clock, of which q12 has windows. It stands where that of the naive
// evaluator does.
func still() time.Time { return time.Unix(0, 0) }

// A run is a database into which events come cut by cut while queries are kept up to date.
type run struct {
	t       *testing.T
	db      *sqlstream.DB
	more    []string // options of the generators
	events  int64
	queries []benchmark.Query
	running []*sqlstream.Query
	final   map[string]*sqlstream.Query // those in mode APPEND whose rows come when they are final
	answers map[string]*zset.Batch      // the last
}

func start(t *testing.T, queries []benchmark.Query, options []sqlstream.Option, more ...string) *run {
	t.Helper()
	db, err := sqlstream.Open(t.Context(), append(options, sqlstream.WithClock(still))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	r := &run{t: t, db: db, more: append(more, "'rows.per.second' = '0'"), queries: queries, final: map[string]*sqlstream.Query{}, answers: map[string]*zset.Batch{}}
	r.exec(nexmark.Workload.Setup)
	for _, table := range nexmark.Workload.Tables {
		r.exec(table.Create("connector = 'memory', append_only = 'true'"))
	}
	for _, q := range queries {
		running := r.start(q, "UPDATE")
		r.running = append(r.running, running)
		if q.Mode == "APPEND" && !running.AppendOnly() {
			r.final[q.Name] = r.start(q, "APPEND")
		}
	}
	return r
}

func (r *run) start(q benchmark.Query, mode string) *sqlstream.Query {
	r.t.Helper()
	running, err := r.db.Start(r.t.Context(), q.SQL+"\nEMIT "+mode, sqlstream.WithName(q.Name+"_"+mode), sqlstream.WithResult())
	if err != nil {
		r.t.Fatalf("%s: %v", q.Name, err)
	}
	return running
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
		got := r.result(r.running[i])
		question := q.SQL
		if judge.Name == sqltest.Naive.Name { // a table that never changes is the same at all times
			question = strings.ReplaceAll(question, "FOR SYSTEM_TIME AS OF PROCTIME() ", "")
		}
		want, err := judge.Answer(r.t.Context(), r.db, question)
		if err != nil {
			r.t.Errorf("%s: %s: %v", q.Name, judge.Name, err)
			continue
		}
		if diff := zset.Consolidate(got, want.Negated()); diff.Len > 0 {
			r.t.Errorf("%s after %d events: %d rows, %s says %d; of the first too many, of the others too few:\n%.2000s", q.Name, r.events, got.Len, judge.Name, want.Len, diff)
		}
		r.answers[q.Name] = want
		if final := r.final[q.Name]; final != nil && !within(r.result(final), want) {
			r.t.Errorf("%s after %d events: a row came as final that is none of the answer", q.Name, r.events)
		}
	}
}

// result is what a query that has taken in everything says.
func (r *run) result(q *sqlstream.Query) *zset.Batch {
	r.t.Helper()
	if err := q.ProcessAllAvailable(r.t.Context()); err != nil {
		r.t.Fatalf("%s: %v", q.Name(), err)
	}
	rows, err := q.Result(r.t.Context())
	if err != nil {
		r.t.Fatalf("%s: %v", q.Name(), err)
	}
	return whole(r.t, rows)
}

// within reports that a batch has no row that another lacks.
func within(got, want *zset.Batch) bool {
	diff := zset.Consolidate(got, want.Negated())
	for row := range diff.Len {
		if diff.Weight(row) > 0 {
			return false
		}
	}
	return true
}

// close adds an event to each table that is a day later: everything before is final.
func (r *run) close() {
	r.t.Helper()
	r.exec(`INSERT INTO person VALUES (1, '', '', '', '', '', TIMESTAMP '2015-07-16 00:00:00', '');
		INSERT INTO auction VALUES (1, '', '', 0, 0, TIMESTAMP '2015-07-16 00:00:00', TIMESTAMP '2015-07-16 00:00:01', 1, 10, '');
		INSERT INTO bid VALUES (1, 1, 1, '', '', TIMESTAMP '2015-07-16 00:00:00', '')`)
	for name, final := range r.final {
		got, want := r.result(final), r.answers[name]
		if diff := zset.Consolidate(got, want.Negated()); diff.Len > 0 {
			r.t.Errorf("%s: %d final rows, the answer had %d:\n%.2000s", name, got.Len, want.Len, diff)
		}
	}
}

func whole(t *testing.T, rows *sqlstream.Rows) *zset.Batch {
	t.Helper()
	b, err := benchmark.Whole(rows)
	if err != nil {
		t.Fatal(err)
	}
	return b
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
			r := start(t, nexmark.Workload.Queries, c.options, c.more...)
			for _, n := range cut(100_000, 3, dice) {
				r.feed(n, dice)
				r.judge(sqltest.BatchPath)
			}
			r.close()
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
		r := start(t, nexmark.Workload.Queries, options, fmt.Sprintf("seed = '%d'", seed), "'out.of.order' = '100'")
		r.exec("DELETE FROM side_input WHERE `key` NOT BETWEEN 990 AND 1050") // the others match no auction yet
		for _, n := range cut(500, 4, dice) {
			r.feed(n, dice)
			r.judge(sqltest.Naive)
		}
		r.close()
	}
}

// From the generators, in many epochs, each query puts out in its own mode what adds up to
// the answer.
func TestModes(t *testing.T) {
	db, err := sqlstream.Open(t.Context(), sqlstream.WithClock(still))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Exec(t.Context(), nexmark.Workload.Setup); err != nil {
		t.Fatal(err)
	}
	for _, table := range nexmark.Workload.Tables {
		if err := db.Exec(t.Context(), table.Create(table.Generated(0, 60_000, "'rows.per.second' = '0'", "'out.of.order' = '1000'"))); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Exec(t.Context(), "SET max_rows_per_trigger = 8000"); err != nil {
		t.Fatal(err)
	}
	for _, q := range nexmark.Workload.Queries {
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
		if waits := q.Mode == "APPEND" && !appendOnly(t, db, q); waits && within(sum, want) {
			continue // the last rows are not final
		}
		if diff := zset.Consolidate(sum, want.Negated()); diff.Len > 0 {
			t.Errorf("%s: its changes add up to %d rows, the answer has %d:\n%.2000s", q.Name, sum.Len, want.Len, diff)
		}
	}
}

// appendOnly reports that a query adds rows and takes none back.
func appendOnly(t *testing.T, db *sqlstream.DB, q benchmark.Query) bool {
	t.Helper()
	running, err := db.Start(t.Context(), q.SQL+"\nEMIT UPDATE")
	if err != nil {
		t.Fatalf("%s: %v", q.Name, err)
	}
	defer running.Stop(t.Context())
	return running.AppendOnly()
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
