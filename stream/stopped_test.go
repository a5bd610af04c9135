package stream_test

import (
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/stream"
)

// Of queries that ran at the last checkpoint only one goes on, and the others are resumed one
// after the other: none of them misses anything, neither what a view puts out before its reader
// is back, nor what a view that is a reader itself does.
func TestGoOnOneAfterTheOther(t *testing.T) {
	const always, never = 1, 1 << 60 // intervals of checkpoints
	for name, c := range map[string]struct {
		every               time.Duration
		kill, fail, results bool
	}{
		"before a checkpoint":             {every: never},
		"behind a checkpoint":             {every: always},
		"killed before a checkpoint":      {every: never, kill: true},
		"killed behind a checkpoint":      {every: always, kill: true},
		"begun again":                     {every: always, fail: true},
		"when results were asked for":     {every: never, results: true},
		"killed when results were read":   {every: never, results: true, kill: true},
		"begun again when they were read": {every: always, results: true, fail: true},
	} {
		t.Run(name, func(t *testing.T) {
			w, a, b := newWorld(t), newFakeTable(t), newFakeTable(t, "t/1")
			b.def.Name = "u"
			view := func(f *fakeTable, name string) stream.Spec {
				s := restarting(w, f, name)
				s.CheckpointInterval = c.every
				return s
			}
			q, top := reader(w, "q", "a", "b"), over("top", "q")
			q.Sinks, q.CheckpointInterval, q.Restart = nil, c.every, true
			top.Kept, top.Fingerprint, top.CheckpointInterval, top.Restart = true, "top", c.every, true
			specs := []stream.Spec{view(a, "a"), view(b, "b"), q, top}
			e := w.process(soon)
			a.put("t/0", 1, 1)
			b.put("t/1", 7)
			for _, s := range specs {
				processed(t, e, start(t, e, s))
			}
			w.ended()
			var queries []*stream.Query
			alone := func() {
				e = w.process(soon)
				var err error
				if queries, err = w.resumed(e, specs[0], stopped(specs[1]), stopped(specs[2]), stopped(specs[3])); err != nil {
					t.Fatal(err)
				}
			}
			was := together(squares(a), squares(b))
			alone()
			a.put("t/0", 2, 1)
			processed(t, e, queries[0])
			if c.results {
				equal(t, result(t, queries[3]), was)
				equal(t, result(t, queries[2]), was)
			}
			if c.kill {
				w.kill = func(string, int) bool { return true }
				_ = w.step("dead")
				w.kill = nil
				w.ended()
				alone()
			}
			if c.fail {
				w.failing("state before", 2)
			}
			a.put("t/0", 2)
			throughFailures(t, e, queries[0])
			for i := 1; i < 4; i++ {
				b.put("t/1", 7, 8)
				a.put("t/0", 3)
				resumed, err := e.Resume(t.Context(), queries[0].Flow(), func(stream.Kept) ([]stream.Spec, error) { return specs[i : i+1], nil })
				queries[i] = one(t, resumed, err)
				processed(t, e, queries[i])
			}
			for i, want := range []string{squares(a), squares(b), together(squares(a), squares(b)), together(squares(a), squares(b))} {
				equal(t, result(t, queries[i]), want)
			}
			for range 2 {
				w.ended()
				e = w.process()
				var err error
				if queries, err = w.resumed(e, specs...); err != nil {
					t.Fatal(err)
				}
				a.put("t/0", 1)
				b.put("t/1", 8)
				processed(t, e, queries[3])
				equal(t, result(t, queries[3]), together(squares(a), squares(b)))
			}
		})
	}
}
