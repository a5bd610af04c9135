package expr

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// callNode calls a scalar function.
type callNode struct {
	call  *Call
	args  []node
	vecs  []*vec.Vec
	fails failure

	stability function.Stability
}

func newCallNode(x *Call, kids []node, fails failure) *callNode {
	return &callNode{
		call: x, args: kids, vecs: make([]*vec.Vec, len(kids)), fails: fails, stability: x.Func.StabilityOf(x.Overload),
	}
}

func (n *callNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	rows := f.b.Len
	allConst := len(n.args) > 0 && n.stability == function.Pure
	for i, a := range n.args {
		v, err := a.eval(f, sel)
		if err != nil {
			return nil, err
		}
		n.vecs[i] = v
		allConst = allConst && v.Const
	}
	if allConst { // computed once, for all rows
		if rows == 0 || sel != nil && len(sel) == 0 {
			return vec.NullConst(n.call.T, rows), nil
		}
		for i, v := range n.vecs {
			n.vecs[i] = v.WithLen(1)
		}
		v, err := n.run(f, 1, nil)
		if err != nil {
			return nil, err
		}
		one := *v
		one.Const = true
		return one.WithLen(rows), nil
	}
	return n.run(f, rows, sel)
}

func (n *callNode) run(f *frame, rows int, sel []int32) (*vec.Vec, error) {
	var valid []uint64
	if !n.call.Overload.NullCall {
		for _, v := range n.vecs {
			valid = vec.AndValid(f.Mem, valid, vec.FullValid(f.Mem, v), rows)
		}
	}
	var failed []int
	c := &function.Call{
		Mem: f.Mem, Rows: rows, Sel: sel, Valid: valid, Returns: n.call.T, Now: f.Now, Seed: f.Seed + uint64(n.call.Draw),
		Failed: func(row int, err error) error {
			if !n.fails.errNull {
				return &Error{n.fails.expr.String(), err}
			}
			failed = append(failed, row)
			return nil
		},
	}
	v, err := n.call.Overload.Eval(c, n.vecs)
	if err != nil {
		return nil, err
	}
	out := *v
	if out.Valid == nil || !n.call.Overload.NullCall {
		if v.Const && valid != nil {
			out = *vec.Flatten(f.Mem, v)
		}
		out.Valid = vec.AndValid(f.Mem, vec.FullValid(f.Mem, v), valid, rows)
	}
	if len(failed) > 0 {
		ownValid(&out, f.Mem)
		for _, row := range failed {
			setNull(&out, f.Mem, row)
		}
	}
	return &out, nil
}
