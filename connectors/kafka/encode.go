package kafka

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A message is a record to be written.
type message struct {
	key, value []byte // nil for none: a value of nil is a delete
	headers    []*sarama.RecordHeader
	millis     int64 // since 1970; 0 for the time of writing
	partition  int32 // -1 for what the key says
}

// An encoder makes messages of rows. Their bytes stay good until reset.
type encoder struct {
	value  part
	key    part    // enc nil and text false: no key
	row    rowForm // how a row that is added or taken back is written; nil for the row itself
	epoch  int64
	null   bool // a NULL in the one column is a record without a value
	header int  // columns with metadata, -1 for none
	rawKey int
	stamp  int
	to     int

	buf  []byte
	full [][]byte // chunks of this epoch
	free [][]byte
}

// A part is the columns that go into a record's value or key.
type part struct {
	enc    format.Encoder
	text   bool // one column as it is
	cols   []int
	schema *types.Schema
	view   zset.Batch
}

func newEncoder(t *connectors.Table, schema *types.Schema) (*encoder, error) {
	e := &encoder{header: -1, rawKey: -1, stamp: -1, to: -1}
	keys, err := format.KeyColumns(t)
	if err != nil {
		return nil, err
	}
	column := func(i int) int { return schema.Index(t.Columns[i].Name) }
	var payload []int
	for i, c := range t.Columns {
		at := column(i)
		switch {
		case at < 0:
		case c.Metadata != "":
			if err := e.metadata(c, at); err != nil {
				return nil, err
			}
		case format.ValueHasKey(t) || !slices.Contains(keys, i):
			payload = append(payload, at)
		}
	}
	if len(payload) == 0 {
		return nil, errors.New("no column is left for the record's value")
	}
	if e.value, err = newPart(t, t.Options.Get("format"), schema, payload); err != nil {
		return nil, err
	}
	e.null = t.Options.Get("format") == "raw"
	if len(keys) == 0 {
		return e, nil
	}
	if e.rawKey >= 0 {
		return nil, errors.New("the record's key is made of columns and cannot be written as metadata 'key' too")
	}
	var at []int
	for _, k := range keys {
		if column(k) < 0 {
			return nil, fmt.Errorf("column %s is part of the record's key and is not written", t.Columns[k].Name)
		}
		at = append(at, column(k))
	}
	e.key, err = newPart(t, format.KeyFormat(t), schema, at)
	return e, err
}

func (e *encoder) metadata(c connectors.Column, at int) error {
	switch c.Metadata {
	case "headers":
		e.header = at
	case "key":
		e.rawKey = at
	case "timestamp":
		e.stamp = at
	case "partition":
		e.to = at
	default:
		return fmt.Errorf("column %s: metadata '%s' is set by the broker and cannot be written", c.Name, c.Metadata)
	}
	return nil
}

func newPart(t *connectors.Table, name string, schema *types.Schema, cols []int) (part, error) {
	if name == format.DebeziumJSON { // a row within an event
		name = format.JSON.Name
	}
	p := part{cols: cols, schema: schema.Project(cols)}
	if name == "raw" {
		if len(cols) != 1 {
			return p, fmt.Errorf("format 'raw' has one column, not %d", len(cols))
		}
		p.text = true
		return p, nil
	}
	i := slices.IndexFunc(format.All, func(f format.Format) bool { return f.Name == name })
	if i < 0 || format.All[i].NewEncoder == nil {
		return p, fmt.Errorf("format '%s' cannot be written", name)
	}
	enc, err := format.All[i].NewEncoder(t, p.schema)
	p.enc = enc
	return p, err
}

// load points the part at a batch's columns.
func (p *part) load(b *zset.Batch) {
	p.view.Schema, p.view.Len, p.view.Weights = p.schema, b.Len, b.Weights
	p.view.Cols = p.view.Cols[:0]
	for _, c := range p.cols {
		p.view.Cols = append(p.view.Cols, b.Cols[c])
	}
}

func (p *part) none() bool { return p.enc == nil && !p.text }

func (p *part) append(dst []byte, row int) ([]byte, error) {
	if !p.text {
		return p.enc.Encode(dst, &p.view, row)
	}
	c := p.view.Cols[0]
	if c.Type.Layout() == types.Bytes && !c.Type.IsNested() {
		return append(dst, c.Bytes(row)...), nil
	}
	return format.AppendText(dst, c, row), nil
}

// load points the encoder at a batch.
func (e *encoder) load(b *zset.Batch) {
	e.value.load(b)
	if !e.key.none() {
		e.key.load(b)
	}
}

