package function

import (
	"encoding/base64"
	"math"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// JSONKey is the text of a value that is a key of an object.
func JSONKey(v *vec.Vec, row int) []byte {
	if v.Type.IsText() {
		return v.Bytes(row)
	}
	return vec.AppendText(nil, v, row)
}

// AppendJSON appends a row's value as JSON.
func AppendJSON(dst []byte, v *vec.Vec, row int) []byte {
	if v.IsNull(row) || v.Type.Kind == types.Null {
		return append(dst, "null"...)
	}
	switch t := v.Type; {
	case t.Kind == types.JSON:
		return append(dst, v.Bytes(row)...)
	case t.Kind == types.Varchar:
		return QuoteJSON(dst, v.Bytes(row))
	case t.Kind == types.Binary:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.Bytes(row))
		return append(dst, '"')
	case t.IsFloat() && !finiteAt(v, row):
		return append(dst, "null"...)
	case t.IsNumeric() || t.Kind == types.Boolean:
		return vec.AppendText(dst, v, row)
	}
	dst = append(dst, '"')
	dst = vec.AppendText(dst, v, row)
	return append(dst, '"')
}

// finiteAt reports a number that JSON can write.
func finiteAt(v *vec.Vec, row int) bool {
	var f float64
	if v.Type.Kind == types.Float {
		f = float64(vec.Slice[float32](v)[v.At(row)])
	} else {
		f = FloatAt(v, row)
	}
	return !math.IsNaN(f) && !math.IsInf(f, 0)
}

// QuoteJSON appends a text as a JSON string.
func QuoteJSON(dst, s []byte) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
