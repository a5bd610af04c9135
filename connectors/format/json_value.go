package format

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A misfit is a value that does not fit its column, in a record that can otherwise
// be read.
type misfit struct {
	field string
	why   error
}

// Error names the field.
func (e *misfit) Error() string { return fmt.Sprintf("field %s: %v", e.field, e.why) }

// jsonValues puts single JSON values into columns.
type jsonValues struct {
	unit int64 // microseconds of one unit of a number that is a TIMESTAMP
	text []byte
}

var (
	errMisfit = errors.New("")
	errRange  = errors.New(": it is out of range")
	errLong   = errors.New(": it is too long")
)

// put appends a value by the text of it, which is valid JSON. The error says what
// does not fit; nothing is appended then.
func (v *jsonValues) put(col *vec.Builder, raw []byte) error {
	err := v.try(col, raw)
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s is not %s%w", cut(raw), article(col.Type()), err)
}

// cut is the beginning of a text, enough to know it again.
func cut(text []byte) string {
	if len(text) <= 40 {
		return string(text)
	}
	at := 40
	for !utf8.RuneStart(text[at]) {
		at--
	}
	return string(text[:at]) + "…"
}

// fits is put for one who does not ask why.
func (v *jsonValues) fits(col *vec.Builder, raw []byte) bool { return v.try(col, raw) == nil }

func (v *jsonValues) try(col *vec.Builder, raw []byte) (err error) {
	t := col.Type()
	switch c := raw[0]; {
	case c == 'n':
		col.AppendNull()
	case t.IsNested():
		err = v.nested(col, raw)
	case t.Kind == types.JSON:
		col.AppendBytes(raw)
	case c == '"':
		err = v.fromString(col, t, v.unquote(raw))
	case t.Kind == types.Varchar:
		err = limited(col, t, raw)
	case c == 't' || c == 'f':
		if err = errMisfit; t.Kind == types.Boolean {
			col.AppendBool(c == 't')
			err = nil
		}
	case c == '{' || c == '[':
		err = errMisfit
	default:
		err = v.fromNumber(col, t, raw)
	}
	return err
}

// nested appends a value of ARRAY, MAP or ROW.
func (v *jsonValues) nested(col *vec.Builder, raw []byte) error {
	if err := vec.AppendFromJSON(col, raw, v.put); err != nil {
		return fmt.Errorf(": %w", err)
	}
	return nil
}

func article(t types.Type) string {
	switch t.Kind {
	case types.Int, types.UInt, types.Array:
		return "an " + t.String()
	}
	return "a " + t.String()
}

// limited appends a text unless it is longer than its column.
func limited(col *vec.Builder, t types.Type, text []byte) error {
	if tooLong(t, text) {
		return errLong
	}
	col.AppendBytes(text)
	return nil
}

func tooLong(t types.Type, text []byte) bool {
	return t.Length > 0 && len(text) > t.Length && (t.Kind == types.Binary || utf8.RuneCount(text) > t.Length)
}

func (v *jsonValues) fromString(col *vec.Builder, t types.Type, text []byte) error {
	switch t.Kind {
	case types.Varchar:
		return limited(col, t, text)
	case types.Timestamp:
		if x, ok := types.ParseTimestamp(text); ok {
			vec.Append(col, roundMicros(x, t.Precision))
			return nil
		}
	case types.Date:
		if x, ok := types.ParseDate(text); ok {
			vec.Append(col, x)
			return nil
		}
	case types.Time:
		if x, ok := types.ParseTime(text); ok {
			vec.Append(col, roundMicros(x, t.Precision))
			return nil
		}
	case types.Decimal, types.BigInt, types.UBigInt: // exact digits are often sent in quotes
		if isNumber(text) {
			return v.fromNumber(col, t, text)
		}
	case types.Binary:
		raw, err := base64.StdEncoding.AppendDecode(nil, text)
		if err != nil {
			return errors.New(": it is not base64")
		}
		return limited(col, t, raw)
	}
	return errMisfit
}

