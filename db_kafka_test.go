package sqlstream_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/broker"
	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

// brokers are those that a law must hold on: the one inside the process, and Kafka.
func brokers(t *testing.T, law func(t *testing.T, addr string)) {
	t.Parallel()
	t.Run("inside", func(t *testing.T) {
		t.Parallel()
		b, err := broker.Start(broker.Options{Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		law(t, b.Addr())
	})
	t.Run("kafka", func(t *testing.T) {
		t.Parallel()
		law(t, kafkatest.Broker(t))
	})
}

func deleteTopic(t *testing.T, c *kgo.Client, name string) {
	t.Helper()
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TopicNames = []string{name}
	rt := kmsg.NewDeleteTopicsRequestTopic()
	rt.Topic = &name
	req.Topics = append(req.Topics, rt)
	req.TimeoutMillis = 30_000
	if _, err := req.RequestWith(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// A bounded read of a topic without records ends at once with none, be it new, or full
// of what was never committed.
func TestKafkaBoundedReadOfNothing(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		for _, partitions := range []int{1, 3} {
			name := topic(t, c, int32(partitions))
			db := opened(t, sqlstream.WithParallelism(4))
			exec(t, db, kafkaTable("n", name, addr, "i BIGINT"))
			check := func() {
				within(t, "a bounded read", func() {
					equal(t, ask(t, db, `SELECT i FROM n`), "")
					equal(t, ask(t, db, `SELECT COUNT(*), SUM(i) FROM n`), "+1 0 NULL\n")
					q := start(t, db, `SELECT COUNT(*) AS c FROM n EMIT UPDATE TRIGGER AVAILABLE NOW`)
					if err := q.Wait(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			check()
			aborted(t, addr, name, partitions)
			check()
		}
	})
}

// A hundred partitions are read whole by one worker and by several, and more workers
// than partitions do no harm.
func TestKafkaPartitionsAndWorkers(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		for _, p := range []struct{ partitions, workers int }{{100, 1}, {100, 4}, {1, 8}, {2, 8}} {
			name := topic(t, c, int32(p.partitions))
			produce(t, c, name, p.partitions, 0, 5000)
			db := opened(t, sqlstream.WithParallelism(p.workers))
			exec(t, db, kafkaTable("n", name, addr, "i BIGINT")+`; SET max_rows_per_trigger = 700`)
			want := fmt.Sprintf("+1 5000 %d\n", 5000*4999/2)
			equal(t, ask(t, db, `SELECT COUNT(*), SUM(i) FROM n`), want)
			q := start(t, db, `SELECT COUNT(*) AS c, SUM(i) AS s FROM n EMIT UPDATE`)
			if err := q.ProcessAllAvailable(t.Context()); err != nil {
				t.Fatal(err)
			}
			rows, err := q.Result(t.Context())
			equal(t, text(t, rows, err), want)
		}
	})
}

// An APPEND query gives the rows of each partition in their order, at every parallelism
// and in epochs of any size.
func TestKafkaAppendKeepsTheOrderOfAPartition(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		name := topic(t, c, 3)
		produce(t, c, name, 3, 0, 3000)
		for _, limit := range []int{7, 100, 10_000} {
			db := opened(t, sqlstream.WithParallelism(4))
			exec(t, db, kafkaTable("n", name, addr, "i BIGINT, p INT METADATA FROM 'partition', o BIGINT METADATA FROM 'offset'")+fmt.Sprintf(`SET max_rows_per_trigger = %d`, limit))
			for _, query := range []string{`SELECT p, o FROM n EMIT APPEND TRIGGER AVAILABLE NOW`, `SELECT p, o FROM n WHERE i >= 0 UNION ALL SELECT p, o FROM n WHERE i < 0 EMIT APPEND TRIGGER AVAILABLE NOW`} {
				q := start(t, db, query)
				next := map[string]int64{}
				n := 0
				for change, err := range q.Changes(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					for line := range strings.Lines(change.Delta.String()) {
						var w, o int64
						var p string
						if _, err := fmt.Sscan(line, &w, &p, &o); err != nil {
							t.Fatal(err)
						}
						if o < next[p] {
							t.Fatalf("partition %s: offset %d after %d", p, o, next[p])
						}
						next[p] = o
						n++
					}
				}
				if n != 3000 {
					t.Errorf("%d rows", n)
				}
			}
		}
	})
}

// A source topic that is deleted, and one that is made anew, end the query with an
// error that names it; nothing hangs and nothing is read from the middle of the new one.
func TestKafkaSourceTopicGoes(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		for _, again := range []bool{false, true} {
			c := client(t, addr)
			name := topic(t, c, 1)
			produce(t, c, name, 1, 0, 10)
			db := opened(t)
			exec(t, db, kafkaTable("n", name, addr, "i BIGINT"))
			q := start(t, db, `SELECT COUNT(*) AS c FROM n EMIT UPDATE`)
			if err := q.ProcessAllAvailable(t.Context()); err != nil {
				t.Fatal(err)
			}
			deleteTopic(t, c, name)
			if again {
				makeTopic(t, c, name)
				produce(t, client(t, addr), name, 1, 0, 20)
			}
			within(t, "the query", func() {
				if err := q.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
					t.Errorf("again=%v: %v", again, err)
				}
			})
		}
	})
}

