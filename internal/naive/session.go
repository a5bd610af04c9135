package naive

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/types"
)

// session sorts each partition by time and divides it wherever more than the gap lies
// between two rows.
func (e *evaluation) session(x *logical.Session, params Row) ([]Row, error) {
	in, err := e.rows(x.Input, params)
	if err != nil {
		return nil, err
	}
	in = slices.DeleteFunc(slices.Clone(in), func(r Row) bool { return r[x.Time] == nil })
	var out []Row
	for _, part := range partitions(in, x.Partition) {
		part = sorted(part, []logical.SortKey{{Column: x.Time}})
		time := func(i int) int64 { return part[i][x.Time].(int64) }
		for from := 0; from < len(part); {
			to := from + 1
			for to < len(part) && time(to)-time(to-1) <= x.Gap {
				to++
			}
			start, end := time(from), time(to-1)+x.Gap
			if end-1000 < types.MinTimestamp || end >= types.EndTimestamp {
				return nil, errBeyond
			}
			for _, r := range part[from:to] {
				out = append(out, slices.Concat(r, Row{start, end, end - 1000}))
			}
			from = to
		}
	}
	return out, nil
}
