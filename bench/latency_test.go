package bench

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

// BenchmarkLatency measures how long a bid takes from the log of one topic into that of
// another, by the broker's clock. What is written exactly once counts when a reader of
// committed records has it, by the clock of the same machine. Broker, writer, reader and
// engine share the processors: on a busy machine the figures are of that. So the floor is
// beside them: what a loop takes that fetches records and writes them as they came, and one
// that makes a transaction of each fetch.
//
//	go test ./bench -run '^$' -bench Latency -benchtime 1x -count 6
func BenchmarkLatency(b *testing.B) {
	for _, rate := range []int{10_000, 100_000} {
		for _, c := range []struct{ name, guarantee, trigger string }{
			{"floor", "", ""},
			{"floor-transactions", exactlyOnce, ""},
			{"at-least-once", "at-least-once", ""},
			{"exactly-once", exactlyOnce, ""},
			{"exactly-once-20ms", exactlyOnce, " TRIGGER EVERY 20 MILLISECOND"},
			{"exactly-once-50ms", exactlyOnce, " TRIGGER EVERY 50 MILLISECOND"},
		} {
			b.Run(fmt.Sprintf("%d/%s", rate, c.name), func(b *testing.B) {
				var all []time.Duration
				for b.Loop() {
					copies := copiesQ1(c.guarantee, c.trigger)
					if strings.HasPrefix(c.name, "floor") {
						copies = copiesPlainly(c.guarantee == exactlyOnce)
					}
					all = append(all, latencies(b, rate, c.guarantee == exactlyOnce, copies)...)
				}
				slices.Sort(all)
				for _, p := range []float64{50, 99, 99.9} {
					at := all[int(float64(len(all))*p/100)]
					b.ReportMetric(float64(at.Microseconds())/1e3, fmt.Sprintf("p%v-ms", p))
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

const (
	latencyRun  = 10 * time.Second // how long bids are written
	warmingUp   = 2 * time.Second  // of that, what is not counted
	writingEach = 2 * time.Millisecond
)

const exactlyOnce = "exactly-once"

// A copying copies one topic into another until it is stopped.
type copying func(b *testing.B, addr, in, out string) (stop func())

// copiesQ1 runs q1.
func copiesQ1(guarantee, trigger string) copying {
	return func(b *testing.B, addr, in, out string) func() {
		ctx, db := context.Background(), keeping(b)
		if err := db.Exec(ctx, fmt.Sprintf(q1, addr, in, out, guarantee)); err != nil {
			b.Fatal(err)
		}
		if _, err := db.Start(ctx, copyBids+trigger); err != nil {
			b.Fatal(err)
		}
		return func() { _ = db.Close() }
	}
}

// copiesPlainly writes what each fetch brings before the next one.
func copiesPlainly(transactions bool) copying {
	return func(b *testing.B, addr, in, out string) func() {
		ctx, cancel := context.WithCancel(context.Background())
		opts := []kgo.Opt{
			kgo.SeedBrokers(addr), kgo.ConsumeTopics(in), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
			kgo.FetchMaxWait(250 * time.Millisecond), kgo.ProducerLinger(0), kgo.DefaultProduceTopic(out),
		}
		if transactions {
			opts = append(opts, kgo.TransactionalID(out))
		}
		c, err := kgo.NewClient(opts...)
		if err != nil {
			b.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			for {
				var records []*kgo.Record
				c.PollFetches(ctx).EachRecord(func(r *kgo.Record) { records = append(records, &kgo.Record{Value: r.Value}) })
				if ctx.Err() != nil {
					ended <- nil
					return
				}
				if len(records) == 0 {
					continue
				}
				var err error
				if transactions {
					err = c.BeginTransaction()
				}
				if err == nil {
					err = c.ProduceSync(ctx, records...).FirstErr()
				}
				if err == nil && transactions {
					err = c.EndTransaction(ctx, kgo.TryCommit)
				}
				if err != nil {
					ended <- err
					return
				}
			}
		}()
		return func() {
			cancel()
			if err := <-ended; err != nil {
				b.Error(err)
			}
			c.Close()
		}
	}
}

// latencies lets bids be copied while they are written at a rate, and returns how long each took.
func latencies(b *testing.B, rate int, committed bool, copies copying) []time.Duration {
	b.Helper()
	addr := kafkatest.Broker(b)
	in, out := freshTopic("latency"), freshTopic("latency-out")
	c, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ProducerLinger(0))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	createStamped(b, c, in)
	createStamped(b, c, out)
	defer copies(b, addr, in, out)()
	total := rate * int(latencyRun/time.Second)
	seen := make(chan []time.Time, 1)
	if committed {
		go func() { seen <- arrivals(b, addr, out, total, true) }()
	}
	writeAt(b, c, in, rate, total)
	if !committed { // the broker has noted the times: who reads them meanwhile takes the processors' time
		seen <- arrivals(b, addr, out, total, false)
	}
	at, from := <-seen, arrivals(b, addr, in, total, false)
	took := make([]time.Duration, 0, total)
	for i := rate * int(warmingUp/time.Second); i < total; i++ {
		took = append(took, at[i].Sub(from[i]))
	}
	return took
}

// writeAt writes numbered bids at a rate.
func writeAt(b *testing.B, c *kgo.Client, topic string, rate, total int) {
	ctx := context.Background()
	tick := time.NewTicker(writingEach)
	defer tick.Stop()
	began := time.Now()
	for sent := 0; sent < total; <-tick.C {
		for due := min(total, int(time.Since(began).Seconds()*float64(rate))); sent < due; sent++ {
			value := fmt.Appendf(nil, `{"auction":%d,"bidder":%d,"price":%d,"channel":"c","url":"u","dateTime":"2026-01-01 00:00:00.000","extra":"%0100d"}`,
				sent%1000, sent, sent%100_000, sent)
			c.Produce(ctx, &kgo.Record{Topic: topic, Value: value}, nil)
		}
	}
	if err := c.Flush(ctx); err != nil {
		b.Error(err)
	}
}

// arrivals reads a topic until so many bids are there, and returns when each was: by the
// broker's clock, or by ours where what is committed is read.
func arrivals(b *testing.B, addr, topic string, total int, committed bool) []time.Time {
	opts := []kgo.Opt{kgo.SeedBrokers(addr), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100 * time.Millisecond)}
	if committed {
		opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	c, err := kgo.NewClient(opts...)
	if err != nil {
		b.Error(err)
		return nil
	}
	defer c.Close()
	at := make([]time.Time, total)
	for n := 0; n < total; {
		fetches := c.PollFetches(context.Background())
		now := time.Now()
		fetches.EachRecord(func(r *kgo.Record) {
			_, rest, _ := strings.Cut(string(r.Value), `"bidder":`)
			digits, _, _ := strings.Cut(rest, ",")
			i, err := strconv.Atoi(digits)
			if err != nil {
				b.Error(err)
			}
			at[i] = r.Timestamp
			if committed {
				at[i] = now
			}
			n++
		})
	}
	return at
}

// createStamped makes a topic whose records have the time of the log.
func createStamped(b *testing.B, c *kgo.Client, topic string) {
	b.Helper()
	req := kmsg.NewPtrCreateTopicsRequest()
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = topic, 1, 1
	config := kmsg.NewCreateTopicsRequestTopicConfig()
	config.Name, config.Value = "message.timestamp.type", kmsg.StringPtr("LogAppendTime")
	t.Configs = append(t.Configs, config)
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(context.Background(), c)
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].ErrorCode)
	}
	if err != nil {
		b.Fatal(err)
	}
}
