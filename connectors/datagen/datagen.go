// Package datagen makes rows up: sequences, random values, tweets, and the events of the
// Nexmark and Yahoo benchmarks. A row is a function of the seed and its number, so that
// any range reads the same again, in any number of splits.
package datagen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Connector is the connector.
var Connector = connectors.Connector{
	Name: "datagen",
	Doc:  "Made-up rows: sequences, random values, tweets, or the events of the Nexmark and Yahoo benchmarks.",
	Options: []connectors.Option{
		{Name: "rows.per.second", Default: "10", Doc: "how many rows there are for each second since the query started; 0 for all at once, with number.of.rows"},
		{Name: "number.of.rows", Doc: "how many rows there are in all; without it they never end"},
		{Name: "first.row", Default: "0", Doc: "the number of the first row; what is before it is left out"},
		{Name: "seed", Default: "1", Doc: "another seed gives other rows"},
		{Name: "splits", Default: "1", Doc: "how many splits there are, each of which has a part of the same rows"},
		{Name: "out.of.order", Default: "1", Doc: "the size of the groups of rows that a split has in disorder; 1 for none"},
		{Name: "generator", Default: "fields", Values: generatorNames(), Doc: "what makes the rows"},
		{Name: "fields.", Prefix: true, Doc: "fields.<column>.kind = 'sequence' | 'random', fields.<column>.min, .max, .length, .null.rate"},
		{Name: "events.per.second", Doc: "how many rows a second of the rows' own time has: of tweets 4, of nexmark 10000, of ysb 100, if not said"},
		{Name: "base.time", Doc: "the time of row 0, as '2026-01-01 00:00:00': of nexmark 2015-07-15, of the others 2026-01-01, if not said"},
		{Name: "skew", Default: "false", Values: []string{"true", "false"}, Doc: "whether times of ysb-events are up to 50 ms off, and one in 100,000 up to a minute late"},
	},
	Check: func(t *connectors.Table) error {
		_, err := open(context.Background(), t, connectors.Env{Now: time.Now})
		return err
	},
	Source: open,
}

type source struct {
	table *connectors.Table
	env   connectors.Env
	start time.Time
	rate  int64
	first int64 // the number of the first row
	end   int64 // the number behind the last row, -1 for no end
	order order
	rows  rows
}

// rows are what a generator makes.
type rows struct {
	columns []column           // by column of the table, nil where the engine computes it
	keep    func(n int64) bool // whether number n is a row; nil where all are
	block   int64              // how many numbers after another one split has together
	most    int64              // how many rows there are; 0 where they never end
}

// A column appends the values of a column in the rows of some numbers.
type column func(b *vec.Builder, rows []int64)

func open(_ context.Context, t *connectors.Table, env connectors.Env) (connectors.Source, error) {
	s := &source{table: t, env: env}
	if err := checkFields(t); err != nil {
		return nil, err
	}
	seed, err := t.Options.Int("seed", 1)
	if err != nil {
		return nil, err
	}
	if s.rows, err = makeRows(t, uint64(seed)); err != nil {
		return nil, err
	}
	if err := s.bound(t.Options); err != nil {
		return nil, err
	}
	if s.order, err = orderOf(t.Options, s.rows.block); err != nil {
		return nil, err
	}
	s.start = env.Now()
	return s, nil
}

// bound reads where the rows begin and end, and when they come.
func (s *source) bound(o connectors.Options) (err error) {
	rate, total := int64(10), int64(-1)
	if s.rows.most > 0 {
		rate, total = 0, s.rows.most
	}
	if s.rate, err = o.Int("rows.per.second", rate); err != nil {
		return err
	}
	if s.first, err = o.Int("first.row", 0); err != nil {
		return err
	}
	if total, err = o.Int("number.of.rows", total); err != nil {
		return err
	}
	if s.first < 0 {
		return errors.New("option 'first.row' is less than 0")
	}
	if s.rate <= 0 && total < 0 {
		return errors.New("option 'rows.per.second' is 0, so 'number.of.rows' must say where the rows end")
	}
	if s.end = -1; total >= 0 {
		if s.end = s.first + total; s.end < s.first {
			return errors.New("option 'number.of.rows' is too large")
		}
	}
	if s.rows.most > 0 {
		s.end = min(s.end, s.rows.most)
		s.first = min(s.first, s.end)
	}
	return nil
}

