package vec

import "github.com/sqlstream/sqlstream/sql/types"

// Part returns rows [from, to) of v without copying. from is a multiple of 64.
func (v *Vec) Part(from, to int) *Vec {
	out := new(Vec)
	v.PartTo(out, from, to)
	return out
}

// PartTo is Part with the header written to out.
func (v *Vec) PartTo(out *Vec, from, to int) {
	if v.Const {
		*out = *v
		out.Len = to - from
		return
	}
	*out = Vec{Type: v.Type, Len: to - from, Data: v.Data}
	if v.Valid != nil {
		out.Valid = v.Valid[from>>6 : Words(to)]
	}
	switch l := v.Type.Layout(); l {
	case types.Bits:
		out.Data = v.Data[from>>3 : Words(to)*8]
	case types.Bytes:
		out.Offsets = v.Offsets[from : to+1]
	default:
		out.Data = v.Data[from*l.Width() : to*l.Width()]
	}
}
