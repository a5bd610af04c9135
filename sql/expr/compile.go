package expr

import (
	"fmt"
	"math/bits"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A Context is what an evaluation may use.
type Context struct {
	Mem  *vec.Mem // for results
	Now  int64    // the epoch's clock, microseconds since 1970-01-01 UTC
	Seed uint64   // the epoch's randomness
}

// An Error says that an expression has no value on a row.
type Error struct {
	Expr string
	Err  error
}

// Error names the expression.
func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Expr, e.Err) }

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Err }

// A Program evaluates an expression over batches. It keeps scratch memory and so
// serves one goroutine.
type Program struct{ root node }

// Compile makes a Program. With errNull, rows that cannot be computed are NULL
// instead of an error.
func Compile(e Expr, errNull bool) (*Program, error) {
	n, err := compile(e, errNull)
	if err != nil {
		return nil, err
	}
	return &Program{n}, nil
}

// Eval computes the expression for every row of b, or at least for those in sel:
// other rows then hold anything and raise no error. The result is good until the
// next Eval or until c.Mem is released; it may be constant, and a bare column is
// the input's own.
func (p *Program) Eval(c *Context, b *zset.Batch, sel []int32) (*vec.Vec, error) {
	return p.root.eval(&frame{c, b}, sel)
}

// A frame is one evaluation.
type frame struct {
	*Context
	b *zset.Batch
}

// A node is a compiled expression.
type node interface {
	eval(f *frame, sel []int32) (*vec.Vec, error)
}

