package vec

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"

	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/types"
)

// AppendText appends the text of a row's value: what CAST to VARCHAR, CSV and
// tables show. The value is not NULL.
func AppendText(dst []byte, v *Vec, row int) []byte {
	at := v.At(row)
	switch v.Type.Kind {
	case types.Null:
		return append(dst, "NULL"...)
	case types.Boolean:
		return strconv.AppendBool(dst, v.Bool(row))
	case types.Float:
		return AppendFloat(dst, float64(Slice[float32](v)[at]), 32)
	case types.Double:
		return AppendFloat(dst, Slice[float64](v)[at], 64)
	case types.Decimal:
		return types.AppendDecimal(dst, Slice[Decimal](v)[at], v.Type.Scale)
	case types.Date:
		return types.AppendDate(dst, Slice[int32](v)[at])
	case types.Time:
		return types.AppendTime(dst, Slice[int64](v)[at], v.Type.Precision)
	case types.Timestamp: // the zone of one that has none is UTC
		return types.AppendMoment(dst, Slice[int64](v)[at], v.Type.Precision, v.Type.Zone)
	case types.Interval:
		i := Slice[IntervalValue](v)[at]
		return fmt.Appendf(dst, "%d months %d us", i.Months, i.Micros)
	case types.Binary:
		dst = append(dst, "0x"...)
		return hex.AppendEncode(dst, v.Bytes(row))
	case types.Varchar, types.JSON:
		return append(dst, v.Bytes(row)...)
	case types.Array, types.Map, types.Row:
		return appendNested(dst, v, row)
	}
	if v.Type.IsUnsigned() {
		return strconv.AppendUint(dst, Uint(v, at), 10)
	}
	return strconv.AppendInt(dst, Int(v, at), 10)
}

// AppendFloat appends the shortest text that reads back as f; size is 32 or 64. As in
// MySQL it has an exponent from 1e15 on and below 1e-15.
func AppendFloat(dst []byte, f float64, size int) []byte {
	least, end := 1e-15, 1e15
	if size == 32 {
		least, end = float64(float32(least)), float64(float32(end))
	}
	a := math.Abs(f)
	if a == 0 || a >= least && a < end || math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.AppendFloat(dst, f, 'f', -1, size)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, size)
	e := bytes.LastIndexByte(dst, 'e')
	exponent := bytes.TrimLeft(dst[e+2:], "0")
	if dst[e+1] == '+' {
		return append(dst[:e+1], exponent...)
	}
	return append(dst[:e+2], exponent...)
}

// Int returns the value at a place of a signed vector, DATE, TIME and TIMESTAMP
// included, as an int64.
func Int(v *Vec, at int) int64 {
	switch v.Type.Layout() {
	case types.Int8:
		return int64(Slice[int8](v)[at])
	case types.Int16:
		return int64(Slice[int16](v)[at])
	case types.Int32:
		return int64(Slice[int32](v)[at])
	}
	return Slice[int64](v)[at]
}

// Uint returns the value at a place of an unsigned vector as a uint64.
func Uint(v *Vec, at int) uint64 {
	switch v.Type.Layout() {
	case types.Uint8:
		return uint64(Slice[uint8](v)[at])
	case types.Uint16:
		return uint64(Slice[uint16](v)[at])
	case types.Uint32:
		return uint64(Slice[uint32](v)[at])
	}
	return Slice[uint64](v)[at]
}

// bitSize is the width of an integer type in bits.
func bitSize(l types.Layout) int { return l.Width() * 8 }

// AppendInt appends to a column of a signed integer type; false where v is out of
// its range.
func AppendInt(b *Builder, v int64) bool {
	if n := bitSize(b.layout); n < 64 && v != v<<(64-n)>>(64-n) {
		return false
	}
	switch b.layout {
	case types.Int8:
		Append(b, int8(v))
	case types.Int16:
		Append(b, int16(v))
	case types.Int32:
		Append(b, int32(v))
	default:
		Append(b, v)
	}
	return true
}

