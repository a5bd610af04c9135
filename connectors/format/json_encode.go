package format

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// jsonEncoder writes rows as objects, members in the order of the columns.
type jsonEncoder struct {
	names  [][]byte // `"name":`, with the comma before it from the second on
	quoted bool     // DECIMAL and BIGINT in quotes
}

func newJSONEncoder(t *connectors.Table, columns *types.Schema) (Encoder, error) {
	e := &jsonEncoder{quoted: t.Options.Get("decimal.format") == "string"}
	for i, f := range columns.Fields {
		var n []byte
		if i > 0 {
			n = append(n, ',')
		}
		e.names = append(e.names, append(appendJSONString(n, f.Name), ':'))
	}
	return e, nil
}

// Encode implements Encoder.
func (e *jsonEncoder) Encode(dst []byte, b *zset.Batch, row int) ([]byte, error) {
	dst = append(dst, '{')
	for i, c := range b.Cols {
		dst = append(dst, e.names[i]...)
		var err error
		if dst, err = e.value(dst, c, row); err != nil {
			return dst, fmt.Errorf("column %s: %w", b.Schema.Fields[i].Name, err)
		}
	}
	return append(dst, '}'), nil
}

var errNotFinite = errors.New("JSON has no NaN or infinity")

func (e *jsonEncoder) value(dst []byte, c *vec.Vec, row int) ([]byte, error) {
	if c.IsNull(row) {
		return append(dst, "null"...), nil
	}
	at := c.At(row)
	switch c.Type.Kind {
	case types.Varchar:
		return appendJSONText(dst, c.Bytes(row)), nil
	case types.JSON:
		return append(dst, c.Bytes(row)...), nil
	case types.BigInt:
		if !e.quoted {
			return strconv.AppendInt(dst, vec.Slice[int64](c)[at], 10), nil
		}
	case types.Decimal, types.UBigInt:
		if !e.quoted {
			return vec.AppendText(dst, c, row), nil
		}
	case types.Double:
		f := vec.Slice[float64](c)[at]
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return dst, errNotFinite
		}
		return vec.AppendFloat(dst, f, 64), nil
	case types.Float:
		f := float64(vec.Slice[float32](c)[at])
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return dst, errNotFinite
		}
		return vec.AppendFloat(dst, f, 32), nil
	case types.Binary:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, c.Bytes(row))
		return append(dst, '"'), nil
	case types.Array, types.Map, types.Row:
		return e.nested(dst, c, row)
	case types.Date, types.Time, types.Timestamp:
	default:
		return vec.AppendText(dst, c, row), nil
	}
	dst = append(dst, '"')
	dst = AppendText(dst, c, row)
	return append(dst, '"'), nil
}

// nested appends an array, or an object of keys or fields.
func (e *jsonEncoder) nested(dst []byte, c *vec.Vec, row int) ([]byte, error) {
	t := c.Type
	parts := make([]*vec.Builder, 0, 2)
	for _, p := range vec.Parts(t) {
		parts = append(parts, vec.NewBuilder(p))
	}
	n := c.AppendParts(row, parts)
	values, names := make([]*vec.Vec, len(parts)), "{}"
	for i, p := range parts {
		values[i] = p.Vec()
	}
	if t.Kind == types.Array {
		names = "[]"
	}
	if t.Kind == types.Row {
		n = len(parts)
	}
	dst = append(dst, names[0])
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		value, at := values[len(values)-1], i
		switch t.Kind {
		case types.Map:
			dst = append(appendJSONString(dst, vec.JSONKey(values[0], i)), ':')
		case types.Row:
			dst = append(appendJSONString(dst, t.Fields[i].Name), ':')
			value, at = values[i], 0
		}
		var err error
		if dst, err = e.value(dst, value, at); err != nil {
			return dst, err
		}
	}
	return append(dst, names[1]), nil
}

// AppendText is vec.AppendText but for a TIMESTAMP WITH LOCAL TIME ZONE: others read
// it, so that it is in UTC, which a Z says, whatever the zone of the query.
func AppendText(dst []byte, c *vec.Vec, row int) []byte {
	if !c.Type.Zoned {
		return vec.AppendText(dst, c, row)
	}
	dst = types.AppendTimestamp(dst, vec.Slice[int64](c)[c.At(row)], c.Type.Precision)
	return append(dst, 'Z')
}

// appendJSONText is appendJSONString of a value, of which most are simple.
func appendJSONText(dst, s []byte) []byte {
	if isSimple(s) && bytes.IndexByte(s, '"') < 0 {
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	}
	return appendJSONString(dst, s)
}

// appendJSONString appends a text in quotes, escaping only what must be.
func appendJSONString[T ~string | ~[]byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[from:i]...)
			switch c {
			case '"', '\\':
				dst = append(dst, '\\', c)
			case '\n':
				dst = append(dst, '\\', 'n')
			case '\r':
				dst = append(dst, '\\', 'r')
			case '\t':
				dst = append(dst, '\\', 't')
			default:
				dst = append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
			}
			i++
			from = i
			continue
		}
		i++
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}
