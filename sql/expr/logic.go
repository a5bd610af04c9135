package expr

import (
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A truth is a BOOLEAN column as two bitmaps: rows that are TRUE, and rows that
// are FALSE; the rest is NULL.
type truth struct{ yes, no []uint64 }

func truthOf(f *frame, v *vec.Vec) truth {
	n := f.b.Len
	t := truth{vec.AllocWords(f.Mem, n), vec.AllocWords(f.Mem, n)}
	if v.Const {
		if v.IsNull(0) {
			return t
		}
		fill := t.no
		if v.Bool(0) {
			fill = t.yes
		}
		for i := range fill {
			fill[i] = ^uint64(0)
		}
		return t
	}
	bits := v.Bits()
	for i := range t.yes {
		valid := ^uint64(0)
		if v.Valid != nil {
			valid = v.Valid[i]
		}
		t.yes[i], t.no[i] = bits[i]&valid, ^bits[i]&valid
	}
	return t
}

func (t truth) vec(f *frame) *vec.Vec {
	out := vec.New(f.Mem, boolean, f.b.Len)
	copy(out.Bits(), t.yes)
	known := ^uint64(0)
	for i := range t.yes {
		known &= t.yes[i] | t.no[i]
	}
	if known != ^uint64(0) {
		out.Valid = vec.AllocWords(f.Mem, f.b.Len)
		for i := range t.yes {
			out.Valid[i] = t.yes[i] | t.no[i]
		}
	}
	return out
}

// logicNode is AND, or OR. Where a later argument may fail it is kept to the rows
// that the earlier ones leave undecided.
type logicNode struct {
	args   []node
	narrow bool
	or     bool
}

func (n *logicNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	var acc truth
	for i, arg := range n.args {
		rows := sel
		if i > 0 && n.narrow {
			rows = n.undecided(f, acc, sel)
		}
		v, err := arg.eval(f, rows)
		if err != nil {
			return nil, err
		}
		t := truthOf(f, v)
		if i == 0 {
			acc = t
			continue
		}
		for w := range acc.yes {
			if n.or {
				acc.yes[w] |= t.yes[w]
				acc.no[w] &= t.no[w]
			} else {
				acc.yes[w] &= t.yes[w]
				acc.no[w] |= t.no[w]
			}
		}
	}
	return acc.vec(f), nil
}

// undecided returns the rows of sel that the arguments so far have not settled. Rows
// never evaluated hold anything, which later words leave as it is.
func (n *logicNode) undecided(f *frame, acc truth, sel []int32) []int32 {
	settled := acc.no
	if n.or {
		settled = acc.yes
	}
	return rowsWithout(f, settled, sel)
}

func rowsWithout(f *frame, settled []uint64, sel []int32) []int32 {
	out := vec.Alloc[int32](f.Mem, f.b.Len)[:0]
	if sel == nil {
		for i := range f.b.Len {
			if !vec.GetBit(settled, i) {
				out = append(out, int32(i))
			}
		}
		return out
	}
	for _, i := range sel {
		if !vec.GetBit(settled, int(i)) {
			out = append(out, i)
		}
	}
	return out
}

type notNode struct{ arg node }

func (n *notNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	v, err := n.arg.eval(f, sel)
	if err != nil {
		return nil, err
	}
	t := truthOf(f, v)
	t.yes, t.no = t.no, t.yes
	return t.vec(f), nil
}

type isNullNode struct {
	arg     node
	negated bool
}

func (n *isNullNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	v, err := n.arg.eval(f, sel)
	if err != nil {
		return nil, err
	}
	out := vec.New(f.Mem, boolean, f.b.Len)
	words := out.Bits()
	valid := vec.FullValid(f.Mem, v)
	for i := range words {
		words[i] = 0
		if valid != nil {
			words[i] = ^valid[i]
		}
		if n.negated {
			words[i] = ^words[i]
		}
	}
	return out, nil
}

type isTruthNode struct {
	arg           node
	want, negated bool
}

func (n *isTruthNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	v, err := n.arg.eval(f, sel)
	if err != nil {
		return nil, err
	}
	t := truthOf(f, v)
	from := t.no
	if n.want {
		from = t.yes
	}
	out := vec.New(f.Mem, boolean, f.b.Len)
	words := out.Bits()
	for i := range words {
		words[i] = from[i]
		if n.negated {
			words[i] = ^words[i]
		}
	}
	return out, nil
}

// A Filter selects the rows for which a condition is TRUE.
type Filter struct {
	conds  []node
	narrow bool
}

// CompileFilter makes a Filter of a BOOLEAN expression.
func CompileFilter(e Expr, errNull bool) (*Filter, error) {
	conds := Conjuncts(e)
	nodes, err := compileAll(conds, errNull)
	if err != nil {
		return nil, err
	}
	return &Filter{nodes, CanFailLater(conds)}, nil
}

// Select appends to out the rows of b for which the condition is TRUE; all says
// that they are all rows. Conditions joined by AND are tested in order, a later one
// raising no error on rows that an earlier one has dropped.
func (s *Filter) Select(c *Context, b *zset.Batch, out []int32) (sel []int32, all bool, err error) {
	f := &frame{c, b}
	var yes []uint64
	for i, cond := range s.conds {
		var rows []int32
		if i > 0 && s.narrow {
			rows = vec.AppendSel(vec.Alloc[int32](c.Mem, b.Len)[:0], yes, b.Len)
		}
		v, err := cond.eval(f, rows)
		if err != nil {
			return out, false, err
		}
		t := truthOf(f, v)
		if yes == nil {
			yes = t.yes
			continue
		}
		for w := range yes {
			yes[w] &= t.yes[w]
		}
	}
	if vec.Count(yes, b.Len) == b.Len {
		return out, true, nil
	}
	return vec.AppendSel(out, yes, b.Len), false, nil
}
