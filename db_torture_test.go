package sqlstream_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sqlstream/sqlstream"
)

// Everything at once, at parallelism 4: tables are written, views are made over views
// of several dataflows and dropped, queries started, read, stopped and left, and in the
// middle of it the database is closed. No call hangs, no answer is half an epoch, and
// the errors are those of what is not there.
func TestEverythingAtOnce(t *testing.T) {
	for round := range uint64(3) {
		var epochs atomic.Int64
		db := opened(t, sqlstream.WithParallelism(4), sqlstream.WithProgress(func(p sqlstream.Progress) {
			epochs.Add(1)
			_ = p.String()
		}))
		exec(t, db, `CREATE TABLE a (k BIGINT, v BIGINT) WITH (connector = 'memory'); CREATE TABLE b (k BIGINT, v BIGINT) WITH (connector = 'memory');
			CREATE TABLE sink (s BIGINT) WITH (connector = 'memory');
			CREATE MATERIALIZED VIEW va AS SELECT k % 3 AS k, SUM(v) AS s FROM a GROUP BY k % 3;
			CREATE MATERIALIZED VIEW vb AS SELECT k % 3 AS k, SUM(v) AS s FROM b GROUP BY k % 3`)
		ctx, cancel := context.WithCancel(t.Context())
		h := &hostile{t: t, db: db, ctx: ctx}
		h.run(round, h.write, h.write, h.ask, h.views, h.views, h.subscribe, h.insert, h.show)
		for epochs.Load() < 300 {
			if err := h.err(); err != nil {
				t.Fatal(err)
			}
			_ = db.Exec(ctx, `INSERT INTO a VALUES (1, 0)`)
		}
		within(t, "Close", func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		cancel()
		within(t, "a call", h.wg.Wait)
		if err := h.err(); err != nil {
			t.Error(err)
		}
	}
}

type hostile struct {
	t   *testing.T
	db  *sqlstream.DB
	ctx context.Context
	wg  sync.WaitGroup

	mu    sync.Mutex
	first error
}

func (h *hostile) run(seed uint64, moves ...func(*rand.Rand) error) {
	for k, move := range moves {
		h.wg.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(k)))
			for h.ctx.Err() == nil {
				if err := move(rnd); err != nil && !expected(err) {
					h.mu.Lock()
					h.first = err
					h.mu.Unlock()
					return
				}
			}
		})
	}
}

func (h *hostile) err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.first
}

// expected reports that an error says no more than that something has gone meanwhile, is
// there already, or is used.
func expected(err error) bool {
	for _, s := range []string{"closed", "canceled", "not running", "does not run", "is read by", "runs already", "there is no", "exists already", "already exists", "has stopped", "does not exist"} {
		if strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}

// write writes pairs whose sum is 0.
func (h *hostile) write(rnd *rand.Rand) error {
	k, v, table := rnd.IntN(100), rnd.IntN(100), "ab"[rnd.IntN(2)]
	return h.db.Exec(h.ctx, fmt.Sprintf(`INSERT INTO %c VALUES (%d, %d), (%d, %d)`, table, k, v, k+1, -v))
}

func (h *hostile) ask(rnd *rand.Rand) error {
	query := [...]string{
		`SELECT SUM(s) FROM va`, `SELECT SUM(v) FROM a`, `SELECT SUM(s) FROM (SELECT s FROM va UNION ALL SELECT s FROM vb) x`,
		`SELECT SUM(s) FROM w0`, `SELECT SUM(s) FROM w1`,
	}[rnd.IntN(5)]
	rows, err := h.db.Query(h.ctx, query)
	if err != nil {
		return err
	}
	for rows.Next() {
		if s, ok := rows.Text(0); ok && s != "0" {
			return fmt.Errorf("%s: half an epoch: %s", query, s)
		}
	}
	return rows.Err()
}

func (h *hostile) views(rnd *rand.Rand) error {
	n := rnd.IntN(2)
	if rnd.IntN(2) == 0 {
		return h.db.Exec(h.ctx, fmt.Sprintf(`DROP MATERIALIZED VIEW IF EXISTS w%d`, n))
	}
	return h.db.Exec(h.ctx, fmt.Sprintf(`CREATE MATERIALIZED VIEW IF NOT EXISTS w%d AS SELECT k, s FROM va UNION ALL SELECT k, s FROM vb`, n))
}

func (h *hostile) subscribe(rnd *rand.Rand) error {
	q, err := h.db.Start(h.ctx, `SELECT k, s FROM va WHERE s IS NOT NULL EMIT UPDATE`)
	if err != nil {
		return err
	}
	n := rnd.IntN(5)
	for _, err := range q.Changes(h.ctx) {
		if err != nil {
			return err
		}
		if n--; n < 0 {
			break
		}
	}
	rows, err := q.Result(h.ctx)
	if err != nil {
		return err
	}
	sum := int64(0)
	for rows.Next() {
		var k int64
		var s string
		if err := rows.Scan(&k, &s); err != nil {
			return err
		}
		var v int64
		if _, err := fmt.Sscan(s, &v); err != nil {
			return err
		}
		sum += v
	}
	if sum != 0 {
		return fmt.Errorf("the result is half an epoch: %d", sum)
	}
	return q.Stop(h.ctx)
}

func (h *hostile) insert(rnd *rand.Rand) error {
	if rnd.IntN(2) == 0 {
		return h.db.Exec(h.ctx, `DROP QUERY IF EXISTS sink`)
	}
	return h.db.Exec(h.ctx, `INSERT INTO sink SELECT s FROM vb EMIT UPDATE`)
}

func (h *hostile) show(rnd *rand.Rand) error {
	rows, err := h.db.Query(h.ctx, [...]string{`SHOW QUERIES`, `SHOW VIEWS`, `SHOW TABLES`}[rnd.IntN(3)])
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return rows.Close()
}
