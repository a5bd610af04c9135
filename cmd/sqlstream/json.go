package main

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// jsonLines is one object a row and line.
type jsonLines struct{}

func (f *jsonLines) begin(dst []byte, _ *heading) []byte { return dst }

func (f *jsonLines) chunk(dst []byte, h *heading, c *chunk) []byte {
	for i := range c.rows {
		dst = append(appendObject(dst, h, c, i), '\n')
	}
	return dst
}

func (f *jsonLines) end(dst []byte, _ *heading) []byte { return dst }

// jsonArray is one array a result, or an epoch of a continuous one, with an object
// a row.
type jsonArray struct{ rows int }

func (f *jsonArray) begin(dst []byte, _ *heading) []byte { return dst }

func (f *jsonArray) chunk(dst []byte, h *heading, c *chunk) []byte {
	for i := range c.rows {
		if f.rows == 0 {
			dst = append(dst, "[\n  "...)
		} else {
			dst = append(dst, ",\n  "...)
		}
		dst = appendObject(dst, h, c, i)
		f.rows++
	}
	if h.continuous {
		return f.closed(dst)
	}
	return dst
}

func (f *jsonArray) end(dst []byte, h *heading) []byte {
	if h.continuous {
		return dst
	}
	if f.rows == 0 {
		return append(dst, "[]\n"...)
	}
	return f.closed(dst)
}

func (f *jsonArray) closed(dst []byte) []byte {
	if f.rows > 0 {
		dst = append(dst, "\n]\n"...)
	}
	f.rows = 0
	return dst
}

// appendObject appends a row as an object, its members in the order of the columns.
func appendObject(dst []byte, h *heading, c *chunk, i int) []byte {
	dst = append(dst, '{')
	if h.changelog {
		dst = append(append(append(dst, `"op":"`...), c.ops[i]...), `","epoch":`...)
		dst = append(strconv.AppendInt(dst, c.epoch, 10), ',')
	}
	for j, col := range c.batch.Cols {
		if j > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, h.schema.Fields[j].Name), ':')
		dst = appendValue(dst, col, int(c.rows[i]))
	}
	return append(dst, '}')
}

// appendValue appends a value as the engine's JSON format writes it: exact numbers
// bare, times as text, bytes in base64.
func appendValue(dst []byte, col *vec.Vec, row int) []byte {
	if col.IsNull(row) {
		return append(dst, "null"...)
	}
	switch t := col.Type; {
	case t.Kind == types.Varchar:
		return appendString(dst, col.Str(row))
	case t.Kind == types.JSON:
		return append(dst, col.Bytes(row)...)
	case t.Kind == types.Binary:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, col.Bytes(row))
		return append(dst, '"')
	case t.Kind == types.Double && notFinite(vec.Slice[float64](col)[col.At(row)]),
		t.Kind == types.Float && notFinite(float64(vec.Slice[float32](col)[col.At(row)])),
		t.Kind == types.Date, t.Kind == types.Time, t.Kind == types.Timestamp, t.Kind == types.Interval:
		dst = append(dst, '"')
		dst = vec.AppendText(dst, col, row)
		return append(dst, '"')
	}
	return vec.AppendText(dst, col, row)
}

func notFinite(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) }

// appendString appends a text in quotes and escapes only what must be; what is not
// UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
		i += n
	}
	return append(dst, '"')
}
