package sqlstream

import (
	"context"

	"github.com/sqlstream/sqlstream/builtin"
	"github.com/sqlstream/sqlstream/internal/probe"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/vec"
)

func init() {
	probe.Look = func(db any) probe.Inside {
		d := db.(*DB)
		return probe.Inside{
			Planner: *d.planning(), ErrorIsNull: d.current()["eval.error"] == "null", Settings: d.current(), Now: d.env.Now().UnixMicro(),
			Timed: func(table string) bool {
				e, ok := d.catalog.Lookup(table)
				return ok && e.Watermark != nil
			},
		}
	}
	probe.On = func(fs any) any { return Option(func(c *config) { c.fs = fs.(builtin.FS) }) }
	probe.KeepSelects = func() any { return Option(func(c *config) { c.selects = true }) }
	probe.LookAt = func(query any) probe.Running {
		q := query.(*Query)
		return probe.Running{Plan: q.plan, Watermark: func(ctx context.Context, w planner.Watermark) (*vec.Vec, error) {
			return q.run.Watermark(ctx, w)
		}}
	}
}