func compileAll(es []Expr, errNull bool) ([]node, error) {
	out := make([]node, len(es))
	for i, e := range es {
		n, err := compile(e, errNull)
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

func compile(e Expr, errNull bool) (node, error) {
	kids, err := compileAll(e.Children(), errNull)
	if err != nil {
		return nil, err
	}
	fails := failure{e, errNull}
	switch x := e.(type) {
	case *Column:
		return columnNode(x.Index), nil
	case *Literal:
		return newLiteralNode(x), nil
	case *Compare:
		return &compareNode{x.Op, kids[0], kids[1]}, nil
	case *Arith:
		return compileArith(x, kids, fails)
	case *Neg:
		return &negNode{kids[0], fails}, nil
	case *BitNot:
		return &bitNotNode{kids[0]}, nil
	case *And:
		return &logicNode{kids, CanFailLater(x.Args), false}, nil
	case *Or:
		return &logicNode{kids, CanFailLater(x.Args), true}, nil
	case *Not:
		return &notNode{kids[0]}, nil
	case *IsNull:
		return &isNullNode{kids[0], x.Negated}, nil
	case *IsTruth:
		return &isTruthNode{kids[0], x.Want, x.Negated}, nil
	case *In:
		return newInNode(x, kids), nil
	case *Like:
		return newLikeNode(x, kids), nil
	case *Regexp:
		return &regexpNode{arg: kids[0], pattern: kids[1], negated: x.Negated, fails: fails}, nil
	case *Case:
		return newCaseNode(x, kids), nil
	case *Cast:
		return compileCast(x, kids[0], fails), nil
	case *Call:
		return newCallNode(x, kids, fails), nil
	}
	return nil, fmt.Errorf("%s: no evaluation for %T", e, e)
}

// CanFailLater reports that an argument behind the first may raise an error, so
// that it must be kept to the rows which the earlier ones leave.
func CanFailLater(args []Expr) bool {
	for _, a := range args[1:] {
		if CanFail(a) {
			return true
		}
	}
	return false
}

type columnNode int

func (n columnNode) eval(f *frame, _ []int32) (*vec.Vec, error) { return f.b.Cols[n], nil }

type literalNode struct{ v *vec.Vec }

func newLiteralNode(l *Literal) *literalNode {
	if l.Value == nil {
		return &literalNode{vec.NullConst(l.T, 1)}
	}
	b := vec.NewBuilder(l.T)
	AppendLiteral(b, l)
	v := *b.Vec()
	v.Const = true
	return &literalNode{&v}
}

func (n *literalNode) eval(f *frame, _ []int32) (*vec.Vec, error) { return n.v.WithLen(f.b.Len), nil }

// AppendLiteral appends a constant to a builder of its type.
func AppendLiteral(b *vec.Builder, l *Literal) {
	switch v := l.Value.(type) {
	case nil:
		b.AppendNull()
	case bool:
		b.AppendBool(v)
	case int64:
		vec.AppendInt(b, v)
	case uint64:
		vec.AppendUint(b, v)
	case float64:
		if l.T.Kind == types.Float {
			vec.Append(b, float32(v))
		} else {
			vec.Append(b, v)
		}
	case types.DecimalValue:
		vec.Append(b, v)
	case vec.IntervalValue:
		vec.Append(b, v)
	case string:
		b.AppendString(v)
	}
}

// LiteralAt returns the constant that a row of a vector holds.
func LiteralAt(v *vec.Vec, row int) *Literal {
	l := &Literal{T: v.Type}
	if v.IsNull(row) {
		return l
	}
	at := v.At(row)
	switch v.Type.Layout() {
	case types.Bits:
		l.Value = v.Bool(row)
	case types.Bytes:
		l.Value = string(v.Bytes(row))
	case types.Float32:
		l.Value = float64(vec.Slice[float32](v)[at])
	case types.Float64:
		l.Value = vec.Slice[float64](v)[at]
	case types.Int128:
		if v.Type.Kind == types.Interval {
			l.Value = vec.Slice[vec.IntervalValue](v)[at]
		} else {
			l.Value = vec.Slice[vec.Decimal](v)[at]
		}
	default:
		if v.Type.IsUnsigned() {
			l.Value = vec.Uint(v, at)
		} else {
			l.Value = vec.Int(v, at)
		}
	}
	return l
}

// EvalConst computes an expression that reads no column.
func EvalConst(e Expr) (*Literal, error) {
	p, err := Compile(e, false)
	if err != nil {
		return nil, err
	}
	v, err := p.Eval(&Context{Mem: new(vec.Mem)}, &zset.Batch{Schema: types.NewSchema(), Len: 1}, nil)
	if err != nil {
		return nil, err
	}
	return LiteralAt(v.Retyped(e.Type()), 0), nil
}

// A failure decides what becomes of rows that have no value.
type failure struct {
	expr    Expr
	errNull bool
}

// at reports a row without a value: it makes the row NULL, or returns the error.
func (f failure) at(out *vec.Vec, m *vec.Mem, row int, err error) error {
	if !f.errNull {
		return &Error{f.expr.String(), err}
	}
	setNull(out, m, row)
	return nil
}

// setNull clears a row's validity, with a bitmap of the vector's own.
func setNull(out *vec.Vec, m *vec.Mem, row int) {
	if out.Valid == nil {
		out.Valid = vec.AllocWords(m, out.Len)
		for i := range out.Valid {
			out.Valid[i] = ^uint64(0)
		}
	}
	vec.SetBit(out.Valid, row, false)
}

// ownValid gives the vector a copy of its validity, so that rows may be cleared.
func ownValid(out *vec.Vec, m *vec.Mem) {
	if out.Valid != nil {
		w := vec.AllocWords(m, out.Len)
		copy(w, out.Valid)
		out.Valid = w
	}
}

// active calls fn for the rows in sel (all of them when nil) that are not NULL, and
// for row 0 alone where the output is constant.
func active(out *vec.Vec, sel []int32, fn func(row int) error) error {
	if out.Const { // one value, needed if any row is
		if sel != nil && len(sel) == 0 || out.Len == 0 || out.IsNull(0) {
			return nil
		}
		return fn(0)
	}
	if sel != nil {
		for _, row := range sel {
			if !out.IsNull(int(row)) {
				if err := fn(int(row)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if out.Valid == nil {
		for row := range out.Rows() {
			if err := fn(row); err != nil {
				return err
			}
		}
		return nil
	}
	for i, w := range out.Valid[:vec.Words(out.Rows())] {
		for ; w != 0; w &= w - 1 {
			row := i<<6 + bits.TrailingZeros64(w)
			if row >= out.Rows() {
				break
			}
			if err := fn(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// result makes the vector of a binary kernel: constant where both operands are,
// NULL where one of them is.
func result(f *frame, t types.Type, a, b *vec.Vec) *vec.Vec {
	if a.Const && b.Const {
		out := vec.New(f.Mem, t, 1)
		out.Const, out.Len = true, f.b.Len
		if a.IsNull(0) || b.IsNull(0) {
			out.Valid = vec.AllocWords(f.Mem, 1)
		}
		return out
	}
	out := vec.New(f.Mem, t, f.b.Len)
	out.Valid = vec.AndValid(f.Mem, vec.FullValid(f.Mem, a), vec.FullValid(f.Mem, b), f.b.Len)
	return out
}

// step is what an index is masked with: 0 keeps a constant at its one value.
func step(v *vec.Vec) int {
	if v.Const {
		return 0
	}
	return -1
}
