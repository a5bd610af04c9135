package main

import (
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/vec"
)

// csv is RFC 4180 with lines that end in a line feed. NULL is an empty field, the
// empty string is "".
type csv struct{ text []byte }

func (f *csv) begin(dst []byte, h *heading) []byte {
	names := h.schema.Names()
	if h.changelog {
		names = append([]string{"op", "epoch"}, names...)
	}
	for i, n := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCSV(dst, n)
	}
	return append(dst, '\n')
}

func (f *csv) chunk(dst []byte, h *heading, c *chunk) []byte {
	for i, row := range c.rows {
		if h.changelog {
			dst = append(append(dst, c.ops[i]...), ',')
			dst = append(strconv.AppendInt(dst, c.epoch, 10), ',')
		}
		for j, col := range c.batch.Cols {
			if j > 0 {
				dst = append(dst, ',')
			}
			if !col.IsNull(int(row)) {
				f.text = vec.AppendText(f.text[:0], col, int(row))
				dst = appendCSV(dst, string(f.text))
			}
		}
		dst = append(dst, '\n')
	}
	return dst
}

func (f *csv) end(dst []byte, _ *heading) []byte { return dst }

func appendCSV(dst []byte, s string) []byte {
	if s != "" && !strings.ContainsAny(s, ",\"\r\n") {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}
