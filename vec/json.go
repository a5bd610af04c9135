package vec

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"

	"github.com/sqlstream/sqlstream/sql/types"
)

// JSONKey is the text of a value that is a key of an object.
func JSONKey(v *Vec, row int) []byte {
	if v.Type.IsText() {
		return v.Bytes(row)
	}
	return AppendText(nil, v, row)
}

// AppendJSON appends a row's value as JSON.
func AppendJSON(dst []byte, v *Vec, row int) []byte {
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
	case t.IsNumeric() || t.Kind == types.Boolean || t.IsNested():
		return AppendText(dst, v, row)
	}
	dst = append(dst, '"')
	dst = AppendText(dst, v, row)
	return append(dst, '"')
}

// finiteAt reports a number that JSON can write.
func finiteAt(v *Vec, row int) bool {
	var f float64
	if v.Type.Kind == types.Float {
		f = float64(Slice[float32](v)[v.At(row)])
	} else {
		f = Slice[float64](v)[v.At(row)]
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

// appendNested appends the text of a nested value, which is JSON: an array, or an object
// of the keys or fields.
func appendNested(dst []byte, v *Vec, row int) []byte {
	t := v.Type
	parts := make([]*Builder, 0, 2)
	for _, p := range Parts(t) {
		parts = append(parts, NewBuilder(p))
	}
	n := v.AppendParts(row, parts)
	brackets := "{}"
	if t.Kind == types.Array {
		brackets = "[]"
	}
	dst = append(dst, brackets[0])
	if t.Kind == types.Row {
		for i, p := range parts {
			dst = member(dst, i, []byte(t.Fields[i].Name))
			dst = AppendJSON(dst, p.Vec(), 0)
		}
		return append(dst, brackets[1])
	}
	last := parts[len(parts)-1].Vec()
	for i := range n {
		switch {
		case t.Kind == types.Map:
			dst = member(dst, i, JSONKey(parts[0].Vec(), i))
		case i > 0:
			dst = append(dst, ", "...)
		}
		dst = AppendJSON(dst, last, i)
	}
	return append(dst, brackets[1])
}

// member begins the i-th member of an object.
func member(dst []byte, i int, key []byte) []byte {
	if i > 0 {
		dst = append(dst, ", "...)
	}
	return append(QuoteJSON(dst, key), ": "...)
}

// maxDepth is how deep arrays and objects may stand in each other.
const maxDepth = 64

var (
	errDepth = errors.New("it is nested too deeply")
	errJSON  = errors.New("it is no JSON")
)

// AppendFromJSON appends the nested value that valid JSON means: an ARRAY of an array, a
// ROW of an object with members of the names of its fields, others left out, or of an
// array with as many values, a MAP of an object. leaf appends what is not nested, of which
// the JSON is given; null is NULL. The error says what does not fit; nothing is appended then.
func AppendFromJSON(b *Builder, raw []byte, leaf func(b *Builder, raw []byte) error) error {
	return appendFromJSON(b, raw, leaf, 0)
}

func appendFromJSON(b *Builder, raw []byte, leaf func(*Builder, []byte) error, depth int) error {
	raw = trimJSON(raw)
	switch {
	case depth > maxDepth:
		return errDepth
	case len(raw) == 0:
		return errJSON
	case raw[0] == 'n':
		b.AppendNull()
		return nil
	case !b.typ.IsNested():
		return leaf(b, raw)
	}
	object := raw[0] == '{'
	if !object && raw[0] != '[' || object && b.typ.Kind == types.Array || !object && b.typ.Kind == types.Map {
		return fmt.Errorf("it is no %s", b.typ.Kind)
	}
	parts := b.Parts()
	at, i := 1, 0
	for {
		at = skipSpace(raw, at)
		if at >= len(raw) || raw[at] == ']' || raw[at] == '}' {
			break
		}
		part := min(i, len(parts)-1)
		var key []byte
		if object {
			end := valueEnd(raw, at)
			if end < 0 {
				return errJSON
			}
			key = raw[at:end]
			at = skipSpace(raw, end) + 1 // the colon
		}
		at = skipSpace(raw, at)
		end := valueEnd(raw, at)
		if end < 0 || end == at {
			return errJSON
		}
		value := raw[at:end]
		switch {
		case b.typ.Kind == types.Row && object:
			if part = fieldOf(b.typ, key); part >= 0 {
				parts[part].Reset() // of equal names the last counts
			}
		case b.typ.Kind == types.Map:
			if err := appendKey(parts[0], key, leaf); err != nil {
				return err
			}
			part = 1
		case b.typ.Kind == types.Row && i >= len(parts):
			return fmt.Errorf("it has more values than %s has fields", b.typ)
		}
		if part >= 0 {
			if err := appendFromJSON(parts[part], value, leaf, depth+1); err != nil {
				return err
			}
		}
		if at = skipSpace(raw, end); at < len(raw) && raw[at] == ',' {
			at++
		}
		i++
	}
	if b.typ.Kind == types.Row {
		for _, p := range parts { // what is missing is NULL
			if p.Len() == 0 {
				p.AppendNull()
			}
		}
	}
	return b.EndNested()
}

// fieldOf returns the field of a ROW that a member is, -1 for none.
func fieldOf(t types.Type, quoted []byte) int {
	name := unquoted(quoted)
	for i, f := range t.Fields {
		if f.Name == name {
			return i
		}
	}
	return -1
}

// appendKey appends a key of a MAP, which JSON has as text.
func appendKey(b *Builder, quoted []byte, leaf func(*Builder, []byte) error) error {
	if b.typ.IsText() || b.typ.Kind == types.Binary || b.typ.IsTemporal() {
		return leaf(b, quoted)
	}
	return ParseText(b, unquoted(quoted))
}
