package exec_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/zset"
)

// What comes anew takes the place of what was there: of several beginnings in an epoch the
// last, whether they come in one batch or in several; an epoch without one changes nothing.
func TestRereadTakesTheLastBeginning(t *testing.T) {
	schema := &types.Schema{Fields: []types.Field{{Name: "k", Type: types.Of(types.Varchar)}, {Name: "v", Type: types.Of(types.Int)}}}
	scan := &exec.Scan{Table: "t", Out: schema}
	var out []*zset.Batch
	c, err := exec.NewCircuit(&exec.Reread{Input: scan}, exec.CircuitOptions{
		Workers: 1, Stores: []state.Store{memory.New()},
		Out: func(_ int, b *zset.Batch) error { out = append(out, b.Clone()); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	for epoch, x := range []struct {
		batches []string
		want    string
	}{
		{[]string{"-1 NULL NULL\n+1 a 1\n+2 b 2\n"}, "+1 a 1\n+2 b 2\n"},
		{nil, ""},
		{[]string{"-1 NULL NULL\n+1 b 2\n", "+1 c NULL\n"}, "-1 a 1\n-1 b 2\n+1 c NULL\n"},
		{[]string{"-1 NULL NULL\n+1 d 4\n-1 NULL NULL\n+1 c NULL\n+1 b 2\n"}, ""},
		{[]string{"-1 NULL NULL\n+1 d 4\n", "-1 NULL NULL\n"}, "-1 b 2\n-1 c NULL\n"},
	} {
		c.Begin(int64(epoch), 0, 0)
		for _, text := range x.batches {
			rows, err := zset.Parse(schema, text)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Push(t.Context(), 0, scan, rows); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(out) > 0 {
			got = zset.Consolidate(out...).String()
		}
		if got != x.want {
			t.Errorf("epoch %d emits\n%snot\n%s", epoch, got, x.want)
		}
		out = out[:0]
	}
}
