package expr

import (
	"errors"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// decimalNode computes on DECIMAL operands of any scales. An operand that is an
// integer column converted to DECIMAL is read as it is.
type decimalNode struct {
	arithNode
	ls, rs int
	lInt   node // the operand as BIGINT, where it is one
	rInt   node
}

// fuse looks through the conversions of integers.
func (n *decimalNode) fuse(x *Arith, kids []node) {
	if n.op != Mul {
		return
	}
	if c, ok := x.L.(*Cast); ok && c.Arg.Type().Kind == types.BigInt && c.To.Scale == 0 {
		if cn, ok := kids[0].(*castNode); ok {
			n.lInt = cn.arg
		}
	}
	if c, ok := x.R.(*Cast); ok && c.Arg.Type().Kind == types.BigInt && c.To.Scale == 0 {
		if cn, ok := kids[1].(*castNode); ok {
			n.rInt = cn.arg
		}
	}
}

func (n *decimalNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	if n.op == Mul && n.t.Scale == n.ls+n.rs && (n.lInt != nil) != (n.rInt != nil) {
		if out, ok, err := n.mulInt(f, sel); ok || err != nil {
			return out, err
		}
	}
	l, r, out, err := n.operands(f, sel)
	if err != nil {
		return nil, err
	}
	x, y := vec.Slice[vec.Decimal](l), vec.Slice[vec.Decimal](r)
	xm, ym := step(l), step(r)
	ownValid(out, f.Mem)
	return out, active(out, sel, func(i int) error {
		p, q := x[i&xm], y[i&ym]
		if n.op >= Div && q.Sign() == 0 {
			setNull(out, f.Mem, i)
			return nil
		}
		d, ok := n.compute(p, q)
		if n.t.Kind == types.BigInt {
			v := int64(d.LowBits())
			vec.Slice[int64](out)[i] = v
			ok = ok && d.HighBits() == v>>63
		} else {
			vec.Slice[vec.Decimal](out)[i] = d
			ok = ok && types.DecimalFits(d, n.t.Precision)
		}
		if !ok {
			return n.fails.at(out, f.Mem, i, errors.New(n.t.String()+" value is out of range"))
		}
		return nil
	})
}

// mulInt multiplies an integer column by a small DECIMAL constant: the product of
// two 64-bit values always fits.
func (n *decimalNode) mulInt(f *frame, sel []int32) (*vec.Vec, bool, error) {
	in, other := n.lInt, n.r
	if in == nil {
		in, other = n.rInt, n.l
	}
	c, err := other.eval(f, sel)
	if err != nil {
		return nil, false, err
	}
	if !c.Const || c.IsNull(0) {
		return nil, false, nil
	}
	k := vec.Slice[vec.Decimal](c)[0]
	v := int64(k.LowBits())
	if k.HighBits() != v>>63 {
		return nil, false, nil
	}
	a, err := in.eval(f, sel)
	if err != nil {
		return nil, false, err
	}
	out := result(f, n.t, a, a)
	x, z := vec.Slice[int64](a), vec.Slice[vec.Decimal](out)
	for i := range z {
		z[i] = types.MulInt64(x[i], v)
	}
	return out, true, nil
}

func (n *decimalNode) compute(p, q vec.Decimal) (vec.Decimal, bool) {
	switch n.op {
	case Mul:
		return types.MulDecimalScaled(p, q, n.ls+n.rs-n.t.Scale)
	case Div:
		return types.DivDecimal(p, q, n.t.Scale-n.ls+n.rs)
	}
	s := max(n.ls, n.rs)
	x, ok1 := types.Rescale(p, n.ls, s)
	y, ok2 := types.Rescale(q, n.rs, s)
	switch {
	case ok1 && ok2:
	case n.op == Add:
		return types.AddDecimalScaled(p, n.ls, q, n.rs, n.t.Scale)
	case n.op == Sub:
		return types.AddDecimalScaled(p, n.ls, q.Negate(), n.rs, n.t.Scale)
	default:
		return p, false
	}
	p, q = x, y
	var d vec.Decimal
	switch n.op {
	case Add:
		d = p.Add(q)
	case Sub:
		d = p.Sub(q)
	case IntDiv:
		d, _ = p.Div(q)
		return d, true
	case Mod:
		_, d = p.Div(q)
	default:
		return decimal128.Num{}, false
	}
	return types.Rescale(d, s, n.t.Scale)
}
