package naive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A jsonDoc is a JSON value with its parts.
type jsonDoc struct {
	text  string
	keys  []string // of an object, each once
	parts []*jsonDoc
}

func parseJSON(text string) (*jsonDoc, error) {
	d := &jsonDoc{text: string(bytes.TrimSpace([]byte(text)))}
	r := json.NewDecoder(bytes.NewReader([]byte(d.text)))
	begin, err := r.Token()
	if err != nil || begin != json.Delim('[') && begin != json.Delim('{') {
		return d, err
	}
	at := map[string]int{}
	for r.More() {
		key := fmt.Sprint(len(d.parts))
		if begin == json.Delim('{') {
			t, err := r.Token()
			if err != nil {
				return nil, err
			}
			key = t.(string)
		}
		var raw json.RawMessage
		if err := r.Decode(&raw); err != nil {
			return nil, err
		}
		part, err := parseJSON(string(raw))
		if err != nil {
			return nil, err
		}
		if i, again := at[key]; again {
			d.parts[i] = part
			continue
		}
		at[key] = len(d.parts)
		d.keys, d.parts = append(d.keys, key), append(d.parts, part)
	}
	return d, nil
}

func (d *jsonDoc) is(c byte) bool { return d.text[0] == c }

// jsonTable makes the rows of JSON_TABLE.
func jsonTable(t *function.JSONTable, doc any) ([]Row, error) {
	if doc == nil {
		return nil, nil
	}
	d, err := parseJSON(doc.(string))
	if err != nil {
		return nil, err
	}
	return jsonLevel(t.Path, t.Columns, d)
}

// jsonLevel makes a row of each value that a path leads to, or as many as are nested in
// it. Of several nested paths each gives its rows by itself.
func jsonLevel(path string, columns []function.JSONColumn, d *jsonDoc) ([]Row, error) {
	found, err := follow(path, d)
	if err != nil {
		return nil, err
	}
	var out []Row
	for i, v := range found {
		rows := []Row{}
		base := Row{}
		widths := []int{}
		for _, c := range columns {
			value, width, err := jsonColumn(c, v, i+1)
			if err != nil {
				return nil, err
			}
			base, widths = append(base, value...), append(widths, width)
		}
		at := 0
		for k, c := range columns {
			if c.Kind == function.JSONNested {
				nested, err := jsonLevel(c.Path, c.Columns, v)
				if err != nil {
					return nil, err
				}
				for _, n := range nested {
					row := append(Row{}, base...)
					copy(row[at:], n)
					rows = append(rows, row)
				}
			}
			at += widths[k]
		}
		if len(rows) == 0 {
			rows = []Row{base}
		}
		out = append(out, rows...)
	}
	return out, nil
}

// jsonColumn is the value of a column, of a nested path as many NULLs as it has columns.
func jsonColumn(c function.JSONColumn, d *jsonDoc, number int) (Row, int, error) {
	switch c.Kind {
	case function.JSONNested:
		n := len((&function.JSONTable{Columns: c.Columns}).Fields())
		return make(Row, n), n, nil
	case function.JSONOrdinality:
		return Row{int64(number)}, 1, nil
	}
	found, err := follow(c.Path, d)
	if err != nil {
		return nil, 0, err
	}
	if c.Kind == function.JSONExists {
		v, err := converted(fmt.Sprint(len(found) > 0), c.Type)
		return Row{v}, 1, err
	}
	v, err := any(nil), errors.New("there is no value")
	otherwise := c.OnEmpty
	if len(found) > 0 {
		v, err = jsonValue(c.Type, found)
		otherwise = c.OnError
	}
	switch {
	case err == nil || otherwise.Fail:
	case otherwise.Default == nil:
		v, err = nil, nil
	default:
		v, err = expr.LiteralAt(otherwise.Default, 0).Value, nil
	}
	return Row{v}, 1, err
}

func jsonValue(t types.Type, found []*jsonDoc) (any, error) {
	text, many := found[0].text, len(found) > 1
	if many {
		text = "["
		for i, f := range found {
			if i > 0 {
				text += ", "
			}
			text += f.text
		}
		text += "]"
	}
	switch {
	case t.Kind == types.JSON:
		return text, nil
	case text == "null":
		return nil, nil
	case t.Kind == types.Varchar && !many && !found[0].is('[') && !found[0].is('{'):
		if found[0].is('"') {
			if err := json.Unmarshal([]byte(text), &text); err != nil {
				return nil, err
			}
		}
		if t.Length > 0 && utf8.RuneCountInString(text) > t.Length {
			return nil, errors.New("the text is too long")
		}
		return text, nil
	case t.Kind == types.Varchar:
		return nil, errors.New("there is no one text")
	}
	return converted(text, t)
}

func converted(text string, t types.Type) (any, error) {
	l, err := expr.EvalConst(&expr.Cast{Arg: &expr.Literal{T: types.Of(types.JSON), Value: text}, To: t})
	if err != nil {
		return nil, err
	}
	return l.Value, nil
}
