package exec_test

import (
	"context"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Rows that wait for another worker count until it has taken them in.
func TestTransit(t *testing.T) {
	s := sample.Schema(types.Of(types.BigInt), types.Of(types.BigInt))
	pl := &planner{workers: 2, scan: s, whole: true}
	root := pl.plan("t = scan\nx = aggregate t: COUNT(*) AS n BY a")
	c, err := exec.NewCircuit(root, exec.CircuitOptions{
		Workers: 2, Stores: []state.Store{memory.New(), memory.New()}, Out: func(int, *zset.Batch) error { return nil },
	})
	must(t, err)
	rows := zset.NewBuilder(s)
	for i := range int64(1000) {
		vec.Append(rows.Cols[0], i)
		vec.Append(rows.Cols[1], i)
		rows.EndRow()
	}
	c.Begin(1, 0, 0)
	must(t, c.Push(context.Background(), 0, pl.scans["t"], rows.Build()))
	bytes, node, most := c.Transit(1)
	if bytes < 300*8 || most != bytes || !strings.HasPrefix(node, "Exchange") {
		t.Errorf("%d bytes wait, of them %d for %s", bytes, most, node)
	}
	must(t, c.Finish(context.Background()))
	if bytes, _, _ := c.Transit(1); bytes != 0 {
		t.Errorf("%d bytes still wait", bytes)
	}
}
