package kafka

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"

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

// Writing records of about 240 bytes to a real broker, rows to acknowledgement.
func BenchmarkProduce(b *testing.B) {
	addr := kafkatest.Broker(b)
	for _, codec := range []string{"none", "lz4"} {
		b.Run(codec, func(b *testing.B) {
			const records = 100_000
			w := newWriter(b, addr)
			table := w.table(w.topic("bench-produce", 1, nil), "compression", codec)
			batch := benchRows(table, records)
			s, err := openSink(b.Context(), table, connectors.Append, table.Schema(), connectors.Env{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			commit(b, s, 1, batch)
			b.ReportAllocs()
			b.ResetTimer()
			before := cpu(b)
			for i := range b.N {
				commit(b, s, int64(i+2), batch)
			}
			b.ReportMetric(float64(cpu(b)-before)/float64(b.N*records), "cpu-ns/record")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*records), "ns/record")
		})
	}
}
