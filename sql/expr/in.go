package expr

import (
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// inNode tests for membership. A list of constants is kept as a set of keys.
type inNode struct {
	arg     node
	list    []node
	negated bool
	set     map[string]struct{} // nil where some element is no constant
	hasNull bool
	key     []byte
}

func newInNode(x *In, kids []node) *inNode {
	n := &inNode{arg: kids[0], list: kids[1:], negated: x.Negated, set: map[string]struct{}{}}
	for i, e := range x.List {
		l, ok := e.(*Literal)
		switch {
		case !ok:
			n.set = nil
			return n
		case l.Value == nil:
			n.hasNull = true
		default:
			v := kids[1+i].(*literalNode).v
			n.set[string(zset.AppendKey(nil, []*vec.Vec{v}, 0))] = struct{}{}
		}
	}
	return n
}

func (n *inNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	a, err := n.arg.eval(f, sel)
	if err != nil {
		return nil, err
	}
	if n.set == nil {
		return n.evalList(f, a, sel)
	}
	t := truth{vec.AllocWords(f.Mem, f.b.Len), vec.AllocWords(f.Mem, f.b.Len)}
	cols := []*vec.Vec{a}
	for i := range f.b.Len {
		if a.IsNull(i) {
			continue
		}
		n.key = zset.AppendKey(n.key[:0], cols, i)
		if _, found := n.set[string(n.key)]; found {
			vec.SetBit(t.yes, i, true)
		} else if !n.hasNull {
			vec.SetBit(t.no, i, true)
		}
	}
	return n.finish(f, t), nil
}

func (n *inNode) evalList(f *frame, a *vec.Vec, sel []int32) (*vec.Vec, error) {
	t := truth{vec.AllocWords(f.Mem, f.b.Len), vec.AllocWords(f.Mem, f.b.Len)}
	for i := range t.no {
		t.no[i] = ^uint64(0)
	}
	for _, e := range n.list {
		v, err := e.eval(f, sel)
		if err != nil {
			return nil, err
		}
		eq := result(f, boolean, a, v)
		compareInto(Eq, a, v, eq)
		et := truthOf(f, eq)
		for w := range t.yes {
			t.yes[w] |= et.yes[w]
			t.no[w] &= et.no[w]
		}
	}
	return n.finish(f, t), nil
}

func (n *inNode) finish(f *frame, t truth) *vec.Vec {
	if n.negated {
		t.yes, t.no = t.no, t.yes
	}
	return t.vec(f)
}
