// Command worker is the smallest engine that can lose or double something: it reads one
// topic, counts and adds up what it reads, and writes one record for each into another, an
// epoch at a time, with what it knows in a file. A test kills it wherever it can.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/kafka"
	"github.com/sqlstream/sqlstream/internal/faultpoint"
	"github.com/sqlstream/sqlstream/internal/torture"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

func main() {
	w := &worker{}
	addr := flag.String("broker", "", "the address of Kafka")
	in, out := flag.String("in", "", "the topic to read"), flag.String("out", "", "the topic to write, of as many partitions")
	flag.StringVar(&w.dir, "dir", "", "where the state is kept")
	flag.Parse()
	if err := w.run(context.Background(), *addr, *in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
	fmt.Println("done", w.known.Epoch)
}

// A worker is one life.
type worker struct {
	dir    string
	known  known
	source connectors.Source
	sink   connectors.Sink
	txn    connectors.Transaction
	splits []connectors.Split
	schema *types.Schema // of what it writes
}

// mostRecords bounds what an epoch takes of a partition.
const mostRecords = 30

func (w *worker) run(ctx context.Context, addr, in, out string) error {
	if err := load(w.dir, "known", &w.known); err != nil {
		return err
	}
	if err := w.open(ctx, addr, in, out); err != nil {
		return err
	}
	if err := w.recover(ctx); err != nil {
		return err
	}
	for {
		p, err := w.plan(ctx)
		if err != nil {
			return err
		}
		if p == nil {
			return errors.Join(w.txn.Close(), w.sink.Close(), w.source.Close())
		}
		faultpoint.At("planned")
		if err := w.epoch(ctx, p); err != nil {
			return err
		}
	}
}

// recover asks what has become of an epoch that was prepared.
func (w *worker) recover(ctx context.Context) error {
	k, prepared := &w.known, int64(0)
	if k.Prepared != nil {
		prepared = k.Epoch + 1
	}
	visible, err := w.txn.Recover(ctx, k.Epoch, prepared)
	if err != nil {
		return err
	}
	faultpoint.At("decided")
	switch {
	case visible == k.Epoch && prepared == 0:
		fmt.Println("recovered clean")
		return nil
	case visible == k.Epoch:
		fmt.Println("recovered back")
		k.Prepared = nil
	default:
		fmt.Println("recovered forward")
		*k = known{Epoch: visible, At: k.Prepared}
	}
	return save(w.dir, "known", k)
}

// plan returns the ranges of the next epoch, written down before anything is read; nil when
// all has been read.
func (w *worker) plan(ctx context.Context) ([]connectors.Range, error) {
	k := &w.known
	if k.Plan != nil {
		return k.Plan, nil
	}
	ends, err := w.source.Latest(ctx, w.splits)
	if err != nil {
		return nil, err
	}
	more := false
	for _, s := range w.splits {
		from := k.At[s].Offset
		to := min(from+connectors.Offset(rand.IntN(mostRecords)), ends[s])
		k.Plan = append(k.Plan, connectors.Range{Split: s, From: from, To: to})
		more = more || from < ends[s]
	}
	if !more {
		return nil, nil
	}
	return k.Plan, save(w.dir, "known", k)
}

// epoch reads, computes, prepares and commits.
func (w *worker) epoch(ctx context.Context, plan []connectors.Range) error {
	k := &w.known
	epoch := k.Epoch + 1
	if err := w.sink.Begin(ctx, epoch); err != nil {
		return err
	}
	next := map[connectors.Split]place{}
	rows := zset.NewBuilder(w.schema)
	for part, r := range plan {
		at, err := w.read(ctx, r, k.At[r.Split], rows, int32(part))
		if err != nil {
			return err
		}
		next[r.Split] = at
	}
	if err := w.sink.Write(ctx, rows.Build()); err != nil {
		return err
	}
	if _, err := w.sink.Prepare(ctx); err != nil {
		return err
	}
	faultpoint.At("read")
	k.Prepared = next
	err := w.txn.Commit(ctx, epoch, 0, func() error {
		err := save(w.dir, "known", k)
		faultpoint.At("prepared")
		return err
	})
	if err != nil {
		return err
	}
	faultpoint.At("committed")
	*k = known{Epoch: epoch, At: next}
	err = save(w.dir, "known", k)
	faultpoint.At("saved")
	return err
}

// read adds a range to the count and sum of its partition, and a row for each record.
func (w *worker) read(ctx context.Context, r connectors.Range, at place, rows *zset.Builder, part int32) (place, error) {
	rd, err := w.source.Open(ctx, r)
	if err != nil {
		return at, err
	}
	defer rd.Close()
	buf := make([]connectors.Record, 16)
	for {
		n, err := rd.Next(ctx, buf)
		for _, rec := range buf[:n] {
			v, err := strconv.ParseInt(string(rec.Value), 10, 64)
			if err != nil {
				return at, err
			}
			at.Count++
			at.Sum += v
			rows.Cols[0].AppendString(fmt.Sprint(at.Count, " ", at.Sum))
			vec.Append(rows.Cols[1], part)
			rows.EndRow()
		}
		if errors.Is(err, io.EOF) {
			at.Offset = r.To
			return at, nil
		}
		if err != nil {
			return at, err
		}
	}
}

func (w *worker) open(ctx context.Context, addr, in, out string) (err error) {
	env := connectors.Env{Notebook: notebook{w.dir}, Notice: func(text string) { fmt.Println("notice", text) }}
	if w.source, err = kafka.Connector.Source(ctx, torture.Table(addr, in, false), env); err != nil {
		return err
	}
	if w.splits, err = w.source.Splits(ctx); err != nil {
		return err
	}
	to := torture.Table(addr, out, true)
	w.schema = to.Schema()
	if w.sink, err = kafka.Connector.Sink(ctx, to, connectors.Append, w.schema, env); err != nil {
		return err
	}
	w.txn, err = kafka.Connector.Transaction(ctx, "sqlstream-torture-"+out, []connectors.Transactional{w.sink.(connectors.Transactional)}, env)
	return err
}
