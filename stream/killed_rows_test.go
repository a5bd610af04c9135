package stream_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/stream"
)

// copies is a query that puts out what it reads, at least once.
func copies(w *world, f *fakeTable) stream.Spec {
	schema := f.def.Schema()
	scan := &exec.Scan{Table: "t", Columns: []int{0}, Out: schema}
	out := w.sink("out", "")
	out.Guarantee, out.Sink.(*lastingSink).forgets = connectors.AtLeastOnce, true
	return stream.Spec{
		Name: "q", Schema: schema, Mode: connectors.Append, AppendOnly: true, Kept: true, Fingerprint: "copies",
		Plan:   &exec.Project{Input: scan, Exprs: []expr.Expr{&expr.Column{Index: 0, Field: schema.Fields[0]}}, AppendOnly: true, Out: schema},
		Inputs: []stream.Input{{Scan: scan, Source: f.source()}}, Sinks: []stream.Output{out}, CheckpointInterval: 1 << 60,
	}
}

// A query whose rows follow each from one that it reads need not run the same epochs again: it
// waits for no log, and lacks nothing wherever it is killed.
func TestKilledRowByRow(t *testing.T) {
	life := func(w *world, a *fakeTable, from, to int) error {
		e := w.process()
		defer w.ended()
		queries, err := w.begin(e, []stream.Spec{copies(w, a)})
		if err == nil {
			err = w.life(a, e, queries, from, to)
		}
		return err
	}
	w := newWorld(t)
	if err := life(w, newFakeTable(t, "t/0", "t/1"), 0, 4); err != nil {
		t.Fatal(err)
	}
	steps := map[string]int{}
	for _, s := range w.steps {
		steps[s]++
	}
	if n := steps["log before"]; n > 0 {
		t.Errorf("%d epochs are logged", n)
	}
	if steps["begin"] == 0 || steps["state before"] == 0 {
		t.Fatalf("too little has happened: %v", steps)
	}
	for step, n := range steps {
		for k := range n {
			t.Run(fmt.Sprintf("%s %d", step, k+1), func(t *testing.T) {
				w, a := newWorld(t), newFakeTable(t, "t/0", "t/1")
				w.kill = func(s string, i int) bool { return s == step && i == k+1 }
				if err := life(w, a, 0, 4); err != nil && !errors.Is(err, errKilled) {
					t.Fatal(err)
				}
				w.kill = nil
				if err := life(w, a, 4, 5); err != nil {
					t.Fatal(err)
				}
				atLeast(t, w.rows("out"), once(a))
			})
		}
	}
}

// once is each value of a table's log as often as it is there.
func once(f *fakeTable) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return copiesOf(f.logs, func(n int) int { return n })
}
