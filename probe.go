package sqlstream

import "github.com/sqlstream/sqlstream/internal/probe"

func init() {
	probe.Look = func(db any) probe.Inside {
		d := db.(*DB)
		return probe.Inside{Planner: *d.planning(), ErrorIsNull: d.current()["eval.error"] == "null"}
	}
}
