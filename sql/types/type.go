// Package types holds the SQL types, how each lies in memory, and the rules by
// which one turns into another. It imports nothing of the project: names of
// types go in, plain comparable values come out.
package types

import (
	"fmt"
	"slices"
	"strings"
)

// A Kind names a family of SQL types.
type Kind uint8

// The kinds. Null is the type of a bare NULL; it turns into any other.
const (
	Null Kind = iota
	Boolean
	TinyInt
	SmallInt
	Int
	BigInt
	UTinyInt
	USmallInt
	UInt
	UBigInt
	Float
	Double
	Decimal   // Precision 1..38, Scale 0..Precision
	Varchar   // Length in characters, 0 = unlimited; CHAR, TEXT and STRING are this too
	Binary    // Length in bytes, 0 = unlimited; VARBINARY, BLOB and BYTES are this too
	Date      // days since 1970-01-01
	Time      // microseconds since midnight; may be negative or beyond 24 h, as in MySQL
	Timestamp // microseconds since 1970-01-01 00:00:00 without a zone, read as UTC; Precision 0..6
	Interval  // only as a literal: Months in the high part, microseconds in the low
	JSON      // text that is valid JSON
	Array     // Elem
	Map       // Key, Elem
	Row       // Fields
)

// A Type is a SQL type. Types are immutable; compare them with Equal.
type Type struct {
	Kind      Kind
	Precision int     // Decimal: digits; Timestamp and Time: fractional digits 0..6
	Scale     int     // Decimal: digits after the point
	Length    int     // Varchar, Binary: the limit, 0 = none
	Zoned     bool    // Timestamp: WITH LOCAL TIME ZONE, a moment that is shown in Zone
	Zone      *Zone   // Timestamp, Zoned: nil is UTC; of no account to whether types are equal
	Key       *Type   // Map
	Elem      *Type   // Array, Map
	Fields    []Field // Row
}

// Of returns the type of a kind that needs no parameters. Timestamp and Time
// get six fractional digits.
func Of(k Kind) Type {
	if k == Timestamp || k == Time {
		return Type{Kind: k, Precision: MaxFraction}
	}
	return Type{Kind: k}
}

// Limits of parameterised types.
const (
	MaxPrecision = 38 // digits of a DECIMAL
	MinDivScale  = 6  // a scale is not reduced below this when precision runs out
	MaxFraction  = 6  // fractional digits of TIME and TIMESTAMP
)

// DecimalOf returns DECIMAL(p, s).
func DecimalOf(p, s int) Type { return Type{Kind: Decimal, Precision: p, Scale: s} }

// TimestampOf returns TIMESTAMP(p), p fractional digits.
func TimestampOf(p int) Type { return Type{Kind: Timestamp, Precision: p} }

// TimestampLTZ returns TIMESTAMP(p) WITH LOCAL TIME ZONE, shown in z.
func TimestampLTZ(p int, z *Zone) Type {
	return Type{Kind: Timestamp, Precision: p, Zoned: true, Zone: z}
}

// In returns the type with its moments shown in z, at any depth.
func (t Type) In(z *Zone) Type {
	if !t.hasZone() {
		return t
	}
	if t.Zoned {
		t.Zone = z
	}
	if t.Key != nil {
		k := t.Key.In(z)
		t.Key = &k
	}
	if t.Elem != nil {
		e := t.Elem.In(z)
		t.Elem = &e
	}
	if t.Fields != nil {
		t.Fields = FieldsIn(t.Fields, z)
	}
	return t
}

// FieldsIn returns fields with their moments shown in z.
func FieldsIn(fields []Field, z *Zone) []Field {
	out := append([]Field(nil), fields...)
	for i := range out {
		out[i].Type = out[i].Type.In(z)
	}
	return out
}

// hasZone reports a type that is shown in a zone, or holds one that is.
func (t Type) hasZone() bool {
	if t.Zoned || t.Key != nil && t.Key.hasZone() || t.Elem != nil && t.Elem.hasZone() {
		return true
	}
	return slices.ContainsFunc(t.Fields, func(f Field) bool { return f.Type.hasZone() })
}