// makeTopic makes a topic of a name whose deletion may not be through yet.
func makeTopic(t *testing.T, c *kgo.Client, name string) {
	t.Helper()
	for {
		req := kmsg.NewPtrCreateTopicsRequest()
		ct := kmsg.NewCreateTopicsRequestTopic()
		ct.Topic, ct.NumPartitions, ct.ReplicationFactor = name, 1, 1
		req.Topics = append(req.Topics, ct)
		resp, err := req.RequestWith(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Topics[0].ErrorCode == 0 {
			led(t, c, name, 1)
			return
		}
	}
}

// A sink topic that is deleted ends its query with an error that names it.
func TestKafkaSinkTopicGoes(t *testing.T) {
	brokers(t, func(t *testing.T, addr string) {
		c := client(t, addr)
		name := topic(t, c, 1)
		db := opened(t)
		exec(t, db, kafkaTable("sink", name, addr, "i BIGINT"))
		exec(t, db, `CREATE TABLE a (i BIGINT) WITH (connector = 'memory', 'append.only' = 'true')`)
		q := start(t, db, `INSERT INTO sink SELECT i FROM a EMIT`)
		exec(t, db, `INSERT INTO a VALUES (1)`)
		deleteTopic(t, c, name)
		ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
		defer cancel()
		for q.Progress(); ctx.Err() == nil; {
			if st, _ := q.Status(); st != sqlstream.Running {
				break
			}
			_ = db.Exec(ctx, `INSERT INTO a VALUES (2)`)
		}
		if st, err := q.Status(); st != sqlstream.Failed || !strings.Contains(fmt.Sprint(err), name) {
			t.Errorf("%v, %v; progress %s", st, err, q.Progress())
		}
	})
}

// Closing with a broker that is away, while a query writes to it, takes no longer than
// the grace.
func TestKafkaCloseWhileTheBrokerIsAway(t *testing.T) {
	t.Parallel()
	b, err := broker.Start(broker.Options{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, b.Addr())
	name := topic(t, c, 1)
	db := opened(t)
	exec(t, db, kafkaTable("sink", name, b.Addr(), "i BIGINT")+kafkaTable("src", name, b.Addr(), "i BIGINT")+
		`CREATE TABLE a (i BIGINT) WITH (connector = 'memory', 'append.only' = 'true')`)
	start(t, db, `INSERT INTO sink SELECT i FROM a EMIT`)
	q := start(t, db, `SELECT COUNT(*) AS c FROM src EMIT UPDATE`)
	exec(t, db, `INSERT INTO a VALUES (1)`)
	if err := q.ProcessAllAvailable(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	within(t, "an INSERT", func() {
		if err := db.Exec(ctx, `INSERT INTO a VALUES (2)`); err == nil {
			t.Error("written to nobody")
		}
		for _, text := range []string{`INSERT INTO sink SELECT i FROM a`, `SELECT i FROM src`, `CREATE MATERIALIZED VIEW v AS SELECT i FROM src`} {
			if err := db.Exec(ctx, text); err == nil {
				t.Errorf("%s: done with nobody", text)
			}
		}
	})
	within(t, "Close", func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Nothing that a database started outlives it: no goroutine of a source, a sink, a
// fetch that waits, or a query that failed.
func TestKafkaNoGoroutineOutlivesTheDatabase(t *testing.T) {
	b, err := broker.Start(broker.Options{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	c := client(t, b.Addr())
	name, out := topic(t, c, 3), topic(t, c, 1)
	produce(t, c, name, 3, 0, 100)
	c.Close()
	use := func() {
		db, err := sqlstream.Open(t.Context(), sqlstream.WithParallelism(4))
		if err != nil {
			t.Fatal(err)
		}
		exec(t, db, kafkaTable("n", name, b.Addr(), "i BIGINT")+kafkaTable("missing", name, b.Addr(), "j BIGINT NOT NULL")+kafkaTable("o", out, b.Addr(), "i BIGINT")+
			`CREATE MATERIALIZED VIEW v AS SELECT i % 7 AS k, COUNT(*) AS c FROM n GROUP BY i % 7;
			CREATE MATERIALIZED VIEW w AS SELECT SUM(c) AS c FROM v; INSERT INTO o SELECT i FROM n EMIT`)
		if err := start(t, db, `SELECT j FROM missing EMIT`).Wait(t.Context()); err == nil {
			t.Error("a record without the column was read")
		}
		w, _ := queryNamed(db, "w")
		if err := w.ProcessAllAvailable(t.Context()); err != nil {
			t.Error(err)
		}
		equal(t, ask(t, db, `SELECT c FROM w`), "+1 100\n")
		equal(t, ask(t, db, `SELECT COUNT(*) FROM n`), "+1 100\n")
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	use()                           // what libraries start once
	settled := func(most int) int { // connections end a moment later, and so do those of the broker
		for end := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > most && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
		return runtime.NumGoroutine()
	}
	before := settled(runtime.NumGoroutine() - 1)
	for range 5 {
		use()
	}
	if n := settled(before); n > before {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines are left:\n%s", n-before, buf[:runtime.Stack(buf, true)])
	}
}
