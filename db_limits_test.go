package sqlstream_test

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// applied applies one row (i) of each weight.
func applied(t *testing.T, db *sqlstream.DB, name string, weights ...int64) error {
	t.Helper()
	table, err := db.Table(name)
	if err != nil {
		t.Fatal(err)
	}
	b := zset.NewBuilder(table.Schema())
	for i, w := range weights {
		vec.Append(b.Cols[0], int64(i))
		b.EndRowWeight(w)
	}
	return table.Apply(t.Context(), b.Build())
}

// A row of weight 3 is there three times, for aggregates, sinks and readers alike, and
// in a table whose rows are only added; one of weight 0 is not there at all.
func TestWeights(t *testing.T) {
	for _, with := range []string{``, `, 'append.only' = 'true'`} {
		db := opened(t, sqlstream.WithParallelism(2))
		exec(t, db, `CREATE TABLE n (i BIGINT) WITH (connector = 'memory'`+with+`); CREATE TABLE sink (i BIGINT) WITH (connector = 'memory')`)
		q := start(t, db, `SELECT i FROM n EMIT`)
		sums := start(t, db, `SELECT COUNT(*) AS c, SUM(i) AS s FROM n EMIT UPDATE`)
		start(t, db, `INSERT INTO sink SELECT i FROM n EMIT`)
		if err := applied(t, db, "n", 0, 3, 1); err != nil {
			t.Fatal(err)
		}
		rows, err := sums.Result(t.Context())
		equal(t, text(t, rows, err), "+1 4 5\n")
		equal(t, consolidated(t, db, `SELECT i FROM n`), "+3 1\n+1 2\n")
		equal(t, consolidated(t, db, `SELECT i FROM sink`), "+3 1\n+1 2\n")
		equal(t, ask(t, db, `SELECT COUNT(*) FROM sink`), "+1 4\n")
		rows, err = db.Query(t.Context(), `SELECT i FROM n`)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n++
		}
		if n != 4 {
			t.Errorf("%d rows are read", n)
		}
		for c, err := range q.Changes(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			equal(t, c.Delta.String(), "+3 1\n+1 2\n")
			break
		}
	}
}

// A batch that is not of the table's shape is refused.
func TestHostileBatches(t *testing.T) {
	db := opened(t)
	exec(t, db, `CREATE TABLE n (i BIGINT) WITH (connector = 'memory'); CREATE TABLE s (t VARCHAR) WITH (connector = 'memory')`)
	n, _ := db.Table("n")
	s, _ := db.Table("s")
	texts := zset.NewBuilder(s.Schema())
	texts.Cols[0].AppendString("x")
	texts.EndRow()
	short := zset.NewBuilder(n.Schema()).Build()
	short.Len = 7
	for name, b := range map[string]*zset.Batch{"none": nil, "other types": texts.Build(), "too few values": short, "no columns": {Schema: n.Schema(), Len: 1}} {
		if err := n.Apply(t.Context(), b); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := applied(t, db, "n", math.MaxInt64, -1); err == nil {
		t.Error("a row was taken back that is not there")
	}
	if err := n.Append(t.Context(), 1, 2); err == nil {
		t.Error("two values for one column")
	}
	equal(t, ask(t, db, `SELECT COUNT(*) FROM n`), "+1 0\n")
}

// The limit of a COMPLETE result is for the rows that are put out: copies count, and
// those behind a LIMIT do not.
func TestResultRowLimit(t *testing.T) {
	db := opened(t)
	exec(t, db, memoryNumbers(20)+`; SET result_row_limit = 10`)
	top := start(t, db, `SELECT i FROM n ORDER BY i DESC LIMIT 3 EMIT COMPLETE`)
	if err := top.ProcessAllAvailable(t.Context()); err != nil {
		t.Error(err)
	} else {
		rows, err := top.Result(t.Context())
		equal(t, text(t, rows, err), "+1 19\n+1 18\n+1 17\n")
	}
	same := start(t, db, `SELECT 1 AS one FROM n EMIT COMPLETE`)
	all := start(t, db, `SELECT i FROM n EMIT COMPLETE`)
	for _, q := range []*sqlstream.Query{same, all} {
		if err := q.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "result_row_limit (10)") {
			t.Errorf("got %v", err)
		}
	}
}

