package format

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// CSV is one line of comma-separated values a record (RFC 4180): fields in the order
// of the columns, NULL empty, the empty text "".
var CSV = Format{
	Name: "csv",
	Doc:  "One line of separated values a record; fields stand in the order of the columns.",
	Options: []connectors.Option{
		{Name: "csv.delimiter", Default: ",", Doc: "the character between fields"},
		{Name: "csv.null", Default: "", Doc: "the text, without quotes, that means NULL"},
		{Name: "csv.header", Default: "false", Values: []string{"true", "false"}, Doc: "files: the first line holds names and is passed over"},
	},
	Check: func(t *connectors.Table) error {
		if d := t.Options.String("csv.delimiter", ","); len(d) != 1 || strings.Contains("\"\r\n", d) || d[0] >= utf8.RuneSelf {
			return fmt.Errorf("option 'csv.delimiter' takes one character, not '%s'", d)
		}
		return nil
	},
	NewDecoder: func(spec DecodeSpec) (Decoder, error) {
		return newDecoder(spec, func(spec DecodeSpec, payload []int) (rowDecoder, error) { return newCSVDecoder(spec, payload), nil })
	},
	NewEncoder: func(t *connectors.Table, _ *types.Schema) (Encoder, error) {
		return &csvEncoder{delimiter: t.Options.String("csv.delimiter", ",")[0], null: t.Options.Get("csv.null")}, nil
	},
}

type csvDecoder struct {
	delimiter byte
	null      string
	fields    []int // by position in the line: the builder's column, -1 where it is not wanted
	names     []string
	text      []byte
}

func newCSVDecoder(spec DecodeSpec, payload []int) *csvDecoder {
	d := &csvDecoder{delimiter: spec.Table.Options.String("csv.delimiter", ",")[0], null: spec.Table.Options.Get("csv.null")}
	for c, col := range spec.Table.Columns {
		if col.Metadata != "" || col.Computed {
			continue
		}
		at := -1
		for _, p := range payload {
			if spec.Columns[p] == c {
				at = p
			}
		}
		d.fields, d.names = append(d.fields, at), append(d.names, col.Name)
	}
	return d
}

func (d *csvDecoder) decode(rec *connectors.Record, b *zset.Builder) error {
	if rec.Value == nil {
		return errNoValue
	}
	if !utf8.Valid(rec.Value) {
		return errUTF8
	}
	line := bytes.TrimSuffix(rec.Value, []byte{'\r'})
	var first error
	for i, at := range d.fields {
		if i > 0 {
			if len(line) == 0 || line[0] != d.delimiter {
				return fmt.Errorf("the line has %d fields, %d are wanted", i, len(d.fields))
			}
			line = line[1:]
		}
		field, quoted, rest, err := d.field(line)
		if err != nil {
			return err
		}
		line = rest
		if at < 0 {
			continue
		}
		if !quoted && string(field) == d.null {
			b.Cols[at].AppendNull()
		} else if err := putCSV(b.Cols[at], field); err != nil {
			b.Cols[at].AppendNull()
			if first == nil {
				first = &misfit{d.names[i], err}
			}
		}
	}
	if len(line) > 0 {
		return fmt.Errorf("the line has more than %d fields", len(d.fields))
	}
	return first
}

// putCSV appends the value that a field means, or nothing where it does not fit.
func putCSV(col *vec.Builder, field []byte) error {
	t := col.Type()
	switch {
	case tooLong(t, field) && t.Kind == types.Varchar:
		return fmt.Errorf("'%s' is not %s: it is too long", cut(field), article(t))
	case t.Kind == types.Binary && t.Length > 0 && binaryLen(field) > t.Length:
		return fmt.Errorf("'%s' is not %s: it is too long", cut(field), article(t))
	case t.Kind == types.JSON && !jsonpath.Valid(field):
		return fmt.Errorf("'%s' is not JSON", cut(field))
	}
	if t.Kind == types.Timestamp {
		if v, ok := types.ParseTimestamp(field); ok {
			vec.Append(col, roundMicros(v, t.Precision))
			return nil
		}
	}
	return vec.ParseText(col, string(field))
}

// binaryLen is how many bytes a text stands for: pairs of hexadecimal digits behind
// 0x, or its own.
func binaryLen(field []byte) int {
	if digits, ok := bytes.CutPrefix(field, []byte("0x")); ok {
		return len(digits) / 2
	}
	return len(field)
}

// field reads one field off the line.
func (d *csvDecoder) field(line []byte) (field []byte, quoted bool, rest []byte, err error) {
	if len(line) == 0 || line[0] != '"' {
		if i := bytes.IndexByte(line, d.delimiter); i >= 0 {
			return line[:i], false, line[i:], nil
		}
		return line, false, nil, nil
	}
	d.text = d.text[:0]
	for line = line[1:]; ; {
		i := bytes.IndexByte(line, '"')
		if i < 0 {
			return nil, true, nil, errors.New("a quote is not closed")
		}
		d.text = append(d.text, line[:i]...)
		line = line[i+1:]
		if len(line) == 0 || line[0] != '"' {
			if len(line) > 0 && line[0] != d.delimiter {
				return nil, true, nil, errors.New("text behind a closing quote")
			}
			return d.text, true, line, nil
		}
		d.text = append(d.text, '"')
		line = line[1:]
	}
}

type csvEncoder struct {
	delimiter byte
	null      string
	text      []byte
}

// Encode implements Encoder.
func (e *csvEncoder) Encode(dst []byte, b *zset.Batch, row int) ([]byte, error) {
	for i, c := range b.Cols {
		if i > 0 {
			dst = append(dst, e.delimiter)
		}
		if c.IsNull(row) {
			dst = append(dst, e.null...)
			continue
		}
		e.text = AppendText(e.text[:0], c, row)
		dst = AppendCSV(dst, e.text, e.delimiter, e.null)
	}
	return dst, nil
}

// AppendCSV appends one field, in quotes where it needs them: also where it is the
// text that would mean NULL.
func AppendCSV(dst, text []byte, delimiter byte, null string) []byte {
	if string(text) != null && !bytes.ContainsAny(text, "\"\r\n") && bytes.IndexByte(text, delimiter) < 0 {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(string(text), `"`, `""`)...)
	return append(dst, '"')
}
