package table

import (
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// maxJSONRows is how many rows JSON_TABLE may make of a document.
const maxJSONRows = 1_000_000

var errJSONRows = fmt.Errorf("a document gives more than %d rows", maxJSONRows)

// JSONTable is JSON_TABLE(doc, 'path' COLUMNS (…)).
var JSONTable = function.Table{
	Name: "json_table",
	Doc: "A row for each value in a JSON document that a path leads to. A column is `name type PATH 'path'`, the value that a path leads to from there, converted as by CAST; `name FOR ORDINALITY`, the number of the row; " +
		"or `name type EXISTS PATH 'path'`, whether there is one. `NESTED PATH 'path' COLUMNS (…)` makes a row of each value that a path leads to from there, beside the columns around it; of several such, one after the other. " +
		"Where there is no value, or none that converts, a column is NULL, or as `DEFAULT value | ERROR | NULL`, `ON EMPTY` and `ON ERROR`, say. Without PATH it is the member of the column's name.",
	Examples: []function.TableExample{
		{Call: `json_table('[{"a": 1, "b": "x"}, {"a": "2"}]', '$[*]' COLUMNS (n FOR ORDINALITY, a INT PATH '$.a', b VARCHAR PATH '$.b' DEFAULT '-' ON EMPTY))`, Rows: "1 1 x\n2 2 -"},
		{Call: `json_table('{"id": 7, "tags": ["한", "글"]}', '$' COLUMNS (id INT, NESTED PATH '$.tags[*]' COLUMNS (tag VARCHAR PATH '$')))`, Rows: "7 한\n7 글"},
		{Call: `json_table('[{"a": [1]}, {"a": null}, {}]', '$[*]' COLUMNS (a JSON, has BOOLEAN EXISTS PATH '$.a', n INT PATH '$.a' DEFAULT -1 ON ERROR))`, Rows: "[1] true -1\nnull true NULL\nNULL false NULL"},
		{Call: `json_table(NULL, '$[*]' COLUMNS (a INT))`, Rows: ""},
	},
	Bind: func([]types.Type, []any) (*function.BoundTable, error) {
		return nil, errors.New("json_table is written json_table(document, 'path' COLUMNS (…))")
	},
	BindJSON: bindJSONTable,
}

func bindJSONTable(spec *function.JSONTable) (*function.BoundTable, error) {
	top, _, err := newJSONRows(spec.Path, spec.Columns, 0)
	if err != nil {
		return nil, err
	}
	return &function.BoundTable{
		Name: "json_table", Args: []types.Type{types.Of(types.JSON)}, Columns: spec.Fields(), JSON: spec,
		Rows: func(args []*vec.Vec, row int, out []*vec.Builder) (int, error) {
			if args[0].IsNull(row) {
				return 0, nil
			}
			return top.rows(jsonpath.Trim(args[0].Bytes(row)), out)
		},
	}, nil
}

// jsonRows makes rows of a value: one for each that a path leads to from there.
type jsonRows struct {
	path        *jsonpath.Path
	columns     []jsonColumn
	nested      []*jsonRows
	first, last int // its columns, those of nested ones included, are [first, last)
}

type jsonColumn struct {
	function.JSONColumn
	path *jsonpath.Path
	at   int // in the table
}

// newJSONRows takes the columns from a place on, and returns how many there are.
func newJSONRows(path string, columns []function.JSONColumn, first int) (*jsonRows, int, error) {
	l := &jsonRows{first: first, last: first}
	var err error
	if l.path, err = jsonpath.Parse(path); err != nil {
		return nil, 0, err
	}
	for _, c := range columns {
		if c.Kind == function.JSONNested {
			in, n, err := newJSONRows(c.Path, c.Columns, l.last)
			if err != nil {
				return nil, 0, err
			}
			l.nested = append(l.nested, in)
			l.last += n
			continue
		}
		col := jsonColumn{JSONColumn: c, at: l.last}
		if c.Kind != function.JSONOrdinality {
			if col.path, err = jsonpath.Parse(c.Path); err != nil {
				return nil, 0, fmt.Errorf("column %s: %w", c.Name, err)
			}
		}
		l.columns = append(l.columns, col)
		l.last++
	}
	return l, l.last - l.first, nil
}

// rows appends the rows that a value gives to the columns of the level.
func (l *jsonRows) rows(doc []byte, out []*vec.Builder) (int, error) {
	var buf [8][]byte
	found, err := l.path.Find(doc, buf[:0])
	if err != nil {
		return 0, err
	}
	total := 0
	for i, v := range found {
		n, err := l.beside(v, out)
		if err != nil {
			return 0, err
		}
		for c := range l.columns {
			if err := l.columns[c].append(out[l.columns[c].at], v, int64(i)+1, n); err != nil {
				return 0, err
			}
		}
		if total += n; total > maxJSONRows {
			return 0, errJSONRows
		}
	}
	return total, nil
}

// beside appends what the nested levels give for a value, one after the other, with NULL
// in the columns of the others, and returns how many rows that are. Where none gives a row
// there is one of NULLs.
func (l *jsonRows) beside(v []byte, out []*vec.Builder) (int, error) {
	total := 0
	for _, in := range l.nested {
		n, err := in.rows(v, out)
		if err != nil {
			return 0, err
		}
		if total += n; total > maxJSONRows {
			return 0, errJSONRows
		}
		for _, other := range l.nested {
			if other != in {
				other.nulls(out, n)
			}
		}
	}
	if total > 0 {
		return total, nil
	}
	for _, in := range l.nested {
		in.nulls(out, 1)
	}
	return 1, nil
}

func (l *jsonRows) nulls(out []*vec.Builder, n int) {
	for _, b := range out[l.first:l.last] {
		for range n {
			b.AppendNull()
		}
	}
}

// append appends the column's value for a row's value, n times.
func (c *jsonColumn) append(b *vec.Builder, row []byte, number int64, n int) error {
	switch c.Kind {
	case function.JSONOrdinality:
		for range n {
			vec.Append(b, number)
		}
		return nil
	case function.JSONExists:
		ok, err := c.path.Leads(row)
		for range n {
			c.exists(b, ok)
		}
		return err
	}
	value, many, err := c.path.Value(row)
	if err != nil {
		return err
	}
	for range n {
		if err := c.Append(b, value, many); err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	return nil
}

func (c *jsonColumn) exists(b *vec.Builder, ok bool) {
	if c.Type.Kind == types.Boolean {
		b.AppendBool(ok)
		return
	}
	n := int64(0)
	if ok {
		n = 1
	}
	if c.Type.IsUnsigned() {
		vec.AppendUint(b, uint64(n))
		return
	}
	vec.AppendInt(b, n)
}
