// Package datagen makes rows up: sequences, random values, and tweets. A row is a
// function of the seed and its number, so that any range reads the same again.
package datagen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Connector is the connector.
var Connector = connectors.Connector{
	Name: "datagen",
	Doc:  "Made-up rows: sequences, random values, or tweets.",
	Options: []connectors.Option{
		{Name: "rows.per.second", Default: "10", Doc: "how many rows there are for each second since the query started; 0 for all at once, with number.of.rows"},
		{Name: "number.of.rows", Doc: "how many rows there are in all; without it they never end"},
		{Name: "seed", Default: "1", Doc: "another seed gives other rows"},
		{Name: "generator", Default: "fields", Values: []string{"fields", "tweets"}, Doc: "what makes the rows"},
		{Name: "fields.", Prefix: true, Doc: "fields.<column>.kind = 'sequence' | 'random', fields.<column>.min, .max, .length, .null.rate"},
	},
	Check: func(t *connectors.Table) error {
		_, err := open(context.Background(), t, connectors.Env{Now: time.Now})
		return err
	},
	Source: open,
}

// split is the one split of a generator.
const split connectors.Split = "0"

type source struct {
	table *connectors.Table
	env   connectors.Env
	start time.Time
	rate  int64
	total int64 // -1 for no end
	seed  uint64
	gens  []generator // by column
}

// A generator appends the value of a column in row n.
type generator func(b *vec.Builder, n int64)

func open(_ context.Context, t *connectors.Table, env connectors.Env) (connectors.Source, error) {
	s := &source{table: t, env: env}
	var err error
	if s.rate, err = t.Options.Int("rows.per.second", 10); err != nil {
		return nil, err
	}
	if s.total, err = t.Options.Int("number.of.rows", -1); err != nil {
		return nil, err
	}
	seed, err := t.Options.Int("seed", 1)
	if err != nil {
		return nil, err
	}
	s.seed = uint64(seed)
	if s.rate <= 0 && s.total < 0 {
		return nil, errors.New("option 'rows.per.second' is 0, so 'number.of.rows' must say where the rows end")
	}
	if err := checkFields(t); err != nil {
		return nil, err
	}
	for _, c := range t.Columns {
		var g generator
		switch {
		case c.Computed:
		case t.Options.Get("generator") == "tweets":
			g, err = tweetColumn(c.Name, c.Type, s.seed)
		default:
			g, err = fieldColumn(t.Options, c, s.seed)
		}
		if err != nil {
			return nil, err
		}
		s.gens = append(s.gens, g)
	}
	s.start = env.Now()
	return s, nil
}

// fieldSettings are what fields.<column>. may be followed by.
var fieldSettings = []string{"kind", "min", "max", "length", "null.rate"}

// checkFields refuses fields.<column>.<setting> of a column or setting that is not there.
func checkFields(t *connectors.Table) error {
	for _, name := range slices.Sorted(maps.Keys(t.Options)) {
		rest, ok := strings.CutPrefix(name, "fields.")
		if !ok {
			continue
		}
		known := slices.ContainsFunc(t.Columns, func(c connectors.Column) bool {
			setting, ok := strings.CutPrefix(rest, connectors.Canonical(c.Name)+".")
			return ok && slices.Contains(fieldSettings, setting)
		})
		if !known {
			return fmt.Errorf("option '%s' is not fields.<column>.<setting> with a column of the table and a setting of %s", name, strings.Join(fieldSettings, ", "))
		}
	}
	return nil
}

// Splits implements connectors.Source.
func (s *source) Splits(context.Context) ([]connectors.Split, error) {
	return []connectors.Split{split}, nil
}

// Start implements connectors.Source.
func (s *source) Start(context.Context, []connectors.Split) (connectors.Offsets, error) {
	return connectors.Offsets{split: 0}, nil
}

// Latest implements connectors.Source: the clock decides how many rows there are.
func (s *source) Latest(context.Context, []connectors.Split) (connectors.Offsets, error) {
	return connectors.Offsets{split: connectors.Offset(s.rows(s.env.Now()))}, nil
}

func (s *source) rows(now time.Time) int64 {
	if s.rate <= 0 {
		return s.total
	}
	n := int64(now.Sub(s.start).Seconds() * float64(s.rate))
	if s.total >= 0 {
		n = min(n, s.total)
	}
	return n
}

// End implements connectors.Bounded.
func (s *source) End(context.Context, []connectors.Split) (connectors.Offsets, bool, error) {
	return connectors.Offsets{split: connectors.Offset(s.total)}, s.total >= 0, nil
}

