package sqlstream_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/zset"
)

// transfers are the views of the streaming-consistency workload of Jamie Brandon: money
// moves between accounts, so that whatever has been taken in, the balances add up to 0,
// and every transfer finds itself in a join with itself.
const transfers = `
CREATE TABLE transfers (id BIGINT, from_account INT, to_account INT, amount INT, at TIMESTAMP(3)) WITH (connector = 'memory');
CREATE MATERIALIZED VIEW accepted AS SELECT id, from_account, to_account, amount, at FROM transfers WHERE amount > 0;
CREATE MATERIALIZED VIEW outer_join AS SELECT t1.id AS id, t2.id AS other_id FROM accepted AS t1 LEFT JOIN accepted AS t2 ON t1.id = t2.id;
CREATE MATERIALIZED VIEW credits AS SELECT to_account AS account, SUM(amount) AS credits FROM accepted GROUP BY to_account;
CREATE MATERIALIZED VIEW debits AS SELECT from_account AS account, SUM(amount) AS debits FROM accepted GROUP BY from_account;
CREATE MATERIALIZED VIEW balance AS SELECT COALESCE(c.account, d.account) AS account, COALESCE(c.credits, 0) - COALESCE(d.debits, 0) AS balance
	FROM credits AS c FULL JOIN debits AS d ON c.account = d.account;
CREATE MATERIALIZED VIEW total AS SELECT COALESCE(SUM(balance), 0) AS total FROM balance`

// After every epoch, however the transfers are cut into epochs, by one worker or two,
// the balances that were put out add up to 0, the total is 0 and never another, and no
// transfer stands without its other half. Whoever asks meanwhile sees the same.
func TestInternalConsistency(t *testing.T) {
	for _, workers := range []int{1, 2} {
		for _, most := range []int{1, 7, 1000} {
			t.Run(fmt.Sprintf("%d workers, %d rows at most", workers, most), func(t *testing.T) {
				db := opened(t, sqlstream.WithParallelism(workers))
				exec(t, db, fmt.Sprintf("SET max_rows_per_trigger = %d;", most)+transfers)
				var watching sync.WaitGroup
				watch(t, db, &watching, "SELECT total FROM total", func(sum *zset.Batch) string { return different(sum, "+1 0\n") }, 1)
				watch(t, db, &watching, "SELECT SUM(balance) FROM balance HAVING SUM(balance) <> 0", func(sum *zset.Batch) string { return different(sum, "") }, 0)
				watch(t, db, &watching, "SELECT id FROM outer_join WHERE other_id IS NULL", func(sum *zset.Batch) string { return different(sum, "") }, 0)
				watch(t, db, &watching, "SELECT account, balance FROM balance", unbalanced, 30)
				transfer(t, db, rand.New(rand.NewPCG(uint64(workers), uint64(most))))
				if err := db.Close(); err != nil {
					t.Error(err)
				}
				watching.Wait()
			})
		}
	}
}

// transfer moves money at random, calls some of it back, and asks now and then.
func transfer(t *testing.T, db *sqlstream.DB, dice *rand.Rand) {
	t.Helper()
	next, live := 0, []int{}
	for range 40 {
		var rows []string
		for range 1 + dice.IntN(20) {
			second := max(0, next/20-dice.IntN(10)) % 60 // out of order by ten seconds at most
			rows = append(rows, fmt.Sprintf("(%d, %d, %d, %d, '2026-01-01 00:00:%02d')", next, dice.IntN(10), dice.IntN(10), dice.IntN(3), second))
			live = append(live, next)
			next++
		}
		exec(t, db, "INSERT INTO transfers VALUES "+strings.Join(rows, ", "))
		if i := dice.IntN(len(live)); dice.IntN(2) == 0 {
			exec(t, db, fmt.Sprintf("DELETE FROM transfers WHERE id = %d", live[i]))
			live = append(live[:i], live[i+1:]...)
		}
		if got := ask(t, db, `SELECT (SELECT total FROM total) AS total, (SELECT COUNT(*) FROM accepted) = (SELECT COUNT(other_id) FROM outer_join) AS whole`); got != "+1 0 true\n" {
			t.Fatalf("a query over the views says %s", got)
		}
	}
}

// watch adds up what a query puts out and checks the sum after every epoch. In so many
// at least it must put something out.
func watch(t *testing.T, db *sqlstream.DB, done *sync.WaitGroup, query string, wrong func(sum *zset.Batch) string, least int) {
	t.Helper()
	q := start(t, db, query+" EMIT UPDATE")
	done.Add(1)
	go func() {
		defer done.Done()
		sum, epochs := &zset.Batch{Schema: q.Schema()}, 0
		for c, err := range q.Changes(t.Context()) {
			if err != nil {
				break // the database is closed
			}
			epochs++
			sum = zset.Consolidate(sum, c.Delta)
			if w := wrong(sum); w != "" {
				t.Errorf("%s, after %d changes: %s", query, epochs, w)
				return
			}
		}
		if epochs < least {
			t.Errorf("%s: only %d changes", query, epochs)
		}
	}()
}

func different(sum *zset.Batch, want string) string {
	if got := sum.String(); got != want {
		return fmt.Sprintf("%q", got)
	}
	return ""
}

// unbalanced adds up the balances themselves: the judge of the engine's own sum.
func unbalanced(sum *zset.Batch) string {
	total := int64(0)
	for row := range sum.Len {
		var account, balance int64
		if _, err := fmt.Sscan(string(sum.AppendRowText(nil, row)), new(int64), &account, &balance); err != nil {
			return err.Error()
		}
		total += balance * sum.Weight(row)
	}
	if total != 0 {
		return fmt.Sprintf("the balances add up to %d:\n%s", total, sum)
	}
	return ""
}
