package expr

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// nestedCastNode converts the entries of nested values of one kind, those of all rows
// together. An entry that cannot be converted is NULL where errors are.
type nestedCastNode struct {
	arg   node
	to    types.Type
	fails failure
	parts []*partCast
	out   *vec.Builder
}

type partCast struct {
	from *vec.Builder
	cast node
}

// given is a node whose column is there already.
type given struct{ v *vec.Vec }

func (g *given) eval(*frame, []int32) (*vec.Vec, error) { return g.v, nil }

func compileNestedCast(x *Cast, arg node, fails failure) node {
	n := &nestedCastNode{arg: arg, to: x.To, fails: fails, out: vec.NewBuilder(x.To)}
	to := vec.Parts(x.To)
	for i, from := range vec.Parts(x.Arg.Type()) {
		part := &Cast{Arg: &Column{Index: 0, Field: types.Field{Type: from}}, To: to[i], Try: x.Try, Implicit: x.Implicit}
		p := &partCast{from: vec.NewBuilder(from)}
		f := fails
		f.expr = x
		p.cast = compileCast(part, &given{}, f)
		n.parts = append(n.parts, p)
	}
	return n
}

func (n *nestedCastNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	a, err := n.arg.eval(f, sel)
	if err != nil {
		return nil, err
	}
	if a.Const && sel != nil && len(sel) == 0 {
		return vec.NullConst(n.to, f.b.Len), nil
	}
	pick := sel
	if a.Const {
		pick = nil
	}
	counts := n.entries(a, pick)
	casted := make([]*vec.Vec, len(n.parts))
	for i, p := range n.parts {
		v := p.from.Vec()
		given := castArgument(p.cast)
		given.v = v
		if casted[i], err = p.cast.eval(&frame{f.Context, &zset.Batch{Len: v.Len}}, nil); err != nil {
			return nil, err
		}
	}
	n.out.Reset()
	at := 0
	for _, count := range counts {
		if count < 0 {
			n.out.AppendNull()
			continue
		}
		for i, b := range n.out.Parts() {
			for k := range count {
				b.AppendRow(casted[i], at+k)
			}
		}
		at += count
		if err := n.out.EndNested(); err != nil {
			if !n.fails.errNull {
				return nil, &Error{n.fails.expr.String(), err}
			}
			n.out.AppendNull()
		}
	}
	out := *n.out.Vec()
	out.Const, out.Len = a.Const, f.b.Len
	return &out, nil
}

// castArgument is what a cast of a part reads.
func castArgument(n node) *given {
	if c, ok := n.(*nestedCastNode); ok {
		return c.arg.(*given)
	}
	return n.(*castNode).arg.(*given)
}

// entries collects the entries of the rows that count, and says how many each has, -1 for
// a row that is NULL or does not count.
func (n *nestedCastNode) entries(a *vec.Vec, pick []int32) []int {
	from := make([]*vec.Builder, len(n.parts))
	for i, p := range n.parts {
		p.from.Reset()
		from[i] = p.from
	}
	counts := make([]int, a.Rows())
	next := 0
	for i := range counts {
		counts[i] = -1
		if pick != nil {
			if next >= len(pick) || int(pick[next]) != i {
				continue
			}
			next++
		}
		if !a.IsNull(i) {
			counts[i] = a.AppendParts(i, from)
		}
	}
	return counts
}
