package main

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// names are the column heads, op and epoch of a changelog among them.
func (h *heading) names() []string {
	names := h.schema.Names()
	if h.changelog {
		names = append([]string{"op", "epoch"}, names...)
	}
	for i, n := range names {
		names[i] = printable(n)
	}
	return names
}

// numeric says which columns stand to the right.
func (h *heading) numeric() []bool {
	var out []bool
	if h.changelog {
		out = append(out, false, true)
	}
	for _, f := range h.schema.Fields {
		t := f.Type
		out = append(out, t.IsInteger() || t.IsUnsigned() || t.Kind == types.Decimal || t.Kind == types.Float || t.Kind == types.Double)
	}
	return out
}

// cells are the texts of row i as people read them.
func (c *chunk) cells(h *heading, i int) []string {
	var out []string
	if h.changelog {
		out = append(out, c.ops[i], fmt.Sprint(c.epoch))
	}
	for _, col := range c.batch.Cols {
		if row := int(c.rows[i]); col.IsNull(row) {
			out = append(out, "NULL")
		} else {
			out = append(out, printable(string(vec.AppendText(nil, col, row))))
		}
	}
	return out
}

// printable makes visible what would move the cursor or turn the writing around:
// data from a topic must not steer the terminal. Lines are kept.
func printable(s string) string {
	if !strings.ContainsFunc(s, steers) {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteRune(r)
		case r == '\t':
			b.WriteString("    ")
		case r == '\r':
			b.WriteString(`\r`)
		case steers(r) && r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case steers(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func steers(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// cellWidth is how many columns of a terminal the longest line of a text takes: wide
// characters take two.
func cellWidth(s string) int {
	w := 0
	for line := range strings.SplitSeq(s, "\n") {
		w = max(w, text.StringWidthWithoutEscSequences(line))
	}
	return w
}

// wrap breaks the lines of a text so that none is wider than width, at blanks where
// there are any.
func wrap(s string, width int) string {
	if cellWidth(s) <= width {
		return s
	}
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		for cellWidth(line) > width {
			cut := breakAt(line, width)
			out = append(out, strings.TrimRight(line[:cut], " "))
			line = strings.TrimLeft(line[cut:], " ")
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// breakAt returns where a line that is too wide is broken; at least one character
// goes before.
func breakAt(line string, width int) int {
	used, blank := 0, 0
	for i, r := range line {
		w := text.RuneWidth(r)
		if used+w > width && i > 0 {
			if blank > 0 {
				return blank
			}
			return i
		}
		if r == ' ' {
			blank = i + 1
		}
		used += w
	}
	return len(line)
}

// clip cuts a line to a width and marks the cut.
func clip(line string, width int) string {
	if cellWidth(line) <= width || width < 1 {
		return line
	}
	used := 0
	for i, r := range line {
		if used += text.RuneWidth(r); used > width-1 {
			return line[:i] + "…"
		}
	}
	return line
}
