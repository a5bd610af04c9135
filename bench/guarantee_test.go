package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/rusage"
)

// q1 copies bids with another price from a topic into another, with a guarantee.
const q1 = `
CREATE TABLE bid (` + bidColumns + `) WITH (connector = 'kafka', topic = '%[2]s', format = 'json', 'bootstrap.servers' = '%[1]s');
CREATE TABLE sink (auction BIGINT, bidder BIGINT, price DECIMAL(23, 3), dateTime TIMESTAMP(3), extra VARCHAR)
WITH (connector = 'kafka', topic = '%[3]s', format = 'json', 'bootstrap.servers' = '%[1]s', auto_create = 'true', 'delivery.guarantee' = '%[4]s');
`

const copyBids = `INSERT INTO sink SELECT auction, bidder, 0.908 * price, dateTime, extra FROM bid EMIT APPEND`

var topics atomic.Int64

// freshTopic names one that no run before has made on the broker.
func freshTopic(prefix string) string {
	return fmt.Sprintf("%s-%d-%d", prefix, time.Now().UnixNano(), topics.Add(1))
}

// keeping opens a database that keeps its state.
func keeping(b *testing.B) *sqlstream.DB {
	b.Helper()
	db, err := sqlstream.Open(context.Background(), sqlstream.WithParallelism(1), sqlstream.WithDir(b.TempDir()))
	if err != nil {
		b.Fatal(err)
	}
	return db
}

// BenchmarkGuarantee copies a million bids that are there already, in epochs of so many that
// one takes about a tenth of a second, with each guarantee. What Kafka's transactions take of
// the engine shows in cpu-ns/rec, what is waited for in Mrec/s.
func BenchmarkGuarantee(b *testing.B) {
	for _, guarantee := range []string{"none", "at-least-once", "exactly-once"} {
		b.Run(guarantee, func(b *testing.B) {
			addr, topic := bids(b, "lz4")
			var spent float64
			for b.Loop() {
				b.StopTimer()
				db := keeping(b)
				ctx := context.Background()
				if err := db.Exec(ctx, fmt.Sprintf(q1, addr, topic, freshTopic(topic), guarantee)+`SET max_rows_per_trigger = 40000`); err != nil {
					b.Fatal(err)
				}
				before := rusage.CPU()
				b.StartTimer()
				q, err := db.Start(ctx, copyBids)
				if err == nil {
					err = q.ProcessAllAvailable(ctx)
				}
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				spent += (rusage.CPU() - before).Seconds()
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(b.N)*events/b.Elapsed().Seconds()/1e6, "Mrec/s")
			b.ReportMetric(spent*1e9/float64(b.N)/events, "cpu-ns/rec")
		})
	}
}
