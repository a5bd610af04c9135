package sqlstream_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream"
)

// A join as of a time goes by the watermarks of both sides: a row with its version comes out
// once, when neither side can change it any more, and of the versions of each key that have
// been passed the last one alone is kept.
func TestVersionsThatTheWatermarkHasPassed(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		name := readyTopic(t, c, 1)
		db := opened(t, sqlstream.WithParallelism(2))
		exec(t, db, `CREATE TABLE orders (no INT, cur VARCHAR, at TIMESTAMP(0), WATERMARK FOR at AS at - INTERVAL 5 SECOND) WITH (connector = 'memory', append_only = 'true');`+
			strings.Replace(changingTable("rates", name, addr, "cur VARCHAR, rate INT, since TIMESTAMP(0), PRIMARY KEY (cur) NOT ENFORCED, WATERMARK FOR since AS since - INTERVAL 5 SECOND", "'value.format' = 'json'"), "'kafka'", "'upsert-kafka'", 1))
		final := start(t, db, `SELECT no, rate FROM orders o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.at AS r ON o.cur = r.cur EMIT APPEND`, sqlstream.WithResult())
		at := func(second int) string {
			return time.Date(2026, 1, 1, 10, 0, second, 0, time.UTC).Format(time.DateTime)
		}
		rate := func(cur string, second, rate int) string {
			return fmt.Sprintf(`{"cur":"%[1]s"}|{"cur":"%[1]s","rate":%[2]d,"since":"%[3]s"}`, cur, rate, at(second))
		}
		send(t, c, name, 1, rate("EUR", 10, 110), rate("USD", 12, 1))
		exec(t, db, fmt.Sprintf(`INSERT INTO orders VALUES (1, 'EUR', '%s'), (2, 'EUR', '%s'), (3, 'USD', '%s'), (4, 'EUR', '%s')`, at(9), at(15), at(20), at(40)))
		equal(t, settled(t, final), "") // versions may come that hold from 00:07 on
		send(t, c, name, 1, rate("EUR", 14, 114), rate("EUR", 22, 122))
		equal(t, settled(t, final), "+1 1 NULL\n+1 2 114\n")
		send(t, c, name, 1, rate("EUR", 60, 160))
		equal(t, settled(t, final), "+1 1 NULL\n+1 2 114\n+1 3 1\n") // the watermark of orders is at 00:35
		exec(t, db, fmt.Sprintf(`INSERT INTO orders VALUES (5, 'USD', '%s'), (6, 'EUR', '%s')`, at(54), at(60)))
		equal(t, settled(t, final), "+1 1 NULL\n+1 2 114\n+1 3 1\n+1 4 122\n+1 5 1\n")
		held := int64(0)
		for i := range 50 {
			for k := range 10 {
				send(t, c, name, 1, rate("EUR", 100+10*i+k, i))
			}
			exec(t, db, fmt.Sprintf(`INSERT INTO orders VALUES (%d, 'EUR', '%s')`, 10+i, at(109+10*i)))
			settled(t, final)
			held = 0
			for _, s := range final.Progress().StateOperators {
				held += s.NumRowsTotal
			}
		}
		if held > 100 {
			t.Errorf("%d rows of state after 500 versions", held)
		}
	})
}
