package expr

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// caseNode picks a branch for each row. Branches that may fail are evaluated only
// on the rows that choose them.
type caseNode struct {
	conds, thens []node
	otherwise    node // nil: NULL
	t            types.Type
	narrow       bool
	choice       []uint16
	out          *vec.Builder
}

func newCaseNode(x *Case, kids []node) *caseNode {
	n := &caseNode{t: x.T, out: vec.NewBuilder(x.T)}
	for i, w := range x.Whens {
		n.conds = append(n.conds, kids[2*i])
		n.thens = append(n.thens, kids[2*i+1])
		n.narrow = n.narrow || CanFail(w.Cond) || CanFail(w.Then)
	}
	if x.Else != nil {
		n.otherwise = kids[len(kids)-1]
		n.narrow = n.narrow || CanFail(x.Else)
	}
	return n
}

func (n *caseNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	if cap(n.choice) < f.b.Len {
		n.choice = make([]uint16, max(f.b.Len, vec.BatchRows))
	}
	choice := n.choice[:f.b.Len]
	none := uint16(len(n.thens))
	for i := range choice {
		choice[i] = none
	}
	branches := make([]*vec.Vec, len(n.thens)+1)
	settled := vec.AllocWords(f.Mem, f.b.Len)
	for k, cond := range n.conds {
		rows := sel
		if n.narrow {
			rows = rowsWithout(f, settled, sel)
		}
		v, err := cond.eval(f, rows)
		if err != nil {
			return nil, err
		}
		t := truthOf(f, v)
		for w := range settled {
			t.yes[w] &^= settled[w]
		}
		chosen := vec.AppendSel(vec.Alloc[int32](f.Mem, f.b.Len)[:0], t.yes, f.b.Len)
		if n.narrow && sel != nil {
			chosen = intersect(f, chosen, sel)
		}
		for _, i := range chosen {
			choice[i] = uint16(k)
		}
		for w := range settled {
			settled[w] |= t.yes[w]
		}
		if branches[k], err = n.thens[k].eval(f, narrowed(n.narrow, chosen, sel)); err != nil {
			return nil, err
		}
	}
	branches[none] = vec.NullConst(n.t, f.b.Len)
	if n.otherwise != nil {
		v, err := n.otherwise.eval(f, narrowed(n.narrow, rowsWithout(f, settled, sel), sel))
		if err != nil {
			return nil, err
		}
		branches[none] = v
	}
	return n.choose(f, branches), nil
}

// choose takes of each row the value of the branch that was chosen for it.
func (n *caseNode) choose(f *frame, branches []*vec.Vec) *vec.Vec {
	choice := n.choice[:f.b.Len]
	switch n.t.Layout() {
	case types.Int32, types.Uint32, types.Float32:
		return chooseFixed[uint32](f, n.t, choice, branches)
	case types.Int64, types.Uint64, types.Float64:
		return chooseFixed[uint64](f, n.t, choice, branches)
	}
	n.out.Reset()
	for i, k := range choice {
		n.out.AppendRow(branches[k], i)
	}
	out := *n.out.Vec()
	out.Type = n.t
	return &out
}

func chooseFixed[T vec.Fixed](f *frame, t types.Type, choice []uint16, branches []*vec.Vec) *vec.Vec {
	out := vec.New(f.Mem, t, len(choice))
	values := make([][]T, len(branches))
	steps := make([]int, len(branches)) // 0 of a constant, which has one value
	nulls := false
	for k, b := range branches {
		values[k] = vec.Slice[T](b)
		if !b.Const {
			steps[k] = 1
		}
		nulls = nulls || b.Valid != nil
	}
	to := vec.Slice[T](out)
	for i, k := range choice {
		to[i] = values[k][i*steps[k]]
	}
	if nulls {
		out.Valid = chosenValid(f, choice, branches, steps)
	}
	return out
}

// chosenValid has a bit for each row whose branch has a value.
func chosenValid(f *frame, choice []uint16, branches []*vec.Vec, steps []int) []uint64 {
	whole := [1]uint64{^uint64(0)}
	valid := make([][]uint64, len(branches))
	for k, b := range branches {
		if valid[k] = b.Valid; b.Valid == nil {
			valid[k], steps[k] = whole[:], 0
		}
	}
	out := vec.AllocWords(f.Mem, len(choice))
	for i, k := range choice {
		at := i * steps[k]
		out[i>>6] |= valid[k][at>>6] >> (at & 63) & 1 << (i & 63)
	}
	return out
}

func narrowed(narrow bool, chosen, sel []int32) []int32 {
	if narrow {
		return chosen
	}
	return sel
}

// intersect keeps of two ascending selections what is in both.
func intersect(f *frame, a, b []int32) []int32 {
	out := vec.Alloc[int32](f.Mem, len(a))[:0]
	for _, x := range a {
		for len(b) > 0 && b[0] < x {
			b = b[1:]
		}
		if len(b) > 0 && b[0] == x {
			out = append(out, x)
		}
	}
	return out
}