// AppendUint appends to a column of an unsigned integer type; false where v is out
// of its range.
func AppendUint(b *Builder, v uint64) bool {
	if n := bitSize(b.layout); n < 64 && v>>n != 0 {
		return false
	}
	switch b.layout {
	case types.Uint8:
		Append(b, uint8(v))
	case types.Uint16:
		Append(b, uint16(v))
	case types.Uint32:
		Append(b, uint32(v))
	default:
		Append(b, v)
	}
	return true
}

// ParseText appends the value that a text means: the inverse of AppendText. The
// error says what was wanted; nothing is appended then.
func ParseText(b *Builder, s string) error {
	t := b.typ
	switch t.Kind {
	case types.Boolean:
		switch s {
		case "true", "TRUE", "1":
			b.AppendBool(true)
		case "false", "FALSE", "0":
			b.AppendBool(false)
		default:
			return fmt.Errorf("'%s' is not a BOOLEAN", s)
		}
		return nil
	case types.Float, types.Double:
		f, err := strconv.ParseFloat(s, b.layout.Width()*8)
		if err != nil {
			return badText(s, t, err)
		}
		if t.Kind == types.Float {
			Append(b, float32(f))
		} else {
			Append(b, f)
		}
		return nil
	case types.Decimal:
		d, err := types.ParseDecimal(s, t.Precision, t.Scale)
		if err != nil {
			return fmt.Errorf("'%s' is not a %s: %w", s, t, err)
		}
		Append(b, d)
		return nil
	case types.Date:
		d, ok := types.ParseDate(s)
		if !ok {
			return fmt.Errorf("'%s' is not a DATE (YYYY-MM-DD)", s)
		}
		Append(b, d)
		return nil
	case types.Time:
		v, ok := types.ParseTime(s)
		if !ok {
			return fmt.Errorf("'%s' is not a TIME (HH:MM:SS)", s)
		}
		Append(b, v)
		return nil
	case types.Timestamp:
		v, ok := types.ParseMoment(s, t.Zone)
		if !ok {
			return fmt.Errorf("'%s' is not a TIMESTAMP (YYYY-MM-DD HH:MM:SS)", s)
		}
		Append(b, v)
		return nil
	case types.Varchar, types.JSON:
		b.AppendString(s)
		return nil
	case types.Binary:
		if len(s) >= 2 && s[:2] == "0x" {
			raw, err := hex.DecodeString(s[2:])
			if err != nil {
				return fmt.Errorf("'%s' is not hexadecimal", s)
			}
			b.AppendBytes(raw)
			return nil
		}
		b.AppendString(s)
		return nil
	case types.Array, types.Map, types.Row:
		if err := parseNested(b, s); err != nil {
			return fmt.Errorf("'%s' is not a %s: %w", s, t, err)
		}
		return nil
	}
	return parseInteger(b, s)
}

func parseNested(b *Builder, s string) error {
	raw := []byte(s)
	if !jsonpath.Valid(raw) || string(trimJSON(raw)) == "null" {
		return errJSON
	}
	return AppendFromJSON(b, raw, func(b *Builder, raw []byte) error {
		switch {
		case b.typ.Kind == types.JSON:
			b.AppendBytes(raw)
			return nil
		case raw[0] == '"' && b.typ.Kind == types.Binary: // as AppendJSON writes it
			data, err := base64.StdEncoding.DecodeString(unquoted(raw))
			b.AppendBytes(data)
			return err
		case raw[0] == '"':
			return ParseText(b, unquoted(raw))
		}
		return ParseText(b, string(raw))
	})
}

func parseInteger(b *Builder, s string) error {
	if b.typ.IsUnsigned() {
		v, err := strconv.ParseUint(s, 10, bitSize(b.layout))
		if err != nil {
			return badText(s, b.typ, err)
		}
		AppendUint(b, v)
		return nil
	}
	if !b.typ.IsInteger() {
		return fmt.Errorf("a %s cannot be read from text", b.typ)
	}
	v, err := strconv.ParseInt(s, 10, bitSize(b.layout))
	if err != nil {
		return badText(s, b.typ, err)
	}
	AppendInt(b, v)
	return nil
}

func badText(s string, t types.Type, err error) error {
	if ne, ok := err.(*strconv.NumError); ok && ne.Err == strconv.ErrRange {
		return fmt.Errorf("'%s' is out of range of %s", s, t)
	}
	return fmt.Errorf("'%s' is not a %s", s, t)
}
