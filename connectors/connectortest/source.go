// Package connectortest is what every connector has to keep, as tests: a connector's
// own tests call Source and Sink with a table of theirs.
package connectortest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A SourceCase is a table with something in it.
type SourceCase struct {
	// Open opens the table. It is called several times; the data stay the same.
	Open func(t *testing.T) connectors.Source
	// Add makes at least one more record appear; nil where the source can only wait
	// for the clock or has an end.
	Add func(t *testing.T)
	// Columns are the table's, for a source that makes columns by itself.
	Columns *types.Schema
}

// patience bounds every call that has to return: a source that hangs fails here and
// not at the end of the whole run. Nothing is measured with it.
const patience = 30 * time.Second

// Source checks the laws of connectors.Source.
func Source(t *testing.T, c SourceCase) {
	t.Helper()
	for _, law := range []struct {
		name  string
		check func(*testing.T, SourceCase)
	}{
		{"splits are listed once", distinctSplits},
		{"a range reads the same again", replay},
		{"pieces are the whole", pieces},
		{"offsets stay in the range and rise", bounds},
		{"an empty range ends at once", emptyRange},
		{"the end stays the end", endStays},
		{"an ended context ends the reading", cancelledRead},
		{"wait sees what is there", waitThere},
		{"wait sees a split it was not told of", waitSplit},
		{"wait sees what is new", waitNew},
		{"wait ends with its context", waitCancelled},
	} {
		t.Run(law.name, func(t *testing.T) { law.check(t, c) })
	}
}

// opened is a source with what it has now.
type opened struct {
	connectors.Source
	c      SourceCase
	splits []connectors.Split
	start  connectors.Offsets
	latest connectors.Offsets
}

