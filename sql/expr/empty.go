package expr

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// Empty returns what an aggregate gives for no rows.
func Empty(b *function.Bound) (*Literal, error) {
	out := vec.NewBuilder(b.Returns)
	if b.Slot == nil {
		end := func() ([]*vec.Vec, int, int64) { return nil, 0, 0 }
		if err := b.Fold.Value(end, out); err != nil {
			return nil, err
		}
		return LiteralAt(out.Vec(), 0), nil
	}
	zero := make([]byte, b.Slot.Width()+8)
	rows := vec.RowsOver(zero, b.Slot.Width())
	if err := b.Slot.Value(rows, []int32{0}, out); err != nil {
		return nil, err
	}
	return LiteralAt(out.Vec(), 0), nil
}
