package stream_test

import (
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/stream"
)

// The late rows of a table are a source of their own: each with its split, its offset, its
// time, the watermark that it was held against, the milliseconds begun, and the reason.
func TestLateRows(t *testing.T) {
	a := newFakeTable(t, "a", "b")
	w := behind(5 * time.Second)
	w.MaxFuture, w.FailLate = time.Hour, true
	spec := a.timed("q", w)
	late := []types.Field{
		{Name: "split", Type: types.Of(types.Varchar), NotNull: true},
		{Name: "offset", Type: types.Of(types.BigInt)},
		{Name: "event_time", Type: types.TimestampOf(6), NotNull: true},
		{Name: "watermark", Type: types.TimestampOf(6)},
		{Name: "lateness", Type: types.Of(types.BigInt)},
		{Name: "reason", Type: types.Of(types.Varchar), NotNull: true},
	}
	whole := types.NewSchema(append(a.def.Schema().Fields, late...)...)
	columns := []int{1 + stream.LateReason, 1 + stream.LateSplit, 1 + stream.LateOffset, 0, 1 + stream.LateTime, 1 + stream.LateWatermark, 1 + stream.LateBy}
	scan := &exec.Scan{Table: "LATE(t)", Columns: columns, Out: whole.Project(columns)}
	spec.Plan, spec.Schema, spec.Inputs[0].Scan, spec.Inputs[0].Source.Late = scan, scan.Out, scan, late
	clock := &manualClock{at: time.Unix(1000, 0)}
	e := opened(t, func(c *stream.Config) { c.Env.Now = clock.now })
	a.putText("a", `{"i": 100000000}`, `{"i": null}`, `{"i": 95000000}`, `{"i": 94999999}`, `{"i": 90000000}`)
	a.putText("b", `{"i": 9999000000}`, `{"i": 1}`)
	q := start(t, e, spec)
	processed(t, e, q)
	equal(t, result(t, q), "+1 future b 0 9999000000 \"1970-01-01 02:46:39.000000\" NULL NULL, "+
		"+1 late a 3 94999999 \"1970-01-01 00:01:34.999999\" \"1970-01-01 00:01:35.000000\" 1, "+
		"+1 late a 4 90000000 \"1970-01-01 00:01:30.000000\" \"1970-01-01 00:01:35.000000\" 5000")
	equal(t, q.Progress().Sources[0].Description, "LATE(t)")
}
