package scalar

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// The chapters of docs/functions.md.
const (
	ofText      = "string"
	ofNumber    = "numeric"
	ofTime      = "time"
	ofJSON      = "json"
	ofCondition = "conditional"
	ofHash      = "hash"
)

// A textRow appends a row's text to dst; ok false is NULL.
type textRow = func(c *function.Call, dst []byte, args []*vec.Vec, row int) (out []byte, ok bool, err error)

// An intRow and the like compute a row's value.
type (
	intRow   = func(c *function.Call, args []*vec.Vec, row int) (v int64, ok bool, err error)
	floatRow = func(c *function.Call, args []*vec.Vec, row int) (v float64, ok bool, err error)
	boolRow  = func(c *function.Call, args []*vec.Vec, row int) (bool, error)
)

func textOf(f textRow, args ...types.Type) function.Overload {
	return function.Overload{Args: function.Params(args...), Returns: function.Always(function.Text), Eval: function.Texts(f)}
}

func bytesOf(f textRow, args ...types.Type) function.Overload {
	return function.Overload{Args: function.Params(args...), Returns: function.Always(function.Bytes), Eval: function.Texts(f)}
}

func intOf(f intRow, args ...types.Type) function.Overload {
	return function.Overload{Args: function.Params(args...), Returns: function.Always(function.Int), Eval: function.Fixed(f)}
}

func floatOf(f floatRow, args ...types.Type) function.Overload {
	return function.Overload{Args: function.Params(args...), Returns: function.Always(function.Float), Eval: function.Fixed(f)}
}

func boolOf(f boolRow, args ...types.Type) function.Overload {
	return function.Overload{Args: function.Params(args...), Returns: function.Always(function.Bool), Eval: function.Bools(f)}
}

// first returns the type of the first argument.
func first(args []types.Type) types.Type { return args[0] }

// plain is the common text function: one that neither fails nor gives NULL.
func plain(f func(dst, s []byte) []byte) textRow {
	return func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		return f(dst, args[0].Bytes(row)), true, nil
	}
}

// measure is a whole number that is read off a text.
func measure(f func(s []byte) int64) intRow {
	return func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		return f(args[0].Bytes(row)), true, nil
	}
}

// intAt returns a row of a BIGINT argument.
func intAt(args []*vec.Vec, i, row int) int64 { return function.IntAt(args[i], row) }
