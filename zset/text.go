package zset

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// String gives the batch as text, a row a line: "+1 ann 2". Parse reads it back.
func (b *Batch) String() string {
	var out []byte
	for row := range b.Len {
		out = b.AppendRowText(out, row)
		out = append(out, '\n')
	}
	return string(out)
}

// AppendRowText appends one row's line without its end.
func (b *Batch) AppendRowText(dst []byte, row int) []byte {
	dst = fmt.Appendf(dst, "%+d", b.Weight(row))
	for _, c := range b.Cols {
		dst = append(dst, ' ')
		dst = appendField(dst, c, row)
	}
	return dst
}

// shownValue is how many characters of a value NamedText shows.
const shownValue = 60

// NamedText gives some columns of a row as a message shows them: "id = 1, name = ann".
func (b *Batch) NamedText(row int, columns []int) string {
	var parts []string
	for _, c := range columns {
		text := "NULL"
		if !b.Cols[c].IsNull(row) {
			text = string(vec.AppendText(nil, b.Cols[c], row))
		}
		if runes := []rune(text); len(runes) > shownValue {
			text = string(runes[:shownValue]) + "…"
		}
		parts = append(parts, b.Schema.Fields[c].Name+" = "+text)
	}
	return strings.Join(parts, ", ")
}

func appendField(dst []byte, c *vec.Vec, row int) []byte {
	if c.IsNull(row) {
		return append(dst, "NULL"...)
	}
	text := string(vec.AppendText(nil, c, row))
	if text == "" || text == "NULL" || strings.ContainsFunc(text, needsQuotes) {
		return strconv.AppendQuote(dst, text)
	}
	return append(dst, text...)
}

// needsQuotes reports a character that a bare field cannot hold: one that would end
// or open a field, that is invisible, or that stands for bytes which are not UTF-8.
func needsQuotes(r rune) bool {
	return r == '"' || r == '\\' || r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsGraphic(r)
}

// Parse reads the text form of a batch: the inverse of String. Blank lines are
// passed over; a line without a sign has weight +1.
func Parse(s *types.Schema, text string) (*Batch, error) {
	b := NewBuilder(s)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if err := parseRow(b, line); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
	}
	return b.Build(), nil
}

func parseRow(b *Builder, line string) error {
	fields, quoted, err := splitFields(line)
	if err != nil {
		return err
	}
	weight := int64(1)
	if !quoted[0] && (fields[0][0] == '+' || fields[0][0] == '-') && len(fields) == len(b.Cols)+1 {
		if weight, err = strconv.ParseInt(fields[0], 10, 64); err != nil {
			return fmt.Errorf("%q is not a weight", fields[0])
		}
		fields, quoted = fields[1:], quoted[1:]
	}
	if len(fields) != len(b.Cols) {
		return fmt.Errorf("%d values for %d columns", len(fields), len(b.Cols))
	}
	for i, c := range b.Cols {
		if fields[i] == "NULL" && !quoted[i] {
			c.AppendNull()
			continue
		}
		if err := vec.ParseText(c, fields[i]); err != nil {
			b.AbortRow()
			return err
		}
	}
	b.EndRowWeight(weight)
	return nil
}

// splitFields divides a line at blanks, minding quotes.
func splitFields(line string) (fields []string, quoted []bool, err error) {
	for line != "" {
		if line[0] == '"' {
			q, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, nil, fmt.Errorf("open quote in %q", line)
			}
			text, err := strconv.Unquote(q)
			if err != nil {
				return nil, nil, err
			}
			fields, quoted = append(fields, text), append(quoted, true)
			line = strings.TrimLeft(line[len(q):], " \t")
			continue
		}
		field, rest, _ := strings.Cut(line, " ")
		fields, quoted = append(fields, field), append(quoted, false)
		line = strings.TrimLeft(rest, " \t")
	}
	return fields, quoted, nil
}
