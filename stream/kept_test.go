package stream_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/durable"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/stream"
	"github.com/sqlstream/sqlstream/zset"
)

// A world is what is there beyond a process: a disk, and where sinks write. It can kill the
// process at any step: what this does afterwards changes nothing any more.
type world struct {
	t      testing.TB
	mu     sync.Mutex
	disk   *vfs.MemFS
	after  *vfs.MemFS // the disk as the process that was killed has left it
	steps  []string   // that the process has come to
	kill   func(step string, n int) bool
	counts map[string]int
	fails  map[string]int // steps that fail so many times, and the process lives
	dead   bool
	flows  int
	memory int64 // that the process may take; 0 for any
	end    func()

	shown  map[string][]string      // rows that a sink shows, in their order
	staged map[string]map[int64]row // of sinks that publish what they have staged
	marker map[string]int64         // the last epoch of a Transaction, by its name
	owner  map[string]*txn
}

type row = []string

func newWorld(t testing.TB) *world {
	return &world{
		t: t, disk: vfs.NewCrashableMem(), counts: map[string]int{}, shown: map[string][]string{},
		staged: map[string]map[int64]row{}, marker: map[string]int64{}, owner: map[string]*txn{},
	}
}

var errKilled = errors.New("the process was killed")

// step is a moment at which the process may be killed.
func (w *world) step(name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		return errKilled
	}
	w.counts[name]++
	w.steps = append(w.steps, name)
	if w.fails[name] > 0 {
		w.fails[name]--
		return errPasses
	}
	if w.kill != nil && w.kill(name, w.counts[name]) {
		w.dead, w.after = true, w.disk.CrashClone(vfs.CrashCloneCfg{})
		return errKilled
	}
	return nil
}

// failing makes a step fail so many times.
func (w *world) failing(step string, times int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fails = map[string]int{step: times}
}

// change changes what is outside, unless the process is dead.
func (w *world) change(f func()) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		return errKilled
	}
	f()
	return nil
}

// process opens an engine on the disk.
func (w *world) process(change ...func(*stream.Config)) *stream.Engine {
	w.t.Helper()
	w.mu.Lock()
	if w.dead {
		w.disk, w.after, w.dead = w.after, nil, false
	}
	w.counts, w.steps = map[string]int{}, nil
	w.mu.Unlock()
	d, err := durable.Open(w.disk, "dir", durable.Options{Foreground: true})
	if err != nil {
		w.t.Fatal(err)
	}
	open := func(id string) (state.Backend, error) {
		f, err := d.Flow(id)
		if err != nil {
			return nil, err
		}
		return &mortal{f, w}, nil
	}
	c := stream.Config{
		Workers: 2, Grace: time.Hour, Instance: "test", OpenFlow: open, MemoryLimit: w.memory,
		NewBackend: func() (state.Backend, error) { return memory.NewBackend(), nil },
		NewFlow: func() (string, state.Backend, error) {
			w.flows++
			id := fmt.Sprint("f", w.flows)
			b, err := open(id)
			return id, b, err
		},
	}
	for _, f := range change {
		f(&c)
	}
	e := stream.New(c)
	var once sync.Once
	w.end = func() { once.Do(func() { e.Close(); _ = d.Close() }) } // of a process that was killed nobody hears
	w.t.Cleanup(w.end)
	return e
}

// ended waits for the end of the process: of one that is alive in good order.
func (w *world) ended() { w.end() }

