package naive

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/planner/logical"
)

// VersionsOf names among Tables all records of a table that is kept by key, each with a last
// column that is TRUE where it takes its row away. The order means nothing.
func VersionsOf(table string) string { return strings.ToLower(table) + " versions" }

func (e *evaluation) versions(h *logical.History) ([]Row, error) {
	rows, ok := e.tables[VersionsOf(h.Relation.Name)]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, h)
	}
	return rows, nil
}

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
