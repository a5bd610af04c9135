package kafka

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/kafkatest"
	"github.com/sqlstream/sqlstream/zset"
)

// cpu is the processor time that this process has used, in nanoseconds.
func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// benchRows fills a batch with rows whose records are of about 240 bytes.
func benchRows(t *connectors.Table, n int) *zset.Batch {
	b := zset.NewBuilder(t.Schema())
	body := strings.Repeat("kafka tweet ", 18)
	for i := range n {
		appendRow(b, int64(i), body[:200+i%17])
		b.EndRow()
	}
	return b.Build()
}

// Reading records of about 240 bytes from a real broker, values not looked at.
func BenchmarkFetch(b *testing.B) {
	addr := kafkatest.Broker(b)
	for _, codec := range []string{"none", "lz4"} {
		b.Run(codec, func(b *testing.B) {
			const records = 500_000
			w := newWriter(b, addr)
			table := w.table(w.topic("bench-fetch", 1, nil), "compression", codec)
			batch := benchRows(table, records)
			put(b, table, connectors.Append, batch)
			s := open(b, table)
			split := splitName(table.Options["topic"], 0)
			buf := make([]connectors.Record, 8192)
			b.ReportAllocs()
			b.ResetTimer()
			before, read := cpu(b), 0
			for range b.N {
				rd, err := s.Open(b.Context(), connectors.Range{Split: split, To: records})
				if err != nil {
					b.Fatal(err)
				}
				for {
					n, err := rd.Next(b.Context(), buf)
					read += n
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			if read != b.N*records {
				b.Fatalf("read %d records", read)
			}
			b.ReportMetric(float64(cpu(b)-before)/float64(read), "cpu-ns/record")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(read), "ns/record")
		})
	}
}

// Writing records of about 240 bytes to a real broker, rows to acknowledgement, with and
// without transactions.
func BenchmarkProduce(b *testing.B) {
	addr := kafkatest.Broker(b)
	for _, codec := range []string{"none", "lz4"} {
		for _, kind := range []string{"at-least-once", "exactly-once"} {
			b.Run(codec+"/"+kind, func(b *testing.B) {
				const records = 100_000
				w := newWriter(b, addr)
				table := w.table(w.topic("bench-produce", 1, nil), "compression", codec)
				batch := benchRows(table, records)
				p := newProcess(b, freshTopic(b, "sqlstream"), &memo{}, table)
				write := p.commit
				if kind == "exactly-once" {
					p.recovers(0, 0, 0)
				} else {
					p.sinks[0].producer.txn = nil
					write = func(epoch int64, rows *zset.Batch) { commit(b, p.sinks[0], epoch, rows) }
				}
				write(1, batch)
				b.ReportAllocs()
				b.ResetTimer()
				before := cpu(b)
				for i := range b.N {
					write(int64(i+2), batch)
				}
				b.ReportMetric(float64(cpu(b)-before)/float64(b.N*records), "cpu-ns/record")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*records), "ns/record")
			})
		}
	}
}

// How long an epoch of 3 times 100 records takes to be committed, with pauses as a trigger
// makes them.
func BenchmarkTransaction(b *testing.B) {
	addr := kafkatest.Broker(b)
	for _, pause := range []time.Duration{0, 10 * time.Millisecond, 100 * time.Millisecond} {
		for _, kind := range []string{"at-least-once", "exactly-once"} {
			b.Run(fmt.Sprintf("every %s/%s", pause, kind), func(b *testing.B) {
				w := newWriter(b, addr)
				table := w.table(w.topic("bench-txn", 3, nil), "key.fields", "id", "key.format", "raw")
				batch := benchRows(table, 300)
				p := newProcess(b, freshTopic(b, "sqlstream"), &memo{}, table)
				if kind == "exactly-once" {
					p.recovers(0, 0, 0)
				} else {
					p.sinks[0].producer.txn = nil
				}
				var took []time.Duration
				for i := range b.N {
					prepare(b, p.sinks[0], int64(i+1), batch)
					before := time.Now()
					var err error
					if kind == "exactly-once" {
						err = p.txn.Commit(b.Context(), int64(i+1), 0, noDisk)
					} else {
						err = p.sinks[0].Commit(b.Context(), int64(i+1))
					}
					if err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(before))
					time.Sleep(pause)
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			})
		}
	}
}
