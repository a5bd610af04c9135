package stream_test

import (
	"slices"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/stream"
)

// Tables of one query are read evenly. A query that has much to read does not slow down another of
// its dataflow, which reads a table of its own.
func TestABacklogIsItsQuerysOwn(t *testing.T) {
	for _, c := range []struct {
		apart bool // few is a table of a view that the query reads
		want  int64
	}{
		{apart: true, want: 20},
		{apart: false, want: 3}, // as many of 20 as 150 are of 850
	} {
		many, few := newFakeTable(t), newFakeTable(t)
		var read []int64 // of few, in each epoch of the query
		e := opened(t, func(config *stream.Config) {
			config.OnProgress = func(p stream.Progress) {
				for _, s := range p.Sources {
					if p.Name == "q" && s.LatestOffset["t/0"] == 20 {
						read = append(read, s.NumInputRows)
					}
				}
			}
		})
		view, own := few.timed("v", behind(time.Hour)), many.timed("q", behind(time.Hour))
		q := over("q", "v")
		if !c.apart {
			q = few.timed("q", behind(time.Hour))
			q.Plan = &exec.UnionAll{Out: q.Schema, Ins: []exec.Plan{q.Plan}}
		}
		q.Plan.(*exec.UnionAll).Ins = append(q.Plan.(*exec.UnionAll).Ins, own.Plan)
		q.Inputs = append(q.Inputs, own.Inputs...)
		view.Limits.MaxRows, q.Limits.MaxRows = 300, 300
		if c.apart {
			start(t, e, view)
		}
		hook, entered, letGo := blocked()
		many.on("open", hook)
		running := start(t, e, q)
		many.put("t/0", make([]int, 1000)...)
		<-entered // the first epoch, in which few has nothing
		few.put("t/0", make([]int, 20)...)
		close(letGo)
		processed(t, e, running)
		first := slices.IndexFunc(read, func(n int64) bool { return n > 0 })
		if first < 0 || read[first] != c.want {
			t.Errorf("apart: %t, the table with little is read by %d, not %d at first", c.apart, read, c.want)
		}
	}
}
