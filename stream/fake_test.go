package stream_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/stream"
	"github.com/sqlstream/sqlstream/zset"
)

// A fakeTable is a topic whose every move a test decides: records with one column i,
// written by put, and what each call of its source does before its work.
type fakeTable struct {
	t   testing.TB
	def *connectors.Table

	mu      sync.Mutex
	logs    map[connectors.Split][]string
	ends    connectors.Offsets // what Latest says instead
	stop    connectors.Offsets // a Bounded source ends there
	ids     map[connectors.Split]string
	first   connectors.Offsets // what can be read still
	changed chan struct{}
	before  map[string]func(ctx context.Context) error // by call: "splits", "latest", "wait", "open", "next"
	waiting int                                        // Waits that run
	open    int                                        // sources
	readers int
}

func newFakeTable(t testing.TB, splits ...connectors.Split) *fakeTable {
	f := &fakeTable{
		t: t, logs: map[connectors.Split][]string{}, changed: make(chan struct{}), before: map[string]func(context.Context) error{},
		def: &connectors.Table{Name: "t", Columns: []connectors.Column{{Field: types.Field{Name: "i", Type: types.Of(types.BigInt)}}}},
	}
	if len(splits) == 0 {
		splits = []connectors.Split{"t/0"}
	}
	for _, s := range splits {
		f.logs[s] = nil
	}
	return f
}

// put appends records to a split, which need not have been there.
func (f *fakeTable) put(split connectors.Split, values ...int) {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprintf(`{"i": %d}`, v)
	}
	f.putText(split, texts...)
}

func (f *fakeTable) putText(split connectors.Split, texts ...string) {
	f.change(func() { f.logs[split] = append(f.logs[split], texts...) })
}

// change changes the table under its lock and wakes those who wait.
func (f *fakeTable) change(how func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how()
	close(f.changed)
	f.changed = make(chan struct{})
}

// on sets what a call does before its work.
func (f *fakeTable) on(call string, do func(ctx context.Context) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before[call] = do
}

func (f *fakeTable) enter(ctx context.Context, call string) error {
	f.mu.Lock()
	do := f.before[call]
	f.mu.Unlock()
	if do == nil {
		return nil
	}
	return do(ctx)
}

// spec is a query that keeps the table's rows.
func (f *fakeTable) spec(name string) stream.Spec {
	scan := &exec.Scan{Table: "t", Columns: []int{0}, Out: f.def.Schema()}
	return stream.Spec{
		Name: name, Plan: scan, Schema: scan.Out, Mode: connectors.Update, Result: true,
		Inputs: []stream.Input{{Scan: scan, Source: f.source()}},
	}
}

// over is a query that keeps the results of views.
func over(name string, views ...string) stream.Spec {
	schema := types.NewSchema(types.Field{Name: "i", Type: types.Of(types.BigInt)})
	spec := stream.Spec{Name: name, Schema: schema, Mode: connectors.Update, Result: true}
	union := &exec.UnionAll{Out: schema}
	for _, v := range views {
		scan := &exec.Scan{Table: v, Columns: []int{0}, Out: schema}
		union.Ins = append(union.Ins, scan)
		spec.Inputs = append(spec.Inputs, stream.Input{Scan: scan, Member: v})
	}
	spec.Plan = union
	return spec
}

func (f *fakeTable) source() *stream.Source {
	return &stream.Source{Table: f.def, Format: &format.JSON, Connector: &connectors.Connector{
		Source: func(context.Context, *connectors.Table, connectors.Env) (connectors.Source, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.open++
			return &fakeSource{fakeTable: f}, nil
		},
	}}
}

type fakeSource struct {
	*fakeTable
	busy   int // Waits of this source
	closed bool
}

func (s *fakeSource) Splits(ctx context.Context) ([]connectors.Split, error) {
	if err := s.enter(ctx, "splits"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.use()
	return slices.Sorted(maps.Keys(s.logs)), nil
}

func (s *fakeSource) use() {
	if s.closed {
		s.t.Error("a closed source is used")
	}
}

func (s *fakeSource) Start(_ context.Context, splits []connectors.Split) (connectors.Offsets, error) {
	out := connectors.Offsets{}
	for _, split := range splits {
		out[split] = 0
	}
	return out, nil
}

func (s *fakeSource) Latest(ctx context.Context, splits []connectors.Split) (connectors.Offsets, error) {
	if err := s.enter(ctx, "latest"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.use()
	out := connectors.Offsets{}
	for _, split := range splits {
		out[split] = connectors.Offset(len(s.logs[split]))
		if end, ok := s.ends[split]; ok {
			out[split] = end
		}
	}
	return out, nil
}

func (s *fakeSource) Wait(ctx context.Context, after connectors.Offsets) error {
	s.mu.Lock()
	s.busy++
	s.waiting++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.busy--
		s.waiting--
	}()
	if err := s.enter(ctx, "wait"); err != nil {
		return err
	}
	for {
		s.mu.Lock()
		more, changed := false, s.changed
		for split, log := range s.logs {
			at, known := after[split]
			more = more || !known || connectors.Offset(len(log)) > at
		}
		s.mu.Unlock()
		if more {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Identify implements connectors.Identifier.
func (s *fakeSource) Identify(context.Context, []connectors.Split) (map[connectors.Split]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.ids), nil
}

// Earliest implements connectors.Retainer.
func (s *fakeSource) Earliest(context.Context, []connectors.Split) (connectors.Offsets, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.first), nil
}

// Onward implements connectors.Retainer.
func (s *fakeSource) Onward() string { return "read something else" }

// End implements connectors.Bounded.
func (s *fakeSource) End(context.Context, []connectors.Split) (connectors.Offsets, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.stop), s.stop != nil, nil
}

func (s *fakeSource) Open(ctx context.Context, r connectors.Range) (connectors.Reader, error) {
	if err := s.enter(ctx, "open"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.use()
	s.readers++
	return &fakeReader{s, r, s.logs[r.Split]}, nil
}

func (s *fakeSource) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		s.t.Error("a source is closed twice")
	}
	if s.busy > 0 {
		s.t.Error("a source is closed while it is waited on")
	}
	s.closed = true
	s.open--
	return nil
}

