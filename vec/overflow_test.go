package vec_test

import (
	"errors"
	"testing"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Offsets never wrap: a column of more than 2 GiB of text is refused when it is made.
func TestTooMuchTextForAColumn(t *testing.T) {
	refused := func(what string, f func()) {
		defer func() {
			err, _ := recover().(error)
			var o *vec.Overflow
			if !errors.As(err, &o) {
				t.Errorf("%s: got %v", what, err)
			}
		}()
		f()
	}
	b := vec.NewBuilder(types.Of(types.Varchar))
	b.EndBytes(make([]byte, 1<<31)) // never written, so it costs no memory
	refused("building", func() { b.Vec() })
	refused("taking back", func() { b.AppendNull(); b.Truncate(1) })

	b = vec.NewBuilder(types.Of(types.Varchar))
	b.EndBytes(make([]byte, 16<<20))
	v := b.Vec()
	var m vec.Mem
	refused("gathering", func() { vec.Gather(&m, v, make([]int32, 128)) })
	if got := vec.Gather(&m, v, make([]int32, 2)); len(got.Data) != 32<<20 {
		t.Errorf("%d bytes", len(got.Data))
	}
}
