package main

import (
	"slices"
	"strings"

	pretty "github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// pageRows is how many rows of a bounded result are aligned together: a result of
// any size is printed in bounded memory.
const pageRows = 1000

// table is an aligned table. A continuous result is one table without an end: the
// widths are those of its first rows, and grow where later ones need it.
type table struct {
	rows   [][]string
	widths []int
	paged  bool
}

func (f *table) begin(dst []byte, _ *heading) []byte { return dst }

func (f *table) chunk(dst []byte, h *heading, c *chunk) []byte {
	if h.plain {
		for i := range c.rows {
			dst = append(dst, strings.Join(c.cells(h, i), " ")...)
			dst = append(dst, '\n')
		}
		return dst
	}
	for i := range c.rows {
		f.rows = append(f.rows, c.cells(h, i))
		if len(f.rows) == pageRows {
			dst = f.page(dst, h)
		}
	}
	if h.continuous && len(f.rows) > 0 {
		dst = f.page(dst, h)
	}
	return dst
}

func (f *table) end(dst []byte, h *heading) []byte {
	switch {
	case h.plain:
	case h.continuous && f.paged:
		dst = appendRule(dst, f.widths)
	case len(f.rows) > 0 || !f.paged && !h.continuous:
		dst = f.page(dst, h)
	}
	return dst
}

// page prints the rows that are there: with the columns' names the first time, and of
// a continuous result then without, as long as the columns stay as wide.
func (f *table) page(dst []byte, h *heading) []byte {
	widths := columnWidths(h, f.rows, f.widths)
	same := h.continuous && f.widths != nil && slices.Equal(widths, f.widths)
	lines := strings.Split(renderTable(h, f.rows, widths), "\n")
	f.rows, f.widths, f.paged = f.rows[:0], widths, true
	if same {
		lines = lines[3:]
	}
	if h.continuous {
		lines = lines[:len(lines)-1]
	}
	for _, l := range lines {
		dst = append(append(dst, l...), '\n')
	}
	return dst
}

// appendRule draws the line under a table.
func appendRule(dst []byte, widths []int) []byte {
	for _, w := range widths {
		dst = append(append(dst, '+'), strings.Repeat("-", w+2)...)
	}
	return append(dst, "+\n"...)
}

// leastWidth is how narrow a column of text is made at most.
const leastWidth = 8

// Columns of text of a continuous result are made a little wider than their first rows
// need, so that the columns need not be named anew at every longer text.
const (
	shortWidth = 6
	roundWidth = 20
)

// columnWidths returns the widths that rows need, at least those given, made to fit
// the terminal: the widest columns of text give way and are wrapped.
func columnWidths(h *heading, rows [][]string, least []int) []int {
	names, numeric := h.names(), h.numeric()
	widths := make([]int, len(names))
	total := 1
	for i, n := range names {
		widths[i] = cellWidth(n)
		if least != nil {
			widths[i] = max(widths[i], least[i])
		}
		for _, r := range rows {
			widths[i] = max(widths[i], cellWidth(r[i]))
		}
		if h.continuous && !numeric[i] && widths[i] > shortWidth {
			widths[i] = (widths[i] + roundWidth - 1) / roundWidth * roundWidth
		}
		total += widths[i] + 3
	}
	for h.width > 0 && total > h.width {
		widest := -1
		for i, w := range widths {
			if !numeric[i] && w > leastWidth && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
		total--
	}
	return widths
}

// renderTable draws rows in columns of the widths given, without a line feed at the
// end.
func renderTable(h *heading, rows [][]string, widths []int) string {
	text.OverrideRuneWidthEastAsianWidth(false) // as terminals do, whatever the locale
	w := pretty.NewWriter()
	w.Style().Format.Header = text.FormatDefault
	numeric := h.numeric()
	configs := make([]pretty.ColumnConfig, len(widths))
	head := make(pretty.Row, len(widths))
	for i, n := range h.names() {
		head[i] = clip(n, widths[i])
		configs[i] = pretty.ColumnConfig{Number: i + 1, WidthMin: widths[i]}
		if numeric[i] {
			configs[i].Align, configs[i].AlignHeader = text.AlignRight, text.AlignRight
		}
	}
	w.SetColumnConfigs(configs)
	w.AppendHeader(head)
	for _, r := range rows {
		cells := make(pretty.Row, len(r))
		for i, c := range r {
			cells[i] = wrap(c, widths[i])
		}
		w.AppendRow(cells)
	}
	out := w.Render()
	if len(rows) == 0 {
		out = strings.TrimSuffix(out, "\n")
	}
	return out
}