// chunk is how much is encoded into one piece of memory.
const chunk = 256 << 10

// room makes place for more bytes without moving those that messages point at.
func (e *encoder) room() {
	if len(e.buf) < chunk*3/4 && e.buf != nil {
		return
	}
	if e.buf != nil {
		e.full = append(e.full, e.buf)
	}
	if n := len(e.free); n > 0 {
		e.buf, e.free = e.free[n-1], e.free[:n-1]
	} else {
		e.buf = make([]byte, 0, chunk)
	}
}

// reset forgets all messages. The memory that the last epoch needed serves the next
// ones; what one before needed beyond that is given up.
func (e *encoder) reset() {
	if keep := len(e.full) + 4; len(e.free) > keep {
		clear(e.free[keep:])
		e.free = e.free[:keep]
	}
	for _, b := range e.full {
		if cap(b) == chunk {
			e.free = append(e.free, b[:0])
		}
	}
	clear(e.full)
	e.full, e.buf = e.full[:0], e.buf[:0]
}

// keyOf encodes the key of a row of the batch loaded.
func (e *encoder) keyOf(b *zset.Batch, row int) ([]byte, error) {
	e.room()
	from := len(e.buf)
	switch {
	case e.rawKey >= 0:
		if b.Cols[e.rawKey].IsNull(row) {
			return nil, nil
		}
		e.buf = append(e.buf, b.Cols[e.rawKey].Bytes(row)...)
	case e.key.none(), e.key.text && e.key.view.Cols[0].IsNull(row):
		return nil, nil
	default:
		var err error
		if e.buf, err = e.key.append(e.buf, row); err != nil {
			return nil, err
		}
	}
	return e.buf[from:len(e.buf):len(e.buf)], nil
}

// keyed encodes all of a row but its value.
func (e *encoder) keyed(b *zset.Batch, row int) (message, error) {
	m := message{partition: -1}
	var err error
	if m.key, err = e.keyOf(b, row); err != nil {
		return m, err
	}
	return m, e.extras(&m, b, row)
}

// message encodes a row of the batch loaded.
func (e *encoder) message(b *zset.Batch, row int) (message, error) {
	m, err := e.keyed(b, row)
	if err != nil {
		return m, err
	}
	if e.null && e.value.view.Cols[0].IsNull(row) {
		return m, nil
	}
	from := len(e.buf)
	if e.row == nil {
		e.buf, err = e.value.append(e.buf, row)
	} else {
		e.buf, err = e.row(e, row, b.Weight(row))
	}
	m.value = e.buf[from:len(e.buf):len(e.buf)]
	return m, err
}

// extras takes over metadata columns.
func (e *encoder) extras(m *message, b *zset.Batch, row int) error {
	if e.stamp >= 0 && !b.Cols[e.stamp].IsNull(row) {
		c := b.Cols[e.stamp]
		m.millis = vec.Int(c, c.At(row)) / 1000
	}
	if e.to >= 0 && !b.Cols[e.to].IsNull(row) {
		c := b.Cols[e.to]
		n := vec.Int(c, c.At(row))
		if n < 0 || n > 1<<31-1 {
			return fmt.Errorf("there is no partition %d", n)
		}
		m.partition = int32(n)
	}
	if e.header < 0 || b.Cols[e.header].IsNull(row) {
		return nil
	}
	hs, err := headersOf(b.Cols[e.header], row)
	m.headers = hs
	return err
}

// headersOf reads an object of texts, in its order, or headers as Kafka writes them.
func headersOf(c *vec.Vec, row int) ([]*sarama.RecordHeader, error) {
	if c.Type.Kind == types.Binary {
		list, err := format.ParseHeaders(c.Bytes(row))
		out := make([]*sarama.RecordHeader, len(list))
		for i, h := range list {
			out[i] = &sarama.RecordHeader{Key: []byte(h.Key), Value: h.Value}
		}
		return out, err
	}
	return headersIn(c.Bytes(row))
}

// headersIn reads an object of texts, in its order.
func headersIn(object []byte) ([]*sarama.RecordHeader, error) {
	var out []*sarama.RecordHeader
	d := json.NewDecoder(strings.NewReader(string(object)))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("headers are a JSON object of texts")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("headers: %w", err)
		}
		var value *string
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("header %v is not a text", name)
		}
		h := &sarama.RecordHeader{Key: []byte(name.(string))}
		if value != nil {
			h.Value = []byte(*value)
		}
		out = append(out, h)
	}
	return out, nil
}
