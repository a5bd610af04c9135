package bench

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

// bids returns the broker and the topic of bids in a codec, loaded once.
func bids(b *testing.B, codec string) (addr, topic string) {
	b.Helper()
	addr = kafkatest.Broker(b)
	topic = "bench-bids-" + codec
	loading.Lock()
	defer loading.Unlock()
	if !loaded[topic] {
		load(b, addr, topic, map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "lz4": kgo.Lz4Compression()}[codec])
		loaded[topic] = true
		runtime.GC() // of what loading left
	}
	return addr, topic
}

var (
	loading sync.Mutex
	loaded  = map[string]bool{}
)

// cpu is the time that all threads of this process have computed, in seconds.
func cpu(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// BenchmarkKafka runs queries over a million bids of about 240 bytes from one
// partition. Mrec/cpu-s is records for each second of CPU time.
func BenchmarkKafka(b *testing.B) {
	queries := []struct{ name, sink, query string }{
		{"all", `CREATE TABLE sink (` + bidColumns + `) WITH (connector = 'discard')`, `INSERT INTO sink SELECT * FROM bid EMIT APPEND TRIGGER AVAILABLE NOW`},
		{"three", `CREATE TABLE sink (a BIGINT, p BIGINT, t TIMESTAMP(3)) WITH (connector = 'discard')`, `INSERT INTO sink SELECT auction, price, dateTime FROM bid EMIT APPEND TRIGGER AVAILABLE NOW`},
		{"filter", `CREATE TABLE sink (a BIGINT, p BIGINT) WITH (connector = 'discard')`, `INSERT INTO sink SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0 EMIT APPEND TRIGGER AVAILABLE NOW`},
		{"count", `CREATE TABLE sink (a BIGINT, n BIGINT) WITH (connector = 'discard')`, `SET max_rows_per_trigger = 400000; INSERT INTO sink SELECT auction, COUNT(*) FROM bid GROUP BY auction EMIT UPDATE TRIGGER AVAILABLE NOW`},
		{"kafka", `CREATE TABLE sink (` + bidColumns + `) WITH (connector = 'kafka', topic = '%[3]s', format = 'json', 'bootstrap.servers' = '%[1]s', 'auto.create' = 'true')`, `INSERT INTO sink SELECT * FROM bid EMIT APPEND TRIGGER AVAILABLE NOW`},
	}
	for _, codec := range []string{"none", "lz4"} {
		for _, q := range queries {
			b.Run(q.name+"/"+codec, func(b *testing.B) {
				addr, topic := bids(b, codec)
				ddl := fmt.Sprintf(`CREATE TABLE bid (`+bidColumns+`) WITH (connector = 'kafka', topic = '%[2]s', format = 'json', 'bootstrap.servers' = '%[1]s'); `+q.sink+`;`,
					addr, topic, topic+"-out")
				var spent float64
				for b.Loop() {
					spent += run(b, ddl, q.query)
				}
				b.ReportMetric(float64(b.N)*events/1e6/spent, "Mrec/cpu-s")
				b.ReportMetric(spent*1e9/float64(b.N)/events, "cpu-ns/rec")
			})
		}
	}
}

// run runs statements in a database of one worker and returns the CPU seconds.
func run(b *testing.B, ddl, query string) float64 {
	b.Helper()
	ctx := context.Background()
	db, err := sqlstream.Open(ctx, sqlstream.WithParallelism(1))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if err := db.Exec(ctx, ddl); err != nil {
		b.Fatal(err)
	}
	before := cpu(b)
	if err := db.Exec(ctx, query); err != nil {
		b.Fatal(err)
	}
	return cpu(b) - before
}
