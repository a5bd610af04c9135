package sqlstream_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream"
)

// ttlModel is what queries with a STATE TTL of 16 seconds, noted to the second, hold.
type ttlModel struct {
	groups map[int]*ttlGroup
	left   []ttlRow // of the join, not forgotten
	right  []ttlRow
	pairs  []string
	first  []string // what DISTINCT has put out
	now    int64
}

type ttlGroup struct {
	values []int
	last   int64
}

type ttlRow struct {
	k, v int
	at   int64
}

const ttlSeconds = 16

// forget drops what nothing has touched for the time.
func (m *ttlModel) forget(now int64) {
	m.now = now
	maps.DeleteFunc(m.groups, func(_ int, g *ttlGroup) bool { return g.last < now-ttlSeconds })
	old := func(r ttlRow) bool { return r.at < now-ttlSeconds }
	m.left, m.right = slices.DeleteFunc(m.left, old), slices.DeleteFunc(m.right, old)
}

func (m *ttlModel) add(k, v int) {
	g := m.groups[k]
	if g == nil {
		g = &ttlGroup{}
		m.groups[k] = g
		m.first = append(m.first, fmt.Sprint("+1 ", k))
	}
	g.last = m.now
	g.values = append(g.values, v)
	m.left = append(m.left, ttlRow{k, v, m.now})
	for _, r := range m.right {
		if r.k == k {
			m.pairs = append(m.pairs, fmt.Sprint("+1 ", k, " ", v, " ", r.v))
		}
	}
}

func (m *ttlModel) addRight(k, v int) {
	m.right = append(m.right, ttlRow{k, v, m.now})
	for _, l := range m.left {
		if l.k == k {
			m.pairs = append(m.pairs, fmt.Sprint("+1 ", k, " ", l.v, " ", v))
		}
	}
}

// results are what the queries have.
func (m *ttlModel) results() (groups, top []string) {
	for k, g := range m.groups {
		distinct := slices.Compact(slices.Sorted(slices.Values(g.values)))
		texts := make([]string, len(distinct))
		for i, v := range distinct {
			texts[i] = fmt.Sprint(v)
		}
		groups = append(groups, fmt.Sprintf("+1 %d %d %d %s", k, len(g.values), len(distinct), strings.Join(texts, ",")))
		top = append(top, fmt.Sprintf("+1 %d %d", k, distinct[0]))
	}
	return groups, top
}

// Whatever comes when, what no row has come to for the time is forgotten before the next
// rows are taken in, and nothing else is.
func TestStateTTL(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { stateTTL(t, seed) })
	}
}

func stateTTL(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	var now atomic.Int64
	now.Store(1_000_000_000)
	db := opened(t, sqlstream.WithClock(func() time.Time { return time.Unix(now.Load(), 0) }), sqlstream.WithParallelism(1+int(seed%2)))
	exec(t, db, `
		CREATE TABLE t (k INT, v INT) WITH (connector = 'memory', append_only = 'true');
		CREATE TABLE u (k INT, w INT) WITH (connector = 'memory', append_only = 'true');
		SET state_ttl = '16 seconds'`)
	var q []*sqlstream.Query
	for i, text := range []string{
		"SELECT k, COUNT(*) AS n, COUNT(DISTINCT v) AS d, GROUP_CONCAT(DISTINCT v ORDER BY v) AS all_ FROM t GROUP BY k EMIT UPDATE",
		"SELECT k, v FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) = 1 EMIT UPDATE",
		"SELECT DISTINCT k FROM t EMIT APPEND",
		"SELECT t.k, v, w FROM t JOIN u ON t.k = u.k EMIT APPEND",
	} {
		q = append(q, start(t, db, text, sqlstream.WithName(fmt.Sprint("q", i)), sqlstream.WithResult()))
	}
	m := &ttlModel{groups: map[int]*ttlGroup{}}
	for range 60 {
		now.Add(int64(r.IntN(6)))
		m.forget(now.Load())
		for range r.IntN(4) {
			k, v := r.IntN(6), r.IntN(4)
			if r.IntN(3) > 0 {
				exec(t, db, fmt.Sprintf("INSERT INTO t VALUES (%d, %d)", k, v))
				m.add(k, v)
			} else {
				exec(t, db, fmt.Sprintf("INSERT INTO u VALUES (%d, %d)", k, v))
				m.addRight(k, v)
			}
		}
		groups, top := m.results()
		for i, want := range [][]string{groups, top, m.first, m.pairs} {
			if err := q[i].ProcessAllAvailable(t.Context()); err != nil {
				t.Fatal(err)
			}
			rows, err := q[i].Result(t.Context())
			equal(t, weighed(strings.Split(strings.TrimSuffix(text(t, rows, err), "\n"), "\n")), weighed(want))
		}
	}
}