// Equal reports whether two types are the same in every parameter.
func (t Type) Equal(o Type) bool {
	if t.Kind != o.Kind || t.Precision != o.Precision || t.Scale != o.Scale || t.Length != o.Length || t.Zoned != o.Zoned {
		return false
	}
	if !equalPtr(t.Key, o.Key) || !equalPtr(t.Elem, o.Elem) || len(t.Fields) != len(o.Fields) {
		return false
	}
	for i := range t.Fields {
		if !t.Fields[i].Equal(o.Fields[i]) {
			return false
		}
	}
	return true
}

func equalPtr(a, b *Type) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

var kindNames = [...]string{
	Null: "NULL", Boolean: "BOOLEAN", TinyInt: "TINYINT", SmallInt: "SMALLINT", Int: "INT", BigInt: "BIGINT",
	UTinyInt: "TINYINT UNSIGNED", USmallInt: "SMALLINT UNSIGNED", UInt: "INT UNSIGNED", UBigInt: "BIGINT UNSIGNED",
	Float: "FLOAT", Double: "DOUBLE", Decimal: "DECIMAL", Varchar: "VARCHAR", Binary: "BINARY", Date: "DATE",
	Time: "TIME", Timestamp: "TIMESTAMP", Interval: "INTERVAL", JSON: "JSON", Array: "ARRAY", Map: "MAP", Row: "ROW",
}

// String gives the kind's SQL name.
func (k Kind) String() string { return kindNames[k] }

// String gives the type as SQL writes it.
func (t Type) String() string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case Varchar, Binary:
		if t.Length > 0 {
			return fmt.Sprintf("%s(%d)", t.Kind, t.Length)
		}
	case Timestamp, Time:
		s := t.Kind.String()
		if t.Precision != MaxFraction {
			s = fmt.Sprintf("%s(%d)", s, t.Precision)
		}
		if t.Zoned {
			s += " WITH LOCAL TIME ZONE"
		}
		return s
	case Array:
		return "ARRAY<" + t.Elem.String() + ">"
	case Map:
		return "MAP<" + t.Key.String() + ", " + t.Elem.String() + ">"
	case Row:
		parts := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = f.Name + " " + f.Type.String()
		}
		return "ROW<" + strings.Join(parts, ", ") + ">"
	}
	return t.Kind.String()
}

// Exact is what String gives and the zones in which the type's moments are shown.
func (t Type) Exact() string {
	if !t.hasZone() {
		return t.String()
	}
	return t.String() + t.zoneNames()
}

// zoneNames lists the zones of a type and its parts in their order.
func (t Type) zoneNames() string {
	out := ""
	if t.Zoned {
		out = " @" + t.Zone.String()
	}
	for _, part := range []*Type{t.Key, t.Elem} {
		if part != nil {
			out += part.zoneNames()
		}
	}
	for _, f := range t.Fields {
		out += f.Type.zoneNames()
	}
	return out
}

// Class predicates.

// IsInteger reports a whole-number type, signed or unsigned.
func (t Type) IsInteger() bool { return t.Kind >= TinyInt && t.Kind <= UBigInt }

// IsUnsigned reports an unsigned whole-number type.
func (t Type) IsUnsigned() bool { return t.Kind >= UTinyInt && t.Kind <= UBigInt }

// IsFloat reports FLOAT or DOUBLE.
func (t Type) IsFloat() bool { return t.Kind == Float || t.Kind == Double }

// IsNumeric reports integers, floats and DECIMAL.
func (t Type) IsNumeric() bool { return t.Kind >= TinyInt && t.Kind <= Decimal }

// IsText reports a type whose values are valid UTF-8 text: VARCHAR and JSON.
func (t Type) IsText() bool { return t.Kind == Varchar || t.Kind == JSON }

// IsTemporal reports DATE, TIME and TIMESTAMP.
func (t Type) IsTemporal() bool { return t.Kind >= Date && t.Kind <= Timestamp }

// IsNested reports ARRAY, MAP and ROW.
func (t Type) IsNested() bool { return t.Kind >= Array }
