package format

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// column reads one value into a column.
func (d *jsonDecoder) column(col *vec.Builder, m *jsonMember) error {
	start := d.at
	t := d.types[m.col]
	c := d.peek()
	if c == 'n' {
		if err := d.word("null"); err != nil {
			return err
		}
		col.AppendNull()
		return nil
	}
	if t.Kind == types.JSON {
		if err := d.skip(); err != nil {
			return err
		}
		col.AppendBytes(d.s[start:d.at])
		return nil
	}
	switch {
	case c == '"':
		return d.fromString(col, m, t)
	case c == '-' || c >= '0' && c <= '9':
		return d.fromNumber(col, m, t)
	}
	if err := d.skip(); err != nil {
		return err
	}
	switch {
	case t.Kind == types.Varchar:
		return d.limited(col, m, start, d.s[start:d.at])
	case t.Kind == types.Boolean && (c == 't' || c == 'f'):
		col.AppendBool(c == 't')
		return nil
	}
	return d.misfit(col, m, start, "")
}

// limited appends a text unless it is longer than its column.
func (d *jsonDecoder) limited(col *vec.Builder, m *jsonMember, start int, text []byte) error {
	if limit := d.types[m.col].Length; limit > 0 && len(text) > limit {
		if d.types[m.col].Kind == types.Binary || utf8.RuneCount(text) > limit {
			return d.misfit(col, m, start, ": it is too long")
		}
	}
	col.AppendBytes(text)
	return nil
}

func (d *jsonDecoder) fromString(col *vec.Builder, m *jsonMember, t types.Type) error {
	start := d.at
	text, err := d.str()
	if err != nil {
		return err
	}
	switch t.Kind {
	case types.Varchar:
		if t.Length == 0 {
			col.AppendBytes(text)
			return nil
		}
		return d.limited(col, m, start, text)
	case types.Timestamp:
		if v, ok := types.ParseTimestamp(text); ok {
			vec.Append(col, v)
			return nil
		}
	case types.Date:
		if v, ok := types.ParseDate(text); ok {
			vec.Append(col, v)
			return nil
		}
	case types.Time:
		if v, ok := types.ParseTime(text); ok {
			vec.Append(col, v)
			return nil
		}
	case types.Decimal: // exact digits are often sent in quotes
		if v, err := types.ParseDecimal(text, t.Precision, t.Scale); err == nil {
			vec.Append(col, v)
			return nil
		}
	case types.Binary:
		if raw, err := base64.StdEncoding.DecodeString(string(text)); err == nil {
			return d.limited(col, m, start, raw)
		}
		return d.misfit(col, m, start, ": it is not base64")
	}
	return d.misfit(col, m, start, "")
}

func (d *jsonDecoder) fromNumber(col *vec.Builder, m *jsonMember, t types.Type) error {
	start := d.at
	v, whole, err := d.number()
	if err != nil {
		return err
	}
	text := d.s[start:d.at]
	switch {
	case t.Kind == types.BigInt && whole:
		vec.Append(col, v)
		return nil
	case t.IsInteger():
		return d.integer(col, m, start, v, whole)
	case t.Kind == types.Timestamp && whole:
		if v > math.MaxInt64/d.unit || v < math.MinInt64/d.unit {
			return d.misfit(col, m, start, ": it is out of range")
		}
		vec.Append(col, v*d.unit)
		return nil
	case t.IsFloat():
		f, err := strconv.ParseFloat(string(text), t.Layout().Width()*8)
		if err != nil {
			return d.misfit(col, m, start, ": it is out of range")
		}
		if t.Kind == types.Float {
			vec.Append(col, float32(f))
		} else {
			vec.Append(col, f+0)
		}
		return nil
	case t.Kind == types.Decimal:
		dec, err := types.ParseDecimal(text, t.Precision, t.Scale)
		if err != nil {
			return d.misfit(col, m, start, ": it is out of range")
		}
		vec.Append(col, dec)
		return nil
	case t.Kind == types.Varchar:
		return d.limited(col, m, start, text)
	}
	return d.misfit(col, m, start, "")
}