type fakeReader struct {
	s   *fakeSource
	r   connectors.Range
	log []string
}

func (r *fakeReader) Next(ctx context.Context, buf []connectors.Record) (int, error) {
	if err := r.s.enter(ctx, "next"); err != nil {
		return 0, err
	}
	n := 0
	for n < min(len(buf), 100) && r.r.From < r.r.To {
		buf[n] = connectors.Record{Split: r.r.Split, Offset: r.r.From, Value: []byte(r.log[r.r.From])}
		r.r.From++
		n++
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (r *fakeReader) Close() error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.s.readers--
	return nil
}

// A fakeSink keeps what it was given, and does before each call what a test wants.
type fakeSink struct {
	mu      sync.Mutex
	before  map[string]func(ctx context.Context) error // "recover", "begin", "write", "prepare", "commit"
	pending bytes.Buffer
	seen    bytes.Buffer // committed
	commits int
	closed  int
}

func newFakeSink() *fakeSink { return &fakeSink{before: map[string]func(context.Context) error{}} }

func (s *fakeSink) output(mode connectors.Mode) stream.Output {
	return stream.Output{Name: "out", Description: "fake", Sink: s, Mode: mode}
}

func (s *fakeSink) enter(ctx context.Context, call string) error {
	s.mu.Lock()
	do := s.before[call]
	s.mu.Unlock()
	if do == nil {
		return nil
	}
	return do(ctx)
}

func (s *fakeSink) Recover(ctx context.Context, _ int64) (int64, error) {
	return 0, s.enter(ctx, "recover")
}

func (s *fakeSink) Begin(ctx context.Context, _ int64) error {
	s.mu.Lock()
	s.pending.Reset()
	s.mu.Unlock()
	return s.enter(ctx, "begin")
}

func (s *fakeSink) Write(ctx context.Context, b *zset.Batch) error {
	if err := s.enter(ctx, "write"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending.WriteString(b.String())
	return nil
}

func (s *fakeSink) Prepare(ctx context.Context) ([]byte, error) { return nil, s.enter(ctx, "prepare") }

func (s *fakeSink) Commit(ctx context.Context, _ int64) error {
	if err := s.enter(ctx, "commit"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commits++
	s.seen.Write(s.pending.Bytes())
	return nil
}

func (s *fakeSink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
	return nil
}

func (s *fakeSink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

// blocked is a hook that waits until it is let go, or its context ends; entered is
// closed when it is first called.
func blocked() (hook func(context.Context) error, entered, letGo chan struct{}) {
	entered, letGo = make(chan struct{}), make(chan struct{})
	var once sync.Once
	return func(ctx context.Context) error {
		once.Do(func() { close(entered) })
		select {
		case <-letGo:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, entered, letGo
}

func opened(t testing.TB, change ...func(*stream.Config)) *stream.Engine {
	c := stream.Config{Workers: 2, NewBackend: func() (state.Backend, error) { return memory.NewBackend(), nil }, Grace: time.Hour}
	for _, f := range change {
		f(&c)
	}
	e := stream.New(c)
	t.Cleanup(e.Close)
	return e
}

func start(t testing.TB, e *stream.Engine, spec stream.Spec) *stream.Query {
	t.Helper()
	q, err := e.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// processed waits until a query has read all there is.
func processed(t testing.TB, e *stream.Engine, q *stream.Query) {
	t.Helper()
	if err := e.ProcessAllAvailable(t.Context(), q); err != nil {
		t.Fatal(err)
	}
}

// result is a query's result, its rows in the order of their texts, on one line.
func result(t testing.TB, q *stream.Query) string {
	t.Helper()
	b, _, err := q.Result()
	if err != nil {
		t.Fatal(err)
	}
	return sorted(b.String())
}

func sorted(lines string) string {
	rows := strings.Split(strings.TrimSpace(lines), "\n")
	slices.Sort(rows)
	return strings.Join(rows, ", ")
}

func equal(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// within fails the test where f hangs: a bug, not a slow machine.
func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("%s hangs", what)
	}
}