// Splits implements connectors.Source.
func (s *source) Splits(context.Context) ([]connectors.Split, error) { return s.order.names, nil }

// Start implements connectors.Source.
func (s *source) Start(context.Context, []connectors.Split) (connectors.Offsets, error) {
	return s.order.offsets(s.first), nil
}

// Succeed implements connectors.Successor: the rows that another process has read count as
// made by now.
func (s *source) Succeed(at connectors.Offsets) {
	if s.rate <= 0 {
		return
	}
	read := func(n int64) bool {
		for split, off := range s.order.offsets(n) {
			if off < at[split] {
				return false
			}
		}
		return true
	}
	low, high := s.first, s.first+1
	for !read(high) && high < math.MaxInt64/2 {
		low, high = high, high*2
	}
	for low < high {
		if mid := low + (high-low)/2; read(mid) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	s.start = s.env.Now().Add(-time.Duration(float64(high-s.first) / float64(s.rate) * float64(time.Second)))
}

// Latest implements connectors.Source: the clock decides how many rows there are.
func (s *source) Latest(context.Context, []connectors.Split) (connectors.Offsets, error) {
	return s.order.offsets(s.until(s.env.Now())), nil
}

// until is the number behind the last row that there is now.
func (s *source) until(now time.Time) int64 {
	if s.rate <= 0 {
		return s.end
	}
	n := s.first + int64(now.Sub(s.start).Seconds()*float64(s.rate))
	if s.end >= 0 {
		n = min(n, s.end)
	}
	return n
}

// End implements connectors.Bounded.
func (s *source) End(context.Context, []connectors.Split) (connectors.Offsets, bool, error) {
	return s.order.offsets(max(s.end, 0)), s.end >= 0, nil
}

// Wait implements connectors.Source.
func (s *source) Wait(ctx context.Context, after connectors.Offsets) error {
	for {
		until := s.until(s.env.Now())
		if s.order.beyond(after, until) {
			return ctx.Err()
		}
		if s.rate <= 0 || s.end >= 0 && until >= s.end {
			<-ctx.Done()
			return ctx.Err()
		}
		due := s.start.Add(time.Duration(float64(until+1-s.first) / float64(s.rate) * float64(time.Second)))
		t := time.NewTimer(max(due.Sub(s.env.Now()), time.Millisecond))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
	}
}

// Open implements connectors.Source; generated rows are no records.
func (s *source) Open(context.Context, connectors.Range) (connectors.Reader, error) {
	return nil, fmt.Errorf("table %s has rows, not records", s.table.Name)
}

// Close implements connectors.Source.
func (s *source) Close() error { return nil }

// OpenBatches implements connectors.BatchSource.
func (s *source) OpenBatches(_ context.Context, r connectors.Range, columns []int) (connectors.BatchReader, error) {
	lane, err := s.order.lane(r.Split)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", s.table.Name, err)
	}
	return &reader{s: s, lane: lane, at: int64(r.From), to: int64(r.To), columns: columns}, nil
}

type reader struct {
	s       *source
	lane    int64
	at, to  int64
	columns []int
	numbers []int64 // of the rows of this step
}

// Next implements connectors.BatchReader.
func (r *reader) Next(_ context.Context, b *zset.Builder, max int) error {
	room := max - b.Len()
	r.numbers = r.numbers[:0]
	for r.at < r.to && len(r.numbers) < room {
		first, rows := r.s.order.run(r.lane, r.at)
		r.at += r.take(first, min(rows, r.to-r.at), room)
	}
	for i, c := range r.columns {
		if fill := r.s.rows.columns[c]; fill != nil {
			fill(b.Cols[i], r.numbers)
			continue
		}
		for range r.numbers {
			b.Cols[i].AppendNull()
		}
	}
	b.EndRows(len(r.numbers))
	if r.at >= r.to {
		return io.EOF
	}
	return nil
}

// take adds the rows of a run that the table has until there are as many as there is room for, and
// returns how many it has gone through.
func (r *reader) take(first, rows int64, room int) int64 {
	keep := r.s.rows.keep
	for n := first; n < first+rows; n++ {
		if keep == nil || keep(n) {
			if r.numbers = append(r.numbers, n); len(r.numbers) == room {
				return n + 1 - first
			}
		}
	}
	return rows
}

// Close implements connectors.BatchReader.
func (r *reader) Close() error { return nil }
