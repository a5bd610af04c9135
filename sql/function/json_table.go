package function

import (
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A JSONTable says what JSON_TABLE makes of a document: a row for each value that a path
// leads to.
type JSONTable struct {
	Path    string
	Columns []JSONColumn
}

// A JSONColumnKind says where the values of a column come from.
type JSONColumnKind uint8

// The kinds of columns.
const (
	JSONValue      JSONColumnKind = iota // name type PATH 'path'
	JSONOrdinality                       // name FOR ORDINALITY
	JSONExists                           // name type EXISTS PATH 'path'
	JSONNested                           // NESTED PATH 'path' COLUMNS (…)
)

// A JSONColumn is a column of JSON_TABLE, or of JSONNested several.
type JSONColumn struct {
	Kind    JSONColumnKind
	Name    string
	Type    types.Type
	Path    string // from a row's value on
	Columns []JSONColumn

	// OnEmpty is where the path leads nowhere, OnError where what it leads to does not
	// convert to the type.
	OnEmpty, OnError JSONOtherwise
	// Convert appends a string, number, true or false of JSON as the type, which is neither
	// VARCHAR nor JSON, as a CAST does. It may be called by several goroutines.
	Convert func(out *vec.Builder, value []byte) error
}

// A JSONOtherwise is what a column holds in place of a value: an error, else the only
// row of Default, NULL where that is nil.
type JSONOtherwise struct {
	Fail    bool
	Default *vec.Vec
}

// Fields lists the columns, those of JSONNested in their place.
func (t *JSONTable) Fields() []types.Field { return jsonFields(nil, t.Columns) }

func jsonFields(out []types.Field, columns []JSONColumn) []types.Field {
	for _, c := range columns {
		if c.Kind == JSONNested {
			out = jsonFields(out, c.Columns)
			continue
		}
		out = append(out, types.Field{Name: c.Name, Type: c.Type})
	}
	return out
}

// String prints the path and the columns as SQL has them.
func (t *JSONTable) String() string {
	var b strings.Builder
	jsonRows(&b, t.Path, t.Columns)
	return b.String()
}

func jsonRows(b *strings.Builder, path string, columns []JSONColumn) {
	b.WriteString(quoted(path) + " COLUMNS (")
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		switch c.Kind {
		case JSONNested:
			b.WriteString("NESTED PATH ")
			jsonRows(b, c.Path, c.Columns)
			continue
		case JSONOrdinality:
			b.WriteString(c.Name + " FOR ORDINALITY")
			continue
		case JSONExists:
			b.WriteString(c.Name + " " + c.Type.String() + " EXISTS PATH " + quoted(c.Path))
			continue
		}
		b.WriteString(c.Name + " " + c.Type.String() + " PATH " + quoted(c.Path) + c.otherwiseText())
	}
	b.WriteByte(')')
}

// Returning prints what stands behind the document in JSON_VALUE.
func (c *JSONColumn) Returning() string {
	return quoted(c.Path) + " RETURNING " + c.Type.String() + c.otherwiseText()
}

func (c *JSONColumn) otherwiseText() string { return c.OnEmpty.text("EMPTY") + c.OnError.text("ERROR") }

func (o JSONOtherwise) text(on string) string {
	switch {
	case o.Fail:
		return " ERROR ON " + on
	case o.Default != nil:
		return " DEFAULT " + quoted(string(vec.AppendText(nil, o.Default, 0))) + " ON " + on
	}
	return ""
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
