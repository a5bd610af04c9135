package expr

import (
	"errors"
	"math"
	"math/bits"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

func compileArith(x *Arith, kids []node, fails failure) (node, error) {
	lt, rt := x.L.Type(), x.R.Type()
	a := arithNode{op: x.Op, l: kids[0], r: kids[1], t: x.T, fails: fails}
	switch {
	case lt.IsTemporal() || rt.IsTemporal():
		if lt.Kind == types.Interval {
			a.l, a.r = a.r, a.l
		}
		return &intervalNode{a}, nil
	case lt.Kind == types.Double:
		return &floatNode{a}, nil
	case lt.Kind == types.Decimal:
		d := &decimalNode{arithNode: a, ls: lt.Scale, rs: rt.Scale}
		d.fuse(x, kids)
		return d, nil
	case lt.Kind == types.UBigInt || x.Op >= BitAnd: // a BIGINT's bits are those of its two's complement
		return &uintNode{a}, nil
	}
	return &intNode{a}, nil
}

type arithNode struct {
	op    Op
	l, r  node
	t     types.Type
	fails failure
}

func (n *arithNode) operands(f *frame, sel []int32) (a, b, out *vec.Vec, err error) {
	if a, err = n.l.eval(f, sel); err != nil {
		return nil, nil, nil, err
	}
	if b, err = n.r.eval(f, sel); err != nil {
		return nil, nil, nil, err
	}
	return a, b, result(f, n.t, a, b), nil
}

// intNode computes on BIGINT. The loops notice that some row overflowed; only
// then are the rows gone through to find one that counts.
type intNode struct{ arithNode }

func (n *intNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	l, r, out, err := n.operands(f, sel)
	if err != nil {
		return nil, err
	}
	x, y, z := vec.Slice[int64](l), vec.Slice[int64](r), vec.Slice[int64](out)
	xm, ym := step(l), step(r)
	var over int64
	switch n.op {
	case Add:
		for i := range z {
			p, q := x[i&xm], y[i&ym]
			s := p + q
			over |= (p ^ s) & (q ^ s)
			z[i] = s
		}
	case Sub:
		for i := range z {
			p, q := x[i&xm], y[i&ym]
			s := p - q
			over |= (p ^ q) & (p ^ s)
			z[i] = s
		}
	case Mul:
		for i := range z {
			p, q := x[i&xm], y[i&ym]
			hi, lo := bits.Mul64(uint64(p), uint64(q))
			h := int64(hi) - p>>63&q - q>>63&p
			if h != int64(lo)>>63 {
				over = -1
			}
			z[i] = int64(lo)
		}
	default:
		return n.divide(f, out, l, r, sel)
	}
	if over < 0 {
		ownValid(out, f.Mem)
		err = active(out, sel, func(i int) error {
			if overflows(n.op, x[i&xm], y[i&ym]) {
				return n.fails.at(out, f.Mem, i, errBigInt)
			}
			return nil
		})
	}
	return out, err
}

var errBigInt = errors.New("BIGINT value is out of range")

func overflows(op Op, p, q int64) bool {
	switch op {
	case Add:
		s := p + q
		return (p^s)&(q^s) < 0
	case Sub:
		s := p - q
		return (p^q)&(p^s) < 0
	}
	hi, lo := bits.Mul64(uint64(p), uint64(q))
	return int64(hi)-p>>63&q-q>>63&p != int64(lo)>>63
}

// divide handles the operators for which a divisor of 0 gives NULL.
func (n *intNode) divide(f *frame, out, l, r *vec.Vec, sel []int32) (*vec.Vec, error) {
	x, y, z := vec.Slice[int64](l), vec.Slice[int64](r), vec.Slice[int64](out)
	xm := step(l)
	if r.Const && !l.Const && y[0] > 0 {
		n.divideConst(out, l, y[0])
		return out, nil
	}
	ym := step(r)
	ownValid(out, f.Mem)
	for i := range z {
		q := y[i&ym]
		switch {
		case q == 0:
			setNull(out, f.Mem, i)
		case q == -1:
			z[i] = 0
			if n.op == IntDiv {
				z[i] = -x[i&xm]
			}
		case n.op == Mod:
			z[i] = x[i&xm] % q
		default:
			z[i] = x[i&xm] / q
		}
	}
	if n.op == Mod {
		return out, nil
	}
	return out, active(out, sel, func(i int) error {
		if y[i&ym] == -1 && x[i&xm] == math.MinInt64 {
			return n.fails.at(out, f.Mem, i, errBigInt)
		}
		return nil
	})
}

// uintNode computes on BIGINT UNSIGNED, bit operations included.
type uintNode struct{ arithNode }

func (n *uintNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	l, r, out, err := n.operands(f, sel)
	if err != nil {
		return nil, err
	}
	x, y, z := vec.Slice[uint64](l), vec.Slice[uint64](r), vec.Slice[uint64](out)
	xm, ym := step(l), step(r)
	ownValid(out, f.Mem)
	failed := false
	for i := range z {
		v, ok, null := uintOp(n.op, x[i&xm], y[i&ym])
		z[i] = v
		failed = failed || !ok
		if null {
			setNull(out, f.Mem, i)
		}
	}
	if failed {
		err = active(out, sel, func(i int) error {
			if _, ok, _ := uintOp(n.op, x[i&xm], y[i&ym]); !ok {
				return n.fails.at(out, f.Mem, i, errors.New("BIGINT UNSIGNED value is out of range"))
			}
			return nil
		})
	}
	return out, err
}

func uintOp(op Op, p, q uint64) (v uint64, ok, null bool) {
	switch op {
	case Add:
		s, c := bits.Add64(p, q, 0)
		return s, c == 0, false
	case Sub:
		return p - q, p >= q, false
	case Mul:
		hi, lo := bits.Mul64(p, q)
		return lo, hi == 0, false
	case BitAnd:
		return p & q, true, false
	case BitOr:
		return p | q, true, false
	case BitXor:
		return p ^ q, true, false
	case ShiftLeft:
		return p << min(q, 64), true, false
	case ShiftRight:
		return p >> min(q, 64), true, false
	}
	if q == 0 {
		return 0, true, true
	}
	if op == Mod {
		return p % q, true, false
	}
	return p / q, true, false
}

// floatNode computes on DOUBLE. A result beyond DOUBLE's range is an error.
type floatNode struct{ arithNode }

func (n *floatNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	l, r, out, err := n.operands(f, sel)
	if err != nil {
		return nil, err
	}
	if n.op == IntDiv {
		return n.intDiv(f, out, l, r, sel)
	}
	x, y, z := vec.Slice[float64](l), vec.Slice[float64](r), vec.Slice[float64](out)
	xm, ym := step(l), step(r)
	var sum float64 // NaN as soon as one result is not finite
	switch {
	case n.op == Mul && r.Const && !l.Const:
		sum = scale(z, x, y[0])
		return n.finite(f, out, sum, sel)
	case n.op == Mul && l.Const && !r.Const:
		sum = scale(z, y, x[0])
		return n.finite(f, out, sum, sel)
	}
	switch n.op {
	case Add:
		for i := range z {
			z[i] = x[i&xm] + y[i&ym]
			sum += z[i] * 0
		}
	case Sub:
		for i := range z {
			z[i] = x[i&xm] - y[i&ym]
			sum += z[i] * 0
		}
	case Mul:
		for i := range z {
			z[i] = x[i&xm]*y[i&ym] + 0 // -0 becomes +0
			sum += z[i] * 0
		}
	default:
		ownValid(out, f.Mem)
		for i := range z {
			q := y[i&ym]
			if q == 0 {
				z[i] = 0
				setNull(out, f.Mem, i)
				continue
			}
			if n.op == Mod {
				z[i] = math.Mod(x[i&xm], q) + 0
			} else {
				z[i] = x[i&xm]/q + 0
			}
			sum += z[i] * 0
		}
	}
	return n.finite(f, out, sum, sel)
}

// scale writes c times each value, and returns NaN where one is not finite.
func scale(z, x []float64, c float64) float64 {
	var sum float64
	x = x[:len(z)]
	for i := range z {
		v := x[i]*c + 0 // -0 becomes +0
		z[i] = v
		sum += v * 0
	}
	return sum
}

// finite looks for the rows that have no value where sum is not 0.
func (n *floatNode) finite(f *frame, out *vec.Vec, sum float64, sel []int32) (*vec.Vec, error) {
	if sum == 0 {
		return out, nil
	}
	z := vec.Slice[float64](out)
	ownValid(out, f.Mem)
	return out, active(out, sel, func(i int) error {
		if math.IsInf(z[i], 0) || math.IsNaN(z[i]) {
			return n.fails.at(out, f.Mem, i, errors.New("DOUBLE value is out of range"))
		}
		return nil
	})
}

func (n *floatNode) intDiv(f *frame, out, l, r *vec.Vec, sel []int32) (*vec.Vec, error) {
	x, y, z := vec.Slice[float64](l), vec.Slice[float64](r), vec.Slice[int64](out)
	xm, ym := step(l), step(r)
	ownValid(out, f.Mem)
	for i := range z {
		if y[i&ym] == 0 {
			setNull(out, f.Mem, i)
			continue
		}
		z[i] = int64(math.Trunc(x[i&xm] / y[i&ym]))
	}
	return out, active(out, sel, func(i int) error {
		if q := x[i&xm] / y[i&ym]; !(math.Abs(q) < 1<<63) {
			return n.fails.at(out, f.Mem, i, errBigInt)
		}
		return nil
	})
}

// negNode is unary minus.
type negNode struct {
	arg   node
	fails failure
}

func (n *negNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	a, err := n.arg.eval(f, sel)
	if err != nil {
		return nil, err
	}
	out := result(f, a.Type, a, a)
	switch a.Type.Layout() {
	case types.Float64:
		x, z := vec.Slice[float64](a), vec.Slice[float64](out)
		for i := range z {
			z[i] = 0 - x[i]
		}
	case types.Int128:
		x, z := vec.Slice[vec.Decimal](a), vec.Slice[vec.Decimal](out)
		for i := range z {
			z[i] = x[i].Negate()
		}
	default:
		x, z := vec.Slice[int64](a), vec.Slice[int64](out)
		for i := range z {
			z[i] = -x[i]
		}
		ownValid(out, f.Mem)
		err = active(out, sel, func(i int) error {
			if x[i*-step(a)] == math.MinInt64 {
				return n.fails.at(out, f.Mem, i, errBigInt)
			}
			return nil
		})
	}
	return out, err
}

type bitNotNode struct{ arg node }

func (n *bitNotNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	a, err := n.arg.eval(f, sel)
	if err != nil {
		return nil, err
	}
	out := result(f, types.Of(types.UBigInt), a, a)
	x, z := vec.Slice[uint64](a), vec.Slice[uint64](out)
	for i := range z {
		z[i] = ^x[i]
	}
	return out, nil
}
