package naive

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
)

// asof looks at every right row for every left one and keeps the nearest in time of those
// that meet the conditions, and among those of one time the greatest.
func (e *evaluation) asof(a *logical.Asof, params Row) ([]Row, error) {
	left, err := e.rows(a.Left, params)
	if err != nil {
		return nil, err
	}
	right, err := e.rows(a.Right, params)
	if err != nil {
		return nil, err
	}
	nearer := func(r, than Row) bool {
		c := Compare(r[a.RightTime], than[a.RightTime])
		if !a.Latest() {
			c = -c
		}
		return c > 0 || c == 0 && CompareRows(r, than) > 0
	}
	conds := a.Matches()
	var out []Row
	for _, l := range left {
		var best Row
		for _, r := range right {
			values, err := e.values(conds, slices.Concat(l, r), params)
			if err != nil {
				return nil, err
			}
			meets := !slices.ContainsFunc(values, func(v any) bool { return v != true })
			if meets && (best == nil || nearer(r, best)) {
				best = r
			}
		}
		switch {
		case best != nil:
			out = append(out, slices.Concat(l, best))
		case a.Outer:
			out = append(out, slices.Concat(l, make(Row, a.Right.Schema().Len())))
		}
	}
	return out, nil
}