// A million groups are right, at every parallelism, and the memory of epochs is used
// again.
func TestMillionGroups(t *testing.T) {
	groups := raced(1_000_000, 100_000)
	for _, workers := range []int{1, 4} {
		db := opened(t, sqlstream.WithParallelism(workers))
		exec(t, db, fmt.Sprintf(`CREATE TABLE g (id BIGINT) WITH (connector = 'datagen', 'rows.per.second' = '0', 'number.of.rows' = '%d', 'fields.id.kind' = 'sequence');
			CREATE MATERIALIZED VIEW v AS SELECT id %% %d AS k, COUNT(*) AS c, SUM(id) AS s FROM g GROUP BY id %% %d`, 2*groups, groups, groups))
		q, _ := queryNamed(db, "v")
		if err := q.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		equal(t, ask(t, db, `SELECT COUNT(*), MIN(c), MAX(c), SUM(s) FROM v`), fmt.Sprintf("+1 %d 2 2 %d\n", groups, groups*(2*groups-1)))
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func queryNamed(db *sqlstream.DB, name string) (*sqlstream.Query, bool) {
	for _, q := range db.Queries() {
		if q.Name() == name {
			return q, true
		}
	}
	return nil, false
}

// Memory does not grow with the number of epochs, when what is kept does not: the log
// of a table is small here.
func TestManyEpochsTakeNoMemory(t *testing.T) {
	db := opened(t, sqlstream.WithParallelism(2))
	exec(t, db, `CREATE TABLE n (k BIGINT, t VARCHAR) WITH (connector = 'memory');
		CREATE MATERIALIZED VIEW v AS SELECT k, COUNT(*) AS c, MAX(t) AS m FROM n GROUP BY k;
		CREATE MATERIALIZED VIEW w AS SELECT SUM(c) AS c FROM v;
		INSERT INTO n VALUES (1, 'x'), (2, 'y')`)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	cycle := func(n int) {
		for i := range n {
			exec(t, db, fmt.Sprintf(`UPDATE n SET t = 'x%d' WHERE k = 1`, i%10))
			equal(t, ask(t, db, `SELECT c FROM w`), "+1 2\n")
		}
	}
	cycle(300)
	before := heap()
	cycle(1000)
	if after := heap(); after > before+4<<20 {
		t.Errorf("the heap has grown from %d to %d kB", before>>10, after>>10)
	}
}

// Rows of a megabyte go through everything.
func TestWideRows(t *testing.T) {
	for _, workers := range []int{1, 4} {
		db := opened(t, sqlstream.WithParallelism(workers))
		exec(t, db, `CREATE TABLE w (k BIGINT, t VARCHAR) WITH (connector = 'memory');
			CREATE MATERIALIZED VIEW v AS SELECT k % 2 AS odd, MAX(t) AS m, COUNT(*) AS c FROM w GROUP BY k % 2;
			CREATE MATERIALIZED VIEW all_of_it AS SELECT t, COUNT(*) AS c FROM w GROUP BY t`)
		table, err := db.Table("w")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			if err := table.Append(t.Context(), i, fmt.Sprintf("%02d", i)+strings.Repeat("한", 300_000)); err != nil {
				t.Fatal(err)
			}
		}
		equal(t, lines(ask(t, db, `SELECT odd, SUBSTRING(m, 1, 2), CHAR_LENGTH(m), c FROM v`)), "+1 0 18 300002 10\n+1 1 19 300002 10\n")
		equal(t, ask(t, db, `SELECT COUNT(*), SUM(c), MIN(OCTET_LENGTH(t)) FROM all_of_it`), "+1 20 20 900002\n")
		exec(t, db, `DELETE FROM w WHERE k >= 10`)
		equal(t, ask(t, db, `SELECT COUNT(*), SUM(c), MIN(OCTET_LENGTH(t)) FROM all_of_it`), "+1 10 10 900002\n")
	}
}

// Empty inputs, empty results and epochs that change nothing.
func TestNothingAtAll(t *testing.T) {
	db := opened(t, sqlstream.WithParallelism(2))
	exec(t, db, `CREATE TABLE n (i BIGINT) WITH (connector = 'memory'); CREATE TABLE sink (i BIGINT) WITH (connector = 'memory');
		CREATE MATERIALIZED VIEW v AS SELECT i FROM n; CREATE MATERIALIZED VIEW s AS SELECT SUM(i) AS s, COUNT(*) AS c FROM v`)
	equal(t, ask(t, db, `SELECT i FROM n`), "")
	equal(t, ask(t, db, `SELECT i FROM v ORDER BY i LIMIT 3`), "")
	equal(t, ask(t, db, `SELECT s, c FROM s`), "+1 NULL 0\n")
	exec(t, db, `INSERT INTO n SELECT i FROM n; INSERT INTO sink SELECT i FROM v; DELETE FROM n; UPDATE n SET i = 1`)
	q := start(t, db, `INSERT INTO sink SELECT i FROM v EMIT COMPLETE TRIGGER ONCE`)
	if err := q.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	exec(t, db, `INSERT INTO n VALUES (1); DELETE FROM n`)
	equal(t, ask(t, db, `SELECT s, c FROM s`), "+1 NULL 0\n")
	rows, err := q.Result(t.Context())
	equal(t, text(t, rows, err), "")
	n, _ := db.Table("n")
	if err := n.Apply(t.Context(), zset.NewBuilder(n.Schema()).Build()); err != nil {
		t.Error(err)
	}
}