// weighed are lines in order, those that stand there several times with their number.
func weighed(lines []string) string {
	count := map[string]int{}
	for _, l := range lines {
		var n int
		if _, err := fmt.Sscanf(l, "+%d ", &n); err == nil {
			count[l[strings.IndexByte(l, ' '):]] += n
		}
	}
	var out []string
	for l, n := range count {
		out = append(out, fmt.Sprint(n, l))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// Events that are sent twice, each of a guid of its own, are taken once for ever, and what
// is remembered of them does not grow with them.
func TestEachOnceRemembersNoMoreThanItMust(t *testing.T) {
	db := opened(t)
	exec(t, db, `CREATE TABLE e (guid INT, ts TIMESTAMP(0), WATERMARK FOR ts AS ts - INTERVAL 10 SECOND) WITH (connector = 'memory', append_only = 'true')`)
	exec(t, db, `CREATE TABLE out_ (guid INT, ts TIMESTAMP(0)) WITH (connector = 'memory')`)
	q := start(t, db, `INSERT INTO out_ SELECT guid, ts FROM SESSION(TABLE e PARTITION BY guid, DESCRIPTOR(ts), INTERVAL 10 SECOND)
		QUALIFY ROW_NUMBER() OVER (PARTITION BY guid, window_start, window_end ORDER BY ts) = 1 EMIT APPEND`)
	const epochs, each = 40, 20
	most := int64(0)
	for epoch := range epochs {
		var rows []string
		for i := range each {
			at := time.Date(2026, 1, 1, 0, 0, epoch*each+i, 0, time.UTC)
			for range 2 {
				rows = append(rows, fmt.Sprintf("(%d, '%s')", epoch*each+i, at.Format(time.DateTime)))
			}
		}
		exec(t, db, "INSERT INTO e VALUES "+strings.Join(rows, ", "))
		if err := q.ProcessAllAvailable(t.Context()); err != nil {
			t.Fatal(err)
		}
		held := int64(0)
		for _, s := range q.Progress().StateOperators {
			held += s.NumRowsTotal
		}
		most = max(most, held)
	}
	if most > 10*each {
		t.Errorf("%d rows of state for sessions that end 20 seconds behind the last row", most)
	}
	// At 799 seconds the watermark is at 789, beyond the sessions of what came up to 778.
	equal(t, ask(t, db, "SELECT COUNT(*), COUNT(DISTINCT guid), MAX(guid) FROM out_"), "+1 779 779 778\n")
}

// When something was last touched is kept with the state: a restart forgets nothing early
// and nothing late, and a file that is read anew is compared with what it held before.
func TestWhatIsForgottenOutlastsTheProcess(t *testing.T) {
	d := newDisk(t)
	var now atomic.Int64
	now.Store(1_000_000_000)
	reopen := func(after int64) *sqlstream.DB {
		now.Add(after)
		return d.open(sqlstream.WithClock(func() time.Time { return time.Unix(now.Load(), 0) }))
	}
	path := filepath.Join(t.TempDir(), "names.csv")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("1,one\n2,two\n")
	db := reopen(0)
	exec(t, db, fmt.Sprintf(`
		CREATE TABLE t (k INT, v INT) WITH (connector = 'memory', append_only = 'true');
		CREATE TABLE names (k INT, name VARCHAR) WITH (connector = 'file', path = '%s', format = 'csv', refresh = '1 second');
		CREATE MATERIALIZED VIEW counts AS SELECT k, COUNT(*) AS n, COUNT(DISTINCT v) AS d FROM t GROUP BY k EMIT STATE TTL 16 SECOND;
		CREATE MATERIALIZED VIEW known AS SELECT name, COUNT(*) AS n FROM names GROUP BY name;
		INSERT INTO t VALUES (1, 1), (1, 2), (2, 1)`, path))
	look := func(counts, known string) {
		t.Helper()
		for _, q := range db.Queries() {
			if err := q.ProcessAllAvailable(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		equal(t, ask(t, db, "SELECT k, n, d FROM counts"), counts)
		equal(t, ask(t, db, "SELECT name, n FROM known"), known)
	}
	look("+1 1 2 2\n+1 2 1 1\n", "+1 one 1\n+1 two 1\n")
	db = reopen(10)
	exec(t, db, "INSERT INTO t VALUES (2, 1)")
	look("+1 1 2 2\n+1 2 2 1\n", "+1 one 1\n+1 two 1\n")
	write("2,two\n3,three\n")
	db = reopen(7)
	look("+1 2 2 1\n", "+1 three 1\n+1 two 1\n")
	exec(t, db, "INSERT INTO t VALUES (1, 2)")
	look("+1 1 1 1\n+1 2 2 1\n", "+1 three 1\n+1 two 1\n")
	db = reopen(12)
	look("+1 1 1 1\n", "+1 three 1\n+1 two 1\n")
}
