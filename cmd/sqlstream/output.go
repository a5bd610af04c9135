package main

import (
	"io"
	"sync"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// formats are the values of --format.
var formats = []string{"table", "vertical", "csv", "json", "ndjson", "markdown"}

// A heading says what the rows of a result are.
type heading struct {
	schema     *types.Schema
	continuous bool
	changelog  bool // every row has an op and an epoch
	plain      bool // lines of text rather than a table: EXPLAIN
	width      int  // of the terminal, 0 for any
}

// A chunk is rows to be printed in their order. A batch's row may be in it several
// times.
type chunk struct {
	batch *zset.Batch
	rows  []int32
	ops   []string // of each row, for a changelog
	epoch int64
}

// A formatter writes one result. What it has not written it keeps until its end,
// or for a continuous result until the chunk's.
type formatter interface {
	begin(dst []byte, h *heading) []byte
	chunk(dst []byte, h *heading, c *chunk) []byte
	end(dst []byte, h *heading) []byte
}

func newFormatter(name string) formatter {
	switch name {
	case "csv":
		return &csv{}
	case "json":
		return &jsonArray{}
	case "ndjson":
		return &jsonLines{}
	case "vertical":
		return &vertical{}
	case "markdown":
		return &markdown{}
	}
	return &table{}
}

// An output prints results one after the other, or the changes of several
// continuous ones as they come.
type output struct {
	w      io.Writer
	format string // "" for what suits the terminal and the result
	screen *screen

	mu    sync.Mutex
	last  *result // that is being printed
	above string  // the format of what was printed last
}

// formatOf returns the format that a result is printed in.
func (o *output) formatOf(h *heading) string {
	switch {
	case o.format != "":
		return o.format
	case o.screen.outTerminal:
		return "table"
	case h.continuous:
		return "ndjson"
	}
	return "csv"
}

// A result is a result being printed.
type result struct {
	out     *output
	head    heading
	name    string // of the format
	format  formatter
	buf     []byte
	begun   bool
	printed int64 // rows
}

func (o *output) open(h heading) *result {
	name := o.formatOf(&h)
	if o.screen.outTerminal {
		h.width, _ = o.screen.size()
	}
	return &result{out: o, head: h, name: name, format: newFormatter(name)}
}

// write prints a chunk. Where another result was printed meanwhile the columns are
// named anew.
func (r *result) write(c *chunk) error {
	r.out.mu.Lock()
	defer r.out.mu.Unlock()
	r.turn()
	r.buf = r.format.chunk(r.buf, &r.head, c)
	r.printed += int64(len(c.rows))
	if r.head.continuous || len(r.buf) > 1<<16 {
		return r.flush()
	}
	return nil
}

// close prints what is left.
func (r *result) close() error {
	r.out.mu.Lock()
	defer r.out.mu.Unlock()
	if r.begun && r.out.last != r {
		return nil // ended when another result took its turn
	}
	r.turn()
	r.buf = r.format.end(r.buf, &r.head)
	r.out.last = nil
	return r.flush()
}

// turn makes r the result that is being printed.
func (r *result) turn() {
	o := r.out
	if o.last == r {
		return
	}
	if o.last != nil {
		r.buf = o.last.format.end(r.buf, &o.last.head)
	}
	if r.name == o.above && (r.name == "csv" || r.name == "markdown") {
		r.buf = append(r.buf, '\n')
	}
	o.last, o.above = r, r.name
	if r.begun {
		r.format = newFormatter(r.name)
	}
	r.begun = true
	r.buf = r.format.begin(r.buf, &r.head)
}

func (r *result) flush() error {
	if len(r.buf) == 0 {
		return nil
	}
	_, err := r.out.w.Write(r.buf)
	r.buf = r.buf[:0]
	return err
}

// wholeChunk is all rows of a batch, each as often as it is there.
func wholeChunk(b *zset.Batch) *chunk {
	c := &chunk{batch: b, rows: make([]int32, 0, b.Len)}
	for row := range b.Len {
		for range b.Weight(row) {
			c.rows = append(c.rows, int32(row))
		}
	}
	return c
}

// printRows prints a bounded result and returns how many rows it had.
func (o *output) printRows(rows *sqlstream.Rows, h heading) (int64, error) {
	h.schema = rows.Schema()
	r := o.open(h)
	for b, err := range rows.Batches() {
		if err != nil {
			return r.printed, err
		}
		if err := r.write(wholeChunk(b)); err != nil {
			return r.printed, err
		}
	}
	return r.printed, r.close()
}
