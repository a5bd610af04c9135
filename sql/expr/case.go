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
	n.out.Reset()
	for i, k := range choice {
		n.out.AppendRow(branches[k], i)
	}
	out := *n.out.Vec()
	out.Type = n.t
	return &out, nil
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