// isNumber reports a text that is a number by the grammar of JSON.
func isNumber(text []byte) bool {
	d := jsonStrict{s: text}
	return len(text) > 0 && (text[0] == '-' || text[0]-'0' <= 9) && d.whole(d.number) == nil && d.at == len(text) && !isBlank(text[len(text)-1])
}

// roundMicros rounds to the fractional digits that a type keeps, half up.
func roundMicros(x int64, precision int) int64 {
	unit := [...]int64{1_000_000, 100_000, 10_000, 1000, 100, 10, 1}[precision]
	if rest := x % unit; rest != 0 {
		if rest < 0 {
			rest += unit
		}
		x -= rest
		if rest >= unit/2 {
			x += unit
		}
	}
	return x
}

func (v *jsonValues) fromNumber(col *vec.Builder, t types.Type, text []byte) error {
	switch {
	case t.IsInteger():
		return putInteger(col, t, text)
	case t.Kind == types.Timestamp:
		x, ok := micros(text, v.unit)
		if !ok {
			return errRange
		}
		vec.Append(col, roundMicros(x, t.Precision))
		return nil
	case t.Kind == types.Float:
		f, err := strconv.ParseFloat(unsafeText(text), 32)
		if err != nil {
			return errRange
		}
		vec.Append(col, float32(f)+0)
		return nil
	case t.Kind == types.Double:
		f, err := strconv.ParseFloat(unsafeText(text), 64)
		if err != nil {
			return errRange
		}
		vec.Append(col, f+0) // -0 is 0
		return nil
	case t.Kind == types.Decimal:
		d, err := types.ParseDecimal(text, t.Precision, t.Scale)
		if err != nil {
			return errRange
		}
		vec.Append(col, d)
		return nil
	}
	return errMisfit
}

// unsafeText is text without copying it, for a call that does not keep it.
func unsafeText(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }

// micros reads a time since 1970, whole or with a fraction, in a unit of so many
// microseconds. What is less than a microsecond is rounded.
func micros(text []byte, unit int64) (int64, bool) {
	scale := map[int64]int{1: 0, 1000: 3, types.MicrosPerSecond: 6}[unit]
	d, err := types.ParseDecimal(text, types.MaxPrecision, scale)
	if err != nil {
		return 0, false
	}
	x := int64(d.LowBits())
	return x, d.HighBits() == x>>63
}

// putInteger appends a number that is whole, however it is written.
func putInteger(col *vec.Builder, t types.Type, text []byte) error {
	x, err := strconv.ParseInt(unsafeText(text), 10, 64)
	if err == nil && !t.IsUnsigned() {
		return inRange(vec.AppendInt(col, x))
	}
	if err == nil {
		return inRange(x >= 0 && vec.AppendUint(col, uint64(x)))
	}
	d, err := types.ParseDecimal(text, types.MaxPrecision, 0)
	if err != nil {
		return errRange
	}
	if !isWhole(text) {
		return errors.New(": it has a fraction")
	}
	if t.Kind == types.UBigInt && d.HighBits() == 0 {
		vec.Append(col, d.LowBits())
		return nil
	}
	if x = int64(d.LowBits()); d.HighBits() != x>>63 {
		return errRange
	}
	if t.IsUnsigned() {
		return inRange(x >= 0 && vec.AppendUint(col, uint64(x)))
	}
	return inRange(vec.AppendInt(col, x))
}

func inRange(ok bool) error {
	if !ok {
		return errRange
	}
	return nil
}

// isWhole reports whether a number has no fraction: 1.50e1 has none.
func isWhole(text []byte) bool {
	last, point, exp := 0, -1, 0 // places of digits: the last that is not 0, that behind the point
	n := 0
	for i, c := range text {
		if c == '.' {
			point = n
		} else if c|0x20 == 'e' {
			e, err := strconv.Atoi(string(text[i+1:]))
			if err != nil {
				return text[i+1] != '-' || last == 0
			}
			exp = e
			break
		} else if c != '-' {
			n++
			if c != '0' {
				last = n
			}
		}
	}
	if point < 0 {
		point = n
	}
	return last == 0 || last <= point+exp
}
