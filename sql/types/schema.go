package types

import "strings"

// A Field is a named column, or a named part of a ROW.
type Field struct {
	Name    string
	Type    Type
	NotNull bool // the column never holds NULL
}

// Equal reports whether name, type and nullability are the same.
func (f Field) Equal(o Field) bool {
	return f.Name == o.Name && f.NotNull == o.NotNull && f.Type.Equal(o.Type)
}

// FieldNamed returns the position of the first field of a ROW with that name, letter case
// first exact and then ignored, false where there is none.
func (t Type) FieldNamed(name string) (int, bool) {
	at := NewSchema(t.Fields...).Index(name)
	return at, at >= 0
}

// A Schema is the ordered columns of a table or of an operator's output. It is
// immutable.
type Schema struct{ Fields []Field }

// NewSchema returns a schema of the fields given.
func NewSchema(fields ...Field) *Schema { return &Schema{Fields: fields} }

// Len returns the number of columns.
func (s *Schema) Len() int { return len(s.Fields) }

// Names returns the column names in order.
func (s *Schema) Names() []string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	return names
}

// Index returns the position of the first column of that name, letter case
// first exact and then ignored, or -1.
func (s *Schema) Index(name string) int {
	for i, f := range s.Fields {
		if f.Name == name {
			return i
		}
	}
	for i, f := range s.Fields {
		if strings.EqualFold(f.Name, name) {
			return i
		}
	}
	return -1
}

// In returns the schema with its moments shown in z.
func (s *Schema) In(z *Zone) *Schema {
	for _, f := range s.Fields {
		if f.Type.hasZone() {
			return &Schema{Fields: FieldsIn(s.Fields, z)}
		}
	}
	return s
}

// Project returns the schema of the columns at the positions given.
func (s *Schema) Project(columns []int) *Schema {
	out := &Schema{Fields: make([]Field, len(columns))}
	for i, c := range columns {
		out.Fields[i] = s.Fields[c]
	}
	return out
}

// Equal reports whether both schemas have equal fields in the same order.
func (s *Schema) Equal(o *Schema) bool {
	if len(s.Fields) != len(o.Fields) {
		return false
	}
	for i := range s.Fields {
		if !s.Fields[i].Equal(o.Fields[i]) {
			return false
		}
	}
	return true
}

// String gives "(name TYPE, name TYPE NOT NULL)".
func (s *Schema) String() string {
	var b strings.Builder
	b.WriteByte('(')
	for i, f := range s.Fields {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(f.Name + " " + f.Type.String())
		if f.NotNull {
			b.WriteString(" NOT NULL")
		}
	}
	b.WriteByte(')')
	return b.String()
}
