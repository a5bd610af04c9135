package zset

import (
	"bytes"
	"cmp"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// CompareValues orders two values of the same type: NULL first, numbers by value
// (NaN before all), text bytewise. It is 0 exactly where the values are the same to GROUP BY.
func CompareValues(a *vec.Vec, i int, b *vec.Vec, j int) int {
	switch an, bn := a.IsNull(i), b.IsNull(j); {
	case an && bn:
		return 0
	case an:
		return -1
	case bn:
		return 1
	}
	i, j = a.At(i), b.At(j)
	switch a.Type.Layout() {
	case types.Bytes:
		return bytes.Compare(a.Bytes(i), b.Bytes(j))
	case types.Int128:
		return vec.Slice[vec.Decimal](a)[i].Cmp(vec.Slice[vec.Decimal](b)[j])
	case types.Float32:
		return cmp.Compare(vec.Slice[float32](a)[i], vec.Slice[float32](b)[j])
	case types.Float64:
		return cmp.Compare(vec.Slice[float64](a)[i], vec.Slice[float64](b)[j])
	case types.Bits:
		return cmp.Compare(Word(a, i), Word(b, j))
	}
	if a.Type.IsUnsigned() {
		return cmp.Compare(vec.Uint(a, i), vec.Uint(b, j))
	}
	return cmp.Compare(vec.Int(a, i), vec.Int(b, j))
}

// equalRows reports whether two rows are the same in all columns.
func equalRows(a []*vec.Vec, i int, b []*vec.Vec, j int) bool {
	for k := range a {
		if CompareValues(a[k], i, b[k], j) != 0 {
			return false
		}
	}
	return true
}