// integer appends a number to a column of a whole-number type if it is one in range.
func (d *jsonDecoder) integer(col *vec.Builder, m *jsonMember, start int, v int64, whole bool) error {
	t := d.types[m.col]
	if !whole {
		dec, err := types.ParseDecimal(d.s[start:d.at], types.MaxPrecision, 6)
		if err != nil {
			return d.misfit(col, m, start, ": it is out of range")
		}
		n, _ := types.Rescale(dec, 6, 0)
		if back, ok := types.Rescale(n, 0, 6); !ok || back != dec {
			return d.misfit(col, m, start, ": it has a fraction")
		}
		if t.Kind == types.UBigInt && n.HighBits() == 0 {
			vec.Append(col, n.LowBits())
			return nil
		}
		v = int64(n.LowBits())
		if n.HighBits() != v>>63 {
			return d.misfit(col, m, start, ": it is out of range")
		}
	}
	ok := false
	if t.IsUnsigned() {
		ok = v >= 0 && vec.AppendUint(col, uint64(v))
	} else {
		ok = vec.AppendInt(col, v)
	}
	if !ok {
		return d.misfit(col, m, start, ": it is out of range")
	}
	return nil
}

// number reads a number by JSON's grammar. whole says that it is an integer that
// fits into 64 bits, v.
func (d *jsonDecoder) number() (v int64, whole bool, err error) {
	s, i := d.s, d.at
	neg := s[i] == '-'
	if neg {
		i++
	}
	first := i
	var u uint64
	for i < len(s) && s[i]-'0' <= 9 {
		u = u*10 + uint64(s[i]-'0')
		i++
	}
	digits := i - first
	d.at = i
	if digits == 0 || digits > 1 && s[first] == '0' {
		return 0, false, d.syntax("a malformed number")
	}
	if i == len(s) || s[i] != '.' && s[i]|0x20 != 'e' {
		switch {
		case digits < 19:
		case digits > 19 || u > 1<<63 || u == 1<<63 && !neg:
			return 0, false, nil
		}
		if neg {
			return -int64(u), true, nil
		}
		return int64(u), true, nil
	}
	if s[i] == '.' {
		i++
		from := i
		for i < len(s) && s[i]-'0' <= 9 {
			i++
		}
		if d.at = i; i == from {
			return 0, false, d.syntax("a malformed number")
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		from := i
		for i < len(s) && s[i]-'0' <= 9 {
			i++
		}
		if d.at = i; i == from {
			return 0, false, d.syntax("a malformed number")
		}
	}
	d.at = i
	return 0, false, nil
}

// word reads true, false or null.
func (d *jsonDecoder) word(w string) error {
	if len(d.s)-d.at < len(w) || string(d.s[d.at:d.at+len(w)]) != w {
		return d.syntax("an unknown word")
	}
	d.at += len(w)
	return nil
}

// skip reads any value by the grammar and forgets it.
func (d *jsonDecoder) skip() error {
	switch c := d.peek(); {
	case c == '"':
		return d.skipString()
	case c == '{':
		return d.skipNested('}')
	case c == '[':
		return d.skipNested(']')
	case c == 't':
		return d.word("true")
	case c == 'f':
		return d.word("false")
	case c == 'n':
		return d.word("null")
	case c == '-' || c >= '0' && c <= '9':
		_, _, err := d.number()
		return err
	}
	return d.syntax("a value is missing")
}

func (d *jsonDecoder) skipNested(end byte) error {
	if d.depth++; d.depth > maxJSONDepth {
		return d.syntax("too deep nesting")
	}
	d.at++
	d.blanks()
	if d.peek() == end {
		d.at++
		d.depth--
		return nil
	}
	for {
		if end == '}' {
			if d.peek() != '"' {
				return d.syntax("a name in quotes is missing")
			}
			if err := d.skipString(); err != nil {
				return err
			}
			d.blanks()
			if d.peek() != ':' {
				return d.syntax("':' is missing")
			}
			d.at++
			d.blanks()
		}
		if err := d.skip(); err != nil {
			return err
		}
		d.blanks()
		switch d.peek() {
		case ',':
			d.at++
			d.blanks()
		case end:
			d.at++
			d.depth--
			return nil
		default:
			return d.syntax("',' or the closing bracket is missing")
		}
	}
}