// flowsThere lists the dataflows on the disk.
func (w *world) flowsThere() []string {
	d, err := durable.Open(w.disk.CrashClone(vfs.CrashCloneCfg{}), "dir", durable.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer d.Close()
	ids, err := d.Flows()
	if err != nil {
		w.t.Fatal(err)
	}
	return ids
}

// A mortal backend is one that the process may die in.
type mortal struct {
	*durable.Flow
	w *world
}

func (b *mortal) Adopt(other state.Backend) error { return b.Flow.Adopt(other.(*mortal).Flow) }

func (b *mortal) Log(ctx context.Context, epoch int64, record []byte) error {
	return b.around("log", func() error { return b.Flow.Log(ctx, epoch, record) })
}

func (b *mortal) Prepare(ctx context.Context, c state.Checkpoint) error {
	return b.around("state", func() error { return b.Flow.Prepare(ctx, c) })
}

func (b *mortal) Commit(ctx context.Context) error {
	return b.around("manifest", func() error { return b.Flow.Commit(ctx) })
}

func (b *mortal) around(name string, f func() error) error {
	if err := b.w.step(name + " before"); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	return b.w.step(name + " after")
}

// A lastingSink is a sink that publishes an epoch when it is told to, or with others in a
// Transaction.
type lastingSink struct {
	w       *world
	name    string
	cluster string
	shared  bool // its Transaction shows what it is given
	forgets bool // what it has prepared ends with the process
	open    int64
	rows    row
}

func (s *lastingSink) Recover(_ context.Context, happened int64) (int64, error) {
	if err := s.w.step("sink recover"); err != nil {
		return 0, err
	}
	return happened, s.w.change(func() {
		if rows, ok := s.w.staged[s.name][happened]; ok && !s.forgets {
			s.w.shown[s.name] = append(s.w.shown[s.name], rows...)
		}
		s.w.staged[s.name] = map[int64]row{}
	})
}

func (s *lastingSink) Begin(_ context.Context, epoch int64) error {
	s.open, s.rows = epoch, nil
	return s.w.step("begin")
}

func (s *lastingSink) Write(_ context.Context, b *zset.Batch) error {
	s.rows = append(s.rows, strings.Split(strings.TrimSpace(b.String()), "\n")...)
	return s.w.step("write")
}

func (s *lastingSink) Prepare(context.Context) ([]byte, error) {
	err := s.w.change(func() {
		if !s.shared {
			s.w.staged[s.name][s.open] = s.rows
		}
	})
	return nil, errors.Join(err, s.w.step("prepare"))
}

func (s *lastingSink) Commit(_ context.Context, epoch int64) error {
	if err := s.w.step("publish before"); err != nil {
		return err
	}
	err := s.w.change(func() {
		rows, ok := s.w.staged[s.name][epoch]
		if !ok {
			s.w.t.Errorf("epoch %d of %s is published and was not prepared", epoch, s.name)
		}
		s.w.shown[s.name] = append(s.w.shown[s.name], rows...)
		delete(s.w.staged[s.name], epoch)
	})
	return errors.Join(err, s.w.step("publish after"))
}

func (s *lastingSink) Close() error { return nil }

// A sharedSink is one that can be part of a Transaction.
type sharedSink struct{ *lastingSink }

func (s sharedSink) Cluster() string { return s.cluster }

// A txn is a Transaction of sharedSinks.
type txn struct {
	w     *world
	id    string
	sinks []connectors.Transactional
}

func (x *txn) Recover(_ context.Context, happened, prepared int64) (int64, error) {
	if err := x.w.step("transaction recover"); err != nil {
		return 0, err
	}
	var at int64
	err := x.w.change(func() { at, x.w.owner[x.id] = x.w.marker[x.id], x })
	if err == nil && at != happened && (prepared == 0 || at != prepared) {
		return 0, fmt.Errorf("epoch %d is visible, neither %d nor %d", at, happened, prepared)
	}
	return at, err
}

func (x *txn) Commit(_ context.Context, epoch int64, _ uint64, prepared func() error) error {
	if err := x.w.step("transaction before"); err != nil {
		return err
	}
	if err := prepared(); err != nil {
		return err
	}
	if err := x.w.step("transaction prepared"); err != nil {
		return err
	}
	err := x.w.change(func() {
		if x.w.owner[x.id] != x {
			x.w.t.Error("an old owner commits")
		}
		x.w.marker[x.id] = epoch
		for _, s := range x.sinks {
			s := s.(sharedSink)
			x.w.shown[s.name] = append(x.w.shown[s.name], s.rows...)
		}
	})
	return errors.Join(err, x.w.step("transaction after"))
}

func (x *txn) Close() error { return nil }

// sink is an output that is exactly once; with a cluster it can share a Transaction.
func (w *world) sink(name, cluster string) stream.Output {
	s := &lastingSink{w: w, name: name, cluster: cluster, forgets: cluster != ""}
	if w.staged[name] == nil {
		w.staged[name] = map[int64]row{}
	}
	out := stream.Output{Name: name, Description: "lasting", Sink: s, Mode: connectors.Update, Guarantee: connectors.ExactlyOnce}
	if cluster != "" {
		out.Sink = sharedSink{s}
		out.Connector = &connectors.Connector{Transaction: func(_ context.Context, id string, sinks []connectors.Transactional, _ connectors.Env) (connectors.Transaction, error) {
			for _, s := range sinks {
				s.(sharedSink).shared = true
			}
			return &txn{w: w, id: id, sinks: sinks}, nil
		}}
	}
	return out
}

// rows are what a sink shows, added up.
func (w *world) rows(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := map[string]int{}
	for _, line := range w.shown[name] {
		var weight int
		var rest string
		if _, err := fmt.Sscanf(line, "%d %s", &weight, &rest); err != nil {
			w.t.Fatalf("%q: %v", line, err)
		}
		n[rest] += weight
	}
	var out []string
	for _, r := range slices.Sorted(maps.Keys(n)) {
		if n[r] != 0 {
			out = append(out, fmt.Sprintf("%+d %s", n[r], r))
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// pairs is a query of the pairs of equal rows of a table: what it has read before matters.
func pairs(f *fakeTable, name string) stream.Spec {
	schema := f.def.Schema()
	left := &exec.Scan{Table: "t", Columns: []int{0}, Out: schema}
	right := &exec.Scan{Table: "t", Columns: []int{0}, Out: schema}
	column := &expr.Column{Index: 0, Field: schema.Fields[0]}
	join := &exec.Join{
		Left: &exec.Exchange{Input: left, Keys: []int{0}}, Right: &exec.Exchange{Input: right, Keys: []int{0}},
		Keys: []exec.JoinKey{{Left: column, Right: column}},
		Out:  types.NewSchema(schema.Fields[0], types.Field{Name: "j", Type: schema.Fields[0].Type}),
	}
	one := &exec.Project{Input: join, Exprs: []expr.Expr{column}, Out: schema}
	src := f.source()
	return stream.Spec{
		Name: name, Plan: one, Schema: schema, Mode: connectors.Update, Result: true, Kept: true, Fingerprint: "pairs",
		Inputs: []stream.Input{{Scan: left, Source: src}, {Scan: right, Source: src}},
	}
}

// squares is what pairs gives of a table's log: each value as often as its number of
// copies squared.
func squares(f *fakeTable) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return copiesOf(f.logs, func(n int) int { return n * n })
}

// copiesOf is each value of the logs so often as times makes of its number of copies.
func copiesOf[K comparable](logs map[K][]string, times func(int) int) string {
	n := map[string]int{}
	for _, log := range logs {
		for _, text := range log {
			n[strings.TrimSuffix(strings.TrimPrefix(text, `{"i": `), "}")]++
		}
	}
	var out []string
	for v, k := range n {
		out = append(out, fmt.Sprintf("+%d %s", times(k), v))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// resumed goes on with the only dataflow there is.
func (w *world) resumed(e *stream.Engine, specs ...stream.Spec) ([]*stream.Query, error) {
	w.t.Helper()
	ids := w.flowsThere()
	if len(ids) != 1 {
		w.t.Fatalf("the disk has the dataflows %q", ids)
	}
	return e.Resume(w.t.Context(), ids[0], func(stream.Kept) ([]stream.Spec, error) { return specs, nil })
}
