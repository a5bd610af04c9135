package torture_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/kafka"
	"github.com/sqlstream/sqlstream/internal/torture"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// steps are the fault points of a transaction, those of its recovery first.
var steps = []string{
	"txn-noted", "txn-taken", "txn-recovered",
	"txn-begin", "txn-added", "txn-written", "txn-produced", "txn-offsets", "txn-marked", "txn-ending", "txn-ended",
}

const partitions = 3

// An input is a topic of numbers.
type input struct {
	t     *testing.T
	addr  string
	topic string
	rows  [][]int64 // by partition
	sink  connectors.Sink
	n     int64
}

func newInput(t *testing.T, addr, topic string) *input {
	t.Helper()
	in := &input{t: t, addr: addr, topic: topic, rows: make([][]int64, partitions)}
	in.open()
	return in
}

func (in *input) open() {
	in.t.Helper()
	table := torture.Table(in.addr, in.topic, true)
	sink, err := kafka.Connector.Sink(in.t.Context(), table, connectors.Append, table.Schema(), connectors.Env{})
	if err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { _ = sink.Close() })
	in.sink = sink
}

// grow gives the topic another partition.
func (in *input) grow() {
	in.t.Helper()
	ctx := in.t.Context()
	client, err := kgo.NewClient(kgo.SeedBrokers(in.addr))
	if err != nil {
		in.t.Fatal(err)
	}
	defer client.Close()
	in.rows = append(in.rows, nil)
	more := kmsg.NewCreatePartitionsRequestTopic()
	more.Topic, more.Count = in.topic, int32(len(in.rows))
	req := kmsg.NewPtrCreatePartitionsRequest()
	req.Topics = append(req.Topics, more)
	resp, err := req.RequestWith(ctx, client)
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].ErrorCode)
	}
	if err != nil {
		in.t.Fatal(err)
	}
	table := torture.Table(in.addr, in.topic, false)
	for known := 0; known < len(in.rows); { // the broker hears of it by and by
		source, err := kafka.Connector.Source(ctx, table, connectors.Env{})
		if err != nil {
			in.t.Fatal(err)
		}
		splits, err := source.Splits(ctx)
		if err := errors.Join(err, source.Close()); err != nil {
			in.t.Fatal(err)
		}
		known = len(splits)
	}
	in.open()
}

// add writes so many numbers into every partition.
func (in *input) add(n int, number func() int64) {
	in.t.Helper()
	rows := zset.NewBuilder(torture.Table("", "", true).Schema())
	for part := range in.rows {
		for range n {
			v := number()
			in.rows[part] = append(in.rows[part], v)
			rows.Cols[0].AppendString(fmt.Sprint(v))
			vec.Append(rows.Cols[1], int32(part))
			rows.EndRow()
		}
	}
	in.n++
	ctx := in.t.Context()
	err := errors.Join(in.sink.Begin(ctx, in.n), in.sink.Write(ctx, rows.Build()))
	_, err2 := in.sink.Prepare(ctx)
	if err := errors.Join(err, err2, in.sink.Commit(ctx, in.n)); err != nil {
		in.t.Fatal(err)
	}
}

// committed reads what is visible of a partition.
func committed(t *testing.T, addr, topic string, part int) (values []string) {
	t.Helper()
	ctx := t.Context()
	source, err := kafka.Connector.Source(ctx, torture.Table(addr, topic, false), connectors.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	split := connectors.Split(fmt.Sprintf("%s/%d", topic, part))
	ends, err := source.Latest(ctx, []connectors.Split{split})
	if err != nil {
		t.Fatal(err)
	}
	rd, err := source.Open(ctx, connectors.Range{Split: split, To: ends[split]})
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	buf := make([]connectors.Record, 256)
	for {
		n, err := rd.Next(ctx, buf)
		for _, rec := range buf[:n] {
			values = append(values, string(rec.Value))
		}
		if errors.Is(err, io.EOF) {
			return values
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// An engine that is killed at any step, over a Kafka that is killed as well, writes each
// result once and in order.
func TestWorkerKilled(t *testing.T) {
	k := newKiller(t, append([]string{"decided", "planned", "read", "prepared", "committed", "saved"}, steps...))
	addr, dir, bin := k.server.Addr(), t.TempDir(), build(t, "./worker")
	in := newInput(t, addr, "in")
	number := func() int64 { return k.rng.Int64N(1000) }
	k.more = func() { in.add(400, number) }
	k.more()
	k.run = func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, bin, "-broker", addr, "-in", "in", "-out", "out", "-dir", dir)
	}
	k.loop()
	k.report()
	for part, numbers := range in.rows {
		got := committed(t, addr, "out", part)
		var sum int64
		for i, v := range numbers {
			sum += v
			if want := fmt.Sprint(i+1, " ", sum); i >= len(got) || got[i] != want {
				t.Fatalf("result %d of partition %d is not %s among %d results: %q", i+1, part, want, len(got), got[max(0, min(i, len(got))-2):min(len(got), i+3)])
			}
		}
		if len(got) != len(numbers) {
			t.Errorf("%d results of partition %d, want %d", len(got), part, len(numbers))
		}
	}
}