func open(t *testing.T, c SourceCase) *opened {
	t.Helper()
	src := c.Open(t)
	t.Cleanup(func() {
		if err := src.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	o := &opened{Source: src, c: c}
	ctx := within(t)
	var err error
	if o.splits, err = src.Splits(ctx); err != nil {
		t.Fatal(err)
	}
	if o.start, err = src.Start(ctx, o.splits); err != nil {
		t.Fatal(err)
	}
	if o.latest, err = src.Latest(ctx, o.splits); err != nil {
		t.Fatal(err)
	}
	total := connectors.Offset(0)
	for _, s := range o.splits {
		if o.latest[s] < o.start[s] {
			t.Fatalf("split %s starts at %d and ends at %d", s, o.start[s], o.latest[s])
		}
		total += o.latest[s] - o.start[s]
	}
	if total < 3 {
		t.Fatalf("the case has %d records; the suite needs at least 3", total)
	}
	return o
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// all returns the records of every split from its start to its end as text.
func (o *opened) all(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, s := range o.splits {
		out = append(out, o.read(t, connectors.Range{Split: s, From: o.start[s], To: o.latest[s]}, 1000)...)
	}
	return out
}

// read returns the records of a range as text, at most size at a time.
func (o *opened) read(t *testing.T, r connectors.Range, size int) []string {
	t.Helper()
	var out []string
	err := o.each(within(t), r, size, func(text string, _ connectors.Offset) { out = append(out, text) })
	if err != nil {
		t.Fatalf("read %v: %v", r, err)
	}
	return out
}

func (o *opened) each(ctx context.Context, r connectors.Range, size int, f func(string, connectors.Offset)) error {
	if batches, ok := o.Source.(connectors.BatchSource); ok {
		return o.eachRow(ctx, batches, r, size, f)
	}
	rd, err := o.Open(ctx, r)
	if err != nil {
		return err
	}
	defer rd.Close()
	buf := make([]connectors.Record, size)
	for {
		n, err := rd.Next(ctx, buf)
		if errors.Is(err, io.EOF) && n == 0 {
			return rd.Close()
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return errors.New("no record and no error")
		}
		for _, rec := range buf[:n] {
			if rec.Split != r.Split {
				return fmt.Errorf("a record of split %s", rec.Split)
			}
			f(recordText(&rec), rec.Offset)
		}
	}
}

func (o *opened) eachRow(ctx context.Context, src connectors.BatchSource, r connectors.Range, size int, f func(string, connectors.Offset)) error {
	columns := make([]int, o.c.Columns.Len())
	for i := range columns {
		columns[i] = i
	}
	rd, err := src.OpenBatches(ctx, r, columns)
	if err != nil {
		return err
	}
	defer rd.Close()
	b := zset.NewBuilder(o.c.Columns)
	for at := r.From; ; {
		end := rd.Next(ctx, b, size)
		if end != nil && !errors.Is(end, io.EOF) {
			return end
		}
		batch := b.Build()
		for row := range batch.Len {
			f(string(batch.AppendRowText(nil, row)), at)
			at++
		}
		if end != nil {
			return nil
		}
		if batch.Len == 0 {
			return errors.New("no row and no error")
		}
		b.Reset()
	}
}

func recordText(r *connectors.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s@%d %d %d key=%s", r.Split, r.Offset, r.TimestampType, r.Timestamp, bytesText(r.Key))
	for _, h := range r.Headers {
		fmt.Fprintf(&b, " %s=%s", h.Key, bytesText(h.Value))
	}
	return b.String() + " value=" + bytesText(r.Value)
}

func bytesText(b []byte) string {
	if b == nil {
		return "none"
	}
	return fmt.Sprintf("%q", b)
}

func distinctSplits(t *testing.T, c SourceCase) {
	o := open(t, c)
	sorted := slices.Clone(o.splits)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(o.splits) {
		t.Errorf("splits %v", o.splits)
	}
}

// The same range gives the same records: to the same source, and to one that is
// opened after a restart.
func replay(t *testing.T, c SourceCase) {
	o := open(t, c)
	first := o.all(t)
	same(t, "read again", o.all(t), first)
	later := open(t, c)
	later.splits, later.start, later.latest = o.splits, o.start, o.latest
	same(t, "read by another source", later.all(t), first)
}

// However a range is cut, the records are those of the whole.
func pieces(t *testing.T, c SourceCase) {
	o := open(t, c)
	whole := o.all(t)
	for _, step := range []connectors.Offset{1, 2, 7} {
		var got []string
		for _, s := range o.splits {
			for at := o.start[s]; at < o.latest[s]; at += step {
				r := connectors.Range{Split: s, From: at, To: min(at+step, o.latest[s])}
				got = append(got, o.read(t, r, 1+len(got)%3)...)
			}
		}
		same(t, fmt.Sprintf("pieces of %d", step), got, whole)
	}
	for _, size := range []int{1, 2, 8192} {
		var got []string
		for _, s := range o.splits {
			got = append(got, o.read(t, connectors.Range{Split: s, From: o.start[s], To: o.latest[s]}, size)...)
		}
		same(t, fmt.Sprintf("%d at a time", size), got, whole)
	}
}

func bounds(t *testing.T, c SourceCase) {
	o := open(t, c)
	for _, s := range o.splits {
		for from := o.start[s]; from < o.latest[s]; from += 1 + (o.latest[s]-o.start[s])/5 {
			r := connectors.Range{Split: s, From: from, To: from + (o.latest[s]-from+1)/2}
			last := from - 1
			err := o.each(within(t), r, 3, func(text string, at connectors.Offset) {
				if at <= last || at >= r.To {
					t.Errorf("offset %d in [%d, %d) behind %d: %s", at, r.From, r.To, last, text)
				}
				last = at
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func emptyRange(t *testing.T, c SourceCase) {
	o := open(t, c)
	for _, s := range o.splits {
		for _, at := range []connectors.Offset{o.start[s], o.latest[s]} {
			if got := o.read(t, connectors.Range{Split: s, From: at, To: at}, 10); len(got) > 0 {
				t.Errorf("[%d, %d) of %s has %q", at, at, s, got)
			}
		}
	}
}

func endStays(t *testing.T, c SourceCase) {
	o := open(t, c)
	if _, ok := o.Source.(connectors.BatchSource); ok {
		return // its last rows come with io.EOF, and no call follows
	}
	s := o.splits[0]
	rd, err := o.Open(within(t), connectors.Range{Split: s, From: o.latest[s], To: o.latest[s]})
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	for range 3 {
		if n, err := rd.Next(within(t), make([]connectors.Record, 2)); n != 0 || !errors.Is(err, io.EOF) {
			t.Fatalf("%d records, error %v; want io.EOF", n, err)
		}
	}
}

// A reader whose context has ended returns: with its error, or with what it has.
func cancelledRead(t *testing.T, c SourceCase) {
	o := open(t, c)
	ctx, cancel := context.WithCancel(within(t))
	cancel()
	for _, s := range o.splits {
		err := o.each(ctx, connectors.Range{Split: s, From: o.start[s], To: o.latest[s]}, 2, func(string, connectors.Offset) {})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
	}
}

func waitThere(t *testing.T, c SourceCase) {
	o := open(t, c)
	if err := o.Wait(within(t), o.start); err != nil {
		t.Errorf("wait: %v", err)
	}
}

func waitSplit(t *testing.T, c SourceCase) {
	o := open(t, c)
	if len(o.splits) == 1 && o.start[o.splits[0]] == o.latest[o.splits[0]] {
		return
	}
	if err := o.Wait(within(t), connectors.Offsets{}); err != nil {
		t.Errorf("wait: %v", err)
	}
}

// What comes while someone waits wakes him, and is beyond the end of before.
func waitNew(t *testing.T, c SourceCase) {
	if c.Add == nil {
		return
	}
	o := open(t, c)
	done := make(chan error, 1)
	ctx := within(t)
	go func() { done <- o.Wait(ctx, o.latest) }()
	c.Add(t)
	if err := <-done; err != nil {
		t.Fatalf("wait: %v", err)
	}
	splits, err := o.Splits(ctx)
	if err != nil {
		t.Fatal(err)
	}
	now, err := o.Latest(ctx, splits)
	if err != nil {
		t.Fatal(err)
	}
	fresh := 0
	for _, s := range splits {
		if now[s] > o.latest[s] {
			fresh += len(o.read(t, connectors.Range{Split: s, From: o.latest[s], To: now[s]}, 10))
		}
	}
	if fresh == 0 {
		t.Errorf("wait returned, and nothing is new: %v, before %v", now, o.latest)
	}
}

func waitCancelled(t *testing.T, c SourceCase) {
	o := open(t, c)
	ctx, cancel := context.WithCancel(within(t))
	cancel()
	if err := o.Wait(ctx, o.latest); !errors.Is(err, context.Canceled) {
		t.Errorf("wait with an ended context: %v, want %v", err, context.Canceled)
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Fatalf("%s: record %d of %d is\n%s\nwant, of %d,\n%s", what, i, len(got), g, len(want), w)
		}
	}
}
