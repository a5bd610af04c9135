package sqlstream_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

// client is a producer that owes the engine nothing.
func client(t *testing.T, addr string, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(addr), kgo.RecordPartitioner(kgo.ManualPartitioner())}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// topic makes a topic of the test's own and returns its name.
func topic(t *testing.T, c *kgo.Client, partitions int32) string {
	t.Helper()
	name := fmt.Sprintf("%s-%08x", strings.NewReplacer("/", "-", "=", "-").Replace(t.Name()), rand.Uint32())
	req := kmsg.NewPtrCreateTopicsRequest()
	ct := kmsg.NewCreateTopicsRequestTopic()
	ct.Topic, ct.NumPartitions, ct.ReplicationFactor = name, partitions, 1
	req.Topics = append(req.Topics, ct)
	resp, err := req.RequestWith(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(resp.Topics[0].ErrorCode); err != nil {
		t.Fatalf("create topic %s: %v", name, err)
	}
	led(t, c, name, int(partitions))
	return name
}

// led waits until the broker says that all partitions of a topic have a leader: it
// answers a request for a topic before it knows of it itself.
func led(t *testing.T, c *kgo.Client, name string, partitions int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		req := kmsg.NewPtrMetadataRequest()
		rt := kmsg.NewMetadataRequestTopic()
		rt.Topic = &name
		req.Topics = append(req.Topics, rt)
		resp, err := req.RequestWith(ctx, c)
		if err != nil {
			t.Fatalf("topic %s: %v", name, err)
		}
		ready := 0
		for _, p := range resp.Topics[0].Partitions {
			if p.ErrorCode == 0 && p.Leader >= 0 {
				ready++
			}
		}
		if resp.Topics[0].ErrorCode == 0 && ready == partitions {
			return
		}
	}
}

// produce writes {"i": n} for n in [from, to), spread over the partitions.
func produce(t *testing.T, c *kgo.Client, topic string, partitions, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		value := strconv.AppendInt([]byte(`{"i":`), int64(n), 10)
		c.Produce(t.Context(), &kgo.Record{Topic: topic, Partition: int32(n % partitions), Value: append(value, '}')}, func(_ *kgo.Record, err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func kafkaTable(name, topic, addr, columns string) string {
	return fmt.Sprintf(`CREATE TABLE %s (%s) WITH (connector = 'kafka', topic = '%s', format = 'json', 'bootstrap.servers' = '%s');`, name, columns, topic, addr)
}

// A million records are counted exactly, however many partitions and workers there
// are, and whatever was aborted between them.
func TestKafkaMillion(t *testing.T) {
	total := raced(1_000_000, 50_000)
	addr := kafkatest.Broker(t)
	for _, partitions := range []int{1, 8} {
		t.Run(fmt.Sprintf("partitions=%d", partitions), func(t *testing.T) {
			c := client(t, addr)
			name := topic(t, c, int32(partitions))
			produce(t, c, name, partitions, 0, total/2)
			aborted(t, addr, name, partitions)
			produce(t, c, name, partitions, total/2, total)
			want := fmt.Sprintf("+1 %d %d 0 %d\n", total, total*(total-1)/2, total-1)
			for _, workers := range []int{1, 2} {
				db := opened(t, sqlstream.WithParallelism(workers))
				exec(t, db, kafkaTable("n", name, addr, "i BIGINT"))
				equal(t, ask(t, db, `SELECT COUNT(*), SUM(i), MIN(i), MAX(i) FROM n`), want)
				q := start(t, db, `SELECT COUNT(*) AS c, SUM(i) AS s, MIN(i) AS a, MAX(i) AS b FROM n EMIT UPDATE`)
				if err := q.ProcessAllAvailable(t.Context()); err != nil {
					t.Fatal(err)
				}
				rows, err := q.Result(t.Context())
				equal(t, text(t, rows, err), want)
			}
		})
	}
}

// aborted writes records in a transaction that does not come about.
func aborted(t *testing.T, addr, topic string, partitions int) {
	t.Helper()
	c := client(t, addr, kgo.TransactionalID("aborted-"+topic))
	if err := c.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, c, topic, partitions, 5_000_000, 5_001_000)
	if err := c.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
}

// A broker that restarts while a query runs is waited for, and nothing is lost or
// counted twice.
func TestKafkaBrokerRestart(t *testing.T) {
	kafkatest.Broker(t) // or why there is none
	server, err := kafkatest.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	c := client(t, server.Addr())
	name := topic(t, c, 2)
	notices := make(chan string, 1000)
	db := opened(t, sqlstream.WithNotice(func(text string) {
		select {
		case notices <- text:
		default:
		}
	}))
	exec(t, db, kafkaTable("n", name, server.Addr(), "i BIGINT"))
	q := start(t, db, `SELECT COUNT(*) AS c, SUM(i) AS s FROM n EMIT UPDATE`)
	produce(t, c, name, 2, 0, 1000)
	if err := q.ProcessAllAvailable(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	waiting(t, notices)
	if err := server.Restart(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	produce(t, c, name, 2, 1000, 2000)
	if err := q.ProcessAllAvailable(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := q.Result(t.Context())
	equal(t, text(t, rows, err), fmt.Sprintf("+1 2000 %d\n", 2000*1999/2))
}

// waiting returns when the engine has said that it waits for the broker.
func waiting(t *testing.T, notices <-chan string) {
	t.Helper()
	for {
		select {
		case text := <-notices:
			if strings.Contains(text, "broker") || strings.Contains(text, "refused") {
				return
			}
		case <-t.Context().Done():
			t.Fatal("nothing was said of the broker")
		}
	}
}
