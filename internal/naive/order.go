package naive

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
)

// compareBy orders rows by sort keys, without closing ties.
func compareBy(keys []logical.SortKey, a, b Row) int {
	for _, k := range keys {
		c := Compare(a[k.Column], b[k.Column])
		if k.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// sorted returns rows in the order of the keys, and then of all their values.
func sorted(rows []Row, keys []logical.SortKey) []Row {
	out := slices.Clone(rows)
	slices.SortStableFunc(out, func(a, b Row) int {
		if c := compareBy(keys, a, b); c != 0 {
			return c
		}
		return CompareRows(a, b)
	})
	return out
}

// partitions divides rows by the values of columns, in the order in which these come.
func partitions(rows []Row, columns []int) [][]Row {
	at := map[string]int{}
	var out [][]Row
	for _, r := range rows {
		var key Row
		for _, c := range columns {
			key = append(key, r[c])
		}
		k := exactKey(key)
		if _, ok := at[k]; !ok {
			at[k] = len(out)
			out = append(out, nil)
		}
		out[at[k]] = append(out[at[k]], r)
	}
	return out
}

// ranks numbers sorted rows in the three ways.
func ranks(rows []Row, keys []logical.SortKey) (number, rank, dense []int64) {
	for i, r := range rows {
		number = append(number, int64(i+1))
		switch {
		case i == 0:
			rank, dense = append(rank, 1), append(dense, 1)
		case compareBy(keys, rows[i-1], r) == 0:
			rank, dense = append(rank, rank[i-1]), append(dense, dense[i-1])
		default:
			rank, dense = append(rank, int64(i+1)), append(dense, dense[i-1]+1)
		}
	}
	return number, rank, dense
}

func (e *evaluation) topN(t *logical.TopN, params Row) ([]Row, error) {
	in, err := e.rows(t.Input, params)
	if err != nil {
		return nil, err
	}
	var out []Row
	for _, part := range partitions(in, t.Partition) {
		part = sorted(part, t.Keys)
		number, rank, dense := ranks(part, t.Keys)
		by := [][]int64{number, rank, dense}[t.By]
		for i, r := range part {
			in := by[i] > t.Offset && (t.Limit < 0 || by[i] <= t.Offset+t.Limit)
			if t.Ties && t.Limit > 0 && number[i] > t.Offset+t.Limit {
				in = rank[i] <= t.Offset+t.Limit
			}
			if !in {
				continue
			}
			if t.Number != "" {
				r = append(slices.Clone(r), by[i])
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// sort is the presentation of a whole result: of the rows those that its limit leaves.
func (e *evaluation) sort(s *logical.Sort, params Row) ([]Row, error) {
	in, err := e.rows(s.Input, params)
	if err != nil {
		return nil, err
	}
	out := sorted(in, s.Keys)
	out = out[min(int64(len(out)), s.Offset):]
	if s.Limit >= 0 {
		out = out[:min(int64(len(out)), s.Limit)]
	}
	return out, nil
}
