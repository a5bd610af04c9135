package main

import (
	"fmt"
	"strings"
)

// vertical is a line a column, for rows too wide for a table.
type vertical struct{ rows int }

func (f *vertical) begin(dst []byte, _ *heading) []byte { return dst }

func (f *vertical) chunk(dst []byte, h *heading, c *chunk) []byte {
	names := h.names()
	width := 0
	for _, n := range names {
		width = max(width, cellWidth(n))
	}
	stars := strings.Repeat("*", 27)
	for i := range c.rows {
		f.rows++
		dst = fmt.Appendf(dst, "%s %d. row %s\n", stars, f.rows, stars)
		for j, v := range c.cells(h, i) {
			indent := strings.Repeat(" ", width-cellWidth(names[j]))
			value := strings.ReplaceAll(v, "\n", "\n"+strings.Repeat(" ", width+2))
			dst = fmt.Appendf(dst, "%s%s: %s\n", indent, names[j], value)
		}
	}
	return dst
}

func (f *vertical) end(dst []byte, _ *heading) []byte { return dst }

// markdown is a table as GitHub reads it. It is not aligned, so that rows are printed
// as they come.
type markdown struct{}

func (f *markdown) begin(dst []byte, h *heading) []byte {
	dst = appendMarkdown(dst, h.names())
	dst = append(dst, '|')
	for _, right := range h.numeric() {
		if right {
			dst = append(dst, " ---: |"...)
		} else {
			dst = append(dst, " --- |"...)
		}
	}
	return append(dst, '\n')
}

func (f *markdown) chunk(dst []byte, h *heading, c *chunk) []byte {
	for i := range c.rows {
		dst = appendMarkdown(dst, c.cells(h, i))
	}
	return dst
}

func (f *markdown) end(dst []byte, _ *heading) []byte { return dst }

var markdownEscapes = strings.NewReplacer("|", `\|`, "\n", "<br>")

func appendMarkdown(dst []byte, cells []string) []byte {
	dst = append(dst, '|')
	for _, c := range cells {
		dst = fmt.Appendf(dst, " %s |", markdownEscapes.Replace(c))
	}
	return append(dst, '\n')
}
