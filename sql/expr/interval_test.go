package expr_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A column that is moved as a whole is what its rows are by themselves, at the ends of the range
// and beside NULL: a row that would leave it is found.
func TestShift(t *testing.T) {
	at := types.Of(types.Timestamp)
	for _, c := range []struct {
		by       int64
		from     []int64
		overflow bool
	}{
		{1, []int64{types.MinTimestamp, 0, types.EndTimestamp - 2}, false},
		{1, []int64{0, types.EndTimestamp - 1}, true},
		{-1, []int64{types.MinTimestamp + 1, types.EndTimestamp - 1}, false},
		{-1, []int64{types.MinTimestamp, 0}, true},
		{1 << 62, []int64{0}, true},
	} {
		b := zset.NewBuilder(sample.Schema(at))
		for _, v := range c.from {
			vec.Append(b.Cols[0], v)
			b.EndRow()
		}
		b.Cols[0].AppendNull()
		b.EndRow()
		rows := b.Build()
		p, err := expr.Compile(&expr.Arith{Op: expr.Add, L: &expr.Column{Field: rows.Schema.Fields[0]}, R: expr.Micros(c.by), T: at}, false)
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.Eval(&expr.Context{Mem: new(vec.Mem)}, rows, nil)
		if (err != nil) != c.overflow {
			t.Errorf("%d moved by %d: %v", c.from, c.by, err)
		}
		if err != nil {
			continue
		}
		for i, v := range c.from {
			if got := vec.Int(out, i); got != v+c.by || out.IsNull(i) {
				t.Errorf("%d moved by %d is %d", v, c.by, got)
			}
		}
		if !out.IsNull(len(c.from)) {
			t.Error("NULL is moved")
		}
	}
}
