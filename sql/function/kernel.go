package function

import (
	"errors"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Types of parameters and results, by short names for the lists of functions.
var (
	Text      = types.Of(types.Varchar)
	Bytes     = types.Of(types.Binary)
	Int       = types.Of(types.BigInt)
	Uint      = types.Of(types.UBigInt)
	Float     = types.Of(types.Double)
	Bool      = types.Of(types.Boolean)
	Date      = types.Of(types.Date)
	Time      = types.Of(types.Time)
	Timestamp = types.Of(types.Timestamp)
	Moment    = types.TimestampLTZ(types.MaxFraction, nil)
	JSON      = types.Of(types.JSON)
	Numeric   = types.DecimalOf(types.MaxPrecision, 0) // a DECIMAL of any precision and scale
	Any       = types.Of(types.Null)
)

// Params makes parameters of types.
func Params(ts ...types.Type) []Param {
	out := make([]Param, len(ts))
	for i, t := range ts {
		out[i] = Param{Type: t}
	}
	return out
}

// Always returns the same result type for any arguments.
func Always(t types.Type) func([]types.Type) types.Type {
	return func([]types.Type) types.Type { return t }
}

// Each calls f for each row that counts and has no NULL argument. f's error goes
// through c.Failed.
func (c *Call) Each(f func(row int) error) error {
	one := func(row int) error {
		if c.Valid != nil && !vec.GetBit(c.Valid, row) {
			return nil
		}
		if err := f(row); err != nil {
			return c.Failed(row, err)
		}
		return nil
	}
	if c.Sel != nil {
		for _, row := range c.Sel {
			if err := one(int(row)); err != nil {
				return err
			}
		}
		return nil
	}
	for row := range c.Rows {
		if err := one(row); err != nil {
			return err
		}
	}
	return nil
}

// MaxText is the longest text that a function may make (MySQL's
// max_allowed_packet), in bytes; maxColumn bounds all texts of a batch together.
const (
	MaxText   = 16 << 20
	maxColumn = 1 << 30
)

// ErrTooLong says that a text would be longer than MaxText. A function that can
// tell beforehand returns it before it makes the text.
var ErrTooLong = errors.New("the result is longer than 16 MiB")

// textRoom guesses the bytes of a result from those of the arguments, so that few
// columns outgrow their buffer.
func textRoom(c *Call, args []*vec.Vec) int {
	n := 0
	for _, a := range args {
		switch {
		case a.Offsets == nil:
		case a.Const:
			n += min(len(a.Bytes(0)), 16) * c.Rows
		case c.Sel == nil:
			n += int(a.Offsets[a.Len] - a.Offsets[0])
		}
	}
	return min(max(n, 16*c.Rows), maxColumn/64)
}

// Texts makes a kernel of a text result from a function that appends a row's value
// to dst, or returns ok false for NULL. A value longer than MaxText is an error.
func Texts(f func(c *Call, dst []byte, args []*vec.Vec, row int) (out []byte, ok bool, err error)) Kernel {
	return func(c *Call, args []*vec.Vec) (*vec.Vec, error) {
		out := vec.New(c.Mem, c.Returns, c.Rows)
		var valid []uint64
		data := c.Mem.Alloc(textRoom(c, args))[:0]
		done, full := 0, false // offsets are written up to done
		err := c.Each(func(row int) error {
			if full {
				return nil
			}
			for ; done < row; done++ {
				out.Offsets[done+1] = int32(len(data))
			}
			next, ok, err := f(c, data, args, row)
			if err != nil {
				return err
			}
			if len(next)-len(data) > MaxText {
				return ErrTooLong
			}
			if len(next) > maxColumn {
				full = true
				return nil
			}
			data = next
			if !ok {
				valid = clearBit(c, valid, row)
			}
			return nil
		})
		for ; done < c.Rows; done++ {
			out.Offsets[done+1] = int32(len(data))
		}
		out.Data, out.Valid = data, valid
		if err == nil && full {
			err = errors.New("the texts of one batch are longer than 1 GiB together")
		}
		return out, err
	}
}

// Built makes a kernel from a function that appends a row's value of any type to out.
func Built(f func(c *Call, out *vec.Builder, args []*vec.Vec, row int) error) Kernel {
	return func(c *Call, args []*vec.Vec) (*vec.Vec, error) {
		out := vec.NewBuilder(c.Returns)
		err := c.Each(func(row int) error {
			for out.Len() < row {
				out.AppendNull()
			}
			err := f(c, out, args, row)
			if err == nil && out.Size() > maxColumn {
				err = errors.New("the values of one batch are longer than 1 GiB together")
			}
			if err != nil {
				out.Truncate(row)
			}
			return err
		})
		for out.Len() < c.Rows {
			out.AppendNull()
		}
		return out.Vec(), err
	}
}

func clearBit(c *Call, valid []uint64, row int) []uint64 {
	if valid == nil {
		valid = vec.AllocWords(c.Mem, c.Rows)
		for i := range valid {
			valid[i] = ^uint64(0)
		}
	}
	vec.SetBit(valid, row, false)
	return valid
}

// Fixed makes a kernel of a fixed-width result from a function of a row; ok false
// is NULL.
func Fixed[T vec.Fixed](f func(c *Call, args []*vec.Vec, row int) (v T, ok bool, err error)) Kernel {
	return func(c *Call, args []*vec.Vec) (*vec.Vec, error) {
		out := vec.New(c.Mem, c.Returns, c.Rows)
		values := vec.Slice[T](out)
		err := c.Each(func(row int) error {
			v, ok, err := f(c, args, row)
			if err != nil {
				return err
			}
			if !ok {
				out.Valid = clearBit(c, out.Valid, row)
			}
			values[row] = v
			return nil
		})
		return out, err
	}
}

// Bools makes a kernel of a BOOLEAN result from a function of a row.
func Bools(f func(c *Call, args []*vec.Vec, row int) (bool, error)) Kernel {
	return func(c *Call, args []*vec.Vec) (*vec.Vec, error) {
		out := vec.New(c.Mem, c.Returns, c.Rows)
		words := out.Bits()
		clear(words)
		err := c.Each(func(row int) error {
			v, err := f(c, args, row)
			if v {
				words[row>>6] |= 1 << (row & 63)
			}
			return err
		})
		return out, err
	}
}

// IntAt returns the row's BIGINT.
func IntAt(v *vec.Vec, row int) int64 { return vec.Slice[int64](v)[v.At(row)] }

// FloatAt returns the row's DOUBLE.
func FloatAt(v *vec.Vec, row int) float64 { return vec.Slice[float64](v)[v.At(row)] }

// DecimalAt returns the row's DECIMAL.
func DecimalAt(v *vec.Vec, row int) vec.Decimal { return vec.Slice[vec.Decimal](v)[v.At(row)] }
