package expr

import (
	"bytes"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// compareNode compares two columns of one type into a bitmap.
type compareNode struct {
	op   Op
	l, r node
}

func (n *compareNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	l, err := n.l.eval(f, sel)
	if err != nil {
		return nil, err
	}
	r, err := n.r.eval(f, sel)
	if err != nil {
		return nil, err
	}
	if n.op == NullSafeEq {
		return nullSafe(f, l, r), nil
	}
	out := result(f, boolean, l, r)
	compareInto(n.op, l, r, out)
	return out, nil
}

func nullSafe(f *frame, l, r *vec.Vec) *vec.Vec {
	out := vec.New(f.Mem, boolean, f.b.Len)
	words := out.Bits()
	clear(words)
	for i := range f.b.Len {
		if zset.CompareValues(l, i, r, i) == 0 {
			words[i>>6] |= 1 << (i & 63)
		}
	}
	return out
}

// compareInto writes the comparison of each row as a bit; rows under NULL hold
// anything.
func compareInto(op Op, l, r, out *vec.Vec) {
	switch op {
	case Gt:
		op, l, r = Lt, r, l
	case Ge:
		op, l, r = Le, r, l
	}
	words, n := out.Bits(), out.Rows()
	switch l.Type.Layout() {
	case types.Int8:
		compareFixed[int8](op, l, r, words, n)
	case types.Int16:
		compareFixed[int16](op, l, r, words, n)
	case types.Int32:
		compareFixed[int32](op, l, r, words, n)
	case types.Int64:
		compareFixed[int64](op, l, r, words, n)
	case types.Uint8:
		compareFixed[uint8](op, l, r, words, n)
	case types.Uint16:
		compareFixed[uint16](op, l, r, words, n)
	case types.Uint32:
		compareFixed[uint32](op, l, r, words, n)
	case types.Uint64:
		compareFixed[uint64](op, l, r, words, n)
	case types.Float32:
		compareFixed[float32](op, l, r, words, n)
	case types.Float64:
		compareFixed[float64](op, l, r, words, n)
	default:
		compareSlow(op, l, r, words, n)
	}
	if op == Ne {
		for i := range words {
			words[i] = ^words[i]
		}
	}
}

type ordered interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// compareFixed does Eq (for Ne too), Lt and Le.
func compareFixed[T ordered](op Op, l, r *vec.Vec, words []uint64, n int) {
	x, y := vec.Slice[T](l), vec.Slice[T](r)
	for w := range words {
		from := w << 6
		to := min(from+64, n)
		switch {
		case l.Const && r.Const:
			words[w] = compareColumns(op, x[:1], y[:1])
		case r.Const:
			words[w] = compareConst(op, x[from:to], y[0])
		case l.Const:
			words[w] = constCompare(op, x[0], y[from:to])
		default:
			words[w] = compareColumns(op, x[from:to], y[from:to])
		}
	}
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// compareColumns compares up to 64 rows. Bits are set without a branch, which would
// be guessed wrong as often as the data is mixed.
func compareColumns[T ordered](op Op, x, y []T) (bits uint64) {
	y = y[:len(x)]
	switch op {
	case Lt:
		for i := range x {
			bits |= bit(x[i] < y[i]) << (i & 63)
		}
	case Le:
		for i := range x {
			bits |= bit(x[i] <= y[i]) << (i & 63)
		}
	default:
		for i := range x {
			bits |= bit(x[i] == y[i]) << (i & 63)
		}
	}
	return bits
}

func compareConst[T ordered](op Op, x []T, c T) (bits uint64) {
	switch op {
	case Lt:
		for i := range x {
			bits |= bit(x[i] < c) << (i & 63)
		}
	case Le:
		for i := range x {
			bits |= bit(x[i] <= c) << (i & 63)
		}
	default:
		for i := range x {
			bits |= bit(x[i] == c) << (i & 63)
		}
	}
	return bits
}

func constCompare[T ordered](op Op, c T, y []T) (bits uint64) {
	switch op {
	case Lt:
		for i := range y {
			bits |= bit(c < y[i]) << (i & 63)
		}
	case Le:
		for i := range y {
			bits |= bit(c <= y[i]) << (i & 63)
		}
	default:
		for i := range y {
			bits |= bit(c == y[i]) << (i & 63)
		}
	}
	return bits
}

func compareSlow(op Op, l, r *vec.Vec, words []uint64, n int) {
	clear(words)
	text := l.Type.Layout() == types.Bytes
	for i := range n {
		var c int
		if text && (op == Eq || op == Ne) {
			if !bytes.Equal(l.Bytes(i), r.Bytes(i)) {
				c = 1
			}
		} else if !l.IsNull(i) && !r.IsNull(i) {
			c = zset.CompareValues(l, i, r, i)
		}
		if c == 0 && op != Lt || c < 0 && (op == Lt || op == Le) {
			words[i>>6] |= 1 << (i & 63)
		}
	}
}
