package function

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

var (
	errEmpty  = errors.New("there is no value")
	errMany   = errors.New("there are several values")
	errNested = errors.New("an array or object is no such value")
)

// Append appends the value that the path led to, nil for none, or what stands in its place;
// many says that the value is an array of several.
func (c *JSONColumn) Append(b *vec.Builder, value []byte, many bool) error {
	if value == nil {
		return c.otherwise(b, c.OnEmpty, errEmpty)
	}
	before := b.Len()
	err := c.convert(b, value, many)
	if err == nil {
		return nil
	}
	b.Truncate(before)
	return c.otherwise(b, c.OnError, err)
}

func (c *JSONColumn) otherwise(b *vec.Builder, o JSONOtherwise, err error) error {
	switch {
	case o.Fail:
		return err
	case o.Default != nil:
		b.AppendRow(o.Default, 0)
	default:
		b.AppendNull()
	}
	return nil
}

func (c *JSONColumn) convert(b *vec.Builder, value []byte, many bool) error {
	switch k := c.Type.Kind; {
	case k == types.JSON:
		b.AppendBytes(value)
		return nil
	case jsonpath.IsNull(value):
		b.AppendNull()
		return nil
	case c.Type.IsNested():
		return c.Convert(b, value)
	case many:
		return errMany
	case jsonpath.IsArray(value), jsonpath.IsObject(value):
		return errNested
	case k == types.Varchar:
		return c.text(b, value)
	case c.Type.IsInteger() && !c.Type.IsUnsigned():
		// Most are short numbers, for which a CAST would take longer.
		if n, err := strconv.ParseInt(string(value), 10, 64); err == nil && vec.AppendInt(b, n) {
			return nil
		}
	}
	return c.Convert(b, value)
}

// text appends the text of a string, number, true or false. One that is too long for the
// type does not convert.
func (c *JSONColumn) text(b *vec.Builder, value []byte) error {
	data := b.Tail()
	from := len(data)
	if jsonpath.IsString(value) {
		data = jsonpath.Unquote(data, value)
	} else {
		data = append(data, value...)
	}
	b.EndBytes(data)
	if n := c.Type.Length; n > 0 && len(data)-from > n && utf8.RuneCount(data[from:]) > n {
		return fmt.Errorf("%d characters are too long for %s", utf8.RuneCount(data[from:]), c.Type)
	}
	return nil
}

// JSONReturning is JSON_VALUE(doc, 'path' RETURNING type … ON EMPTY … ON ERROR): of a
// document what a column of JSON_TABLE has. Its second argument is the text of the column,
// by which calls differ.
func JSONReturning(c *JSONColumn) (*Scalar, error) {
	path, err := jsonpath.Parse(c.Path)
	if err != nil {
		return nil, err
	}
	return &Scalar{Name: "json_value", Made: c, Overloads: []Overload{{
		Args: Params(JSON, Text), Returns: Always(c.Type),
		Eval: Built(func(_ *Call, out *vec.Builder, args []*vec.Vec, row int) error {
			value, many, err := path.Value(args[0].Bytes(row))
			if err != nil {
				return err
			}
			return c.Append(out, value, many)
		}),
	}}}, nil
}