// Wait implements connectors.Source.
func (s *source) Wait(ctx context.Context, after connectors.Offsets) error {
	next := int64(after[split]) + 1
	if next <= s.rows(s.env.Now()) {
		return ctx.Err()
	}
	if s.total >= 0 && next > s.total || s.rate <= 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	due := s.start.Add(time.Duration(float64(next) / float64(s.rate) * float64(time.Second)))
	t := time.NewTimer(max(due.Sub(s.env.Now()), time.Millisecond))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
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
	return &reader{s, int64(r.From), int64(r.To), columns}, nil
}

type reader struct {
	s       *source
	at, to  int64
	columns []int
}

// Next implements connectors.BatchReader.
func (r *reader) Next(_ context.Context, b *zset.Builder, max int) error {
	n := min(r.to-r.at, int64(max-b.Len()))
	for i, c := range r.columns {
		for row := range n {
			if g := r.s.gens[c]; g != nil {
				g(b.Cols[i], r.at+row)
			} else {
				b.Cols[i].AppendNull()
			}
		}
	}
	b.EndRows(int(n))
	if r.at += n; r.at >= r.to {
		return io.EOF
	}
	return nil
}

// Close implements connectors.BatchReader.
func (r *reader) Close() error { return nil }

// mix is one step of SplitMix64 (G. Steele, D. Lea, C. Flood, 2014).
func mix(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

func hashName(s string) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range []byte(s) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

func fieldColumn(o connectors.Options, c connectors.Column, seed uint64) (generator, error) {
	prefix := "fields." + connectors.Canonical(c.Name)
	low, err := o.Int(prefix+".min", 0)
	if err != nil {
		return nil, err
	}
	high, err := o.Int(prefix+".max", 999_999)
	if err != nil {
		return nil, err
	}
	length, err := o.Int(prefix+".length", 10)
	if err != nil {
		return nil, err
	}
	if high < low {
		return nil, fmt.Errorf("option '%s.max' is less than '%s.min'", prefix, prefix)
	}
	nulls := 0.0
	if v := o.Get(prefix + ".null.rate"); v != "" {
		if _, err := fmt.Sscan(v, &nulls); err != nil {
			return nil, fmt.Errorf("option '%s.null.rate' must be a number, not '%s'", prefix, v)
		}
	}
	kind := o.String(prefix+".kind", "random")
	if kind != "random" && kind != "sequence" {
		return nil, fmt.Errorf("option '%s.kind' may not be '%s'; it takes 'sequence', 'random'", prefix, kind)
	}
	own := seed ^ hashName(c.Name)
	value := func(n int64) int64 {
		if kind == "sequence" {
			return low + n
		}
		return low + int64(mix(own^mix(uint64(n)))%uint64(high-low+1))
	}
	put, err := putter(c.Type, own, length)
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", c.Name, err)
	}
	return func(b *vec.Builder, n int64) {
		if nulls > 0 && float64(mix(own+1^mix(uint64(n)))>>11)/(1<<53) < nulls {
			b.AppendNull()
			return
		}
		put(b, value(n), n)
	}, nil
}

// putter appends a whole number as a value of a type.
func putter(t types.Type, seed uint64, length int64) (func(b *vec.Builder, v, n int64), error) {
	switch {
	case t.Kind == types.Boolean:
		return func(b *vec.Builder, v, _ int64) { b.AppendBool(v&1 != 0) }, nil
	case t.IsUnsigned():
		return func(b *vec.Builder, v, _ int64) { vec.AppendUint(b, uint64(v)) }, nil
	case t.IsInteger():
		return func(b *vec.Builder, v, _ int64) {
			if !vec.AppendInt(b, v) {
				b.AppendNull()
			}
		}, nil
	case t.Kind == types.Double:
		return func(b *vec.Builder, v, n int64) {
			vec.Append(b, float64(v)+float64(mix(seed^uint64(n))>>11)/(1<<53))
		}, nil
	case t.Kind == types.Float:
		return func(b *vec.Builder, v, _ int64) { vec.Append(b, float32(v)) }, nil
	case t.Kind == types.Decimal:
		return func(b *vec.Builder, v, _ int64) {
			d, ok := types.Rescale(types.DecimalFromInt(v), 0, t.Scale)
			if !ok || !types.DecimalFits(d, t.Precision) {
				b.AppendNull()
				return
			}
			vec.Append(b, d)
		}, nil
	case t.Kind == types.Date:
		return func(b *vec.Builder, v, _ int64) { vec.Append(b, int32(v)) }, nil
	case t.Kind == types.Timestamp, t.Kind == types.Time:
		return func(b *vec.Builder, v, _ int64) { vec.Append(b, v*types.MicrosPerSecond) }, nil
	case t.Kind == types.Varchar, t.Kind == types.Binary:
		return func(b *vec.Builder, v, _ int64) {
			buf := b.Tail()
			for i := range length {
				buf = append(buf, 'a'+byte(mix(uint64(v)^mix(uint64(i)))%26))
			}
			b.EndBytes(buf)
		}, nil
	}
	return nil, fmt.Errorf("datagen makes no %s", t)
}
