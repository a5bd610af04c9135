package format

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// All lists the built-in formats by name.
var All = []Format{
	CSV,
	Debezium,
	JSON,
	Raw,
}

// PolicyOf reads the option on_error.
func PolicyOf(o connectors.Options) Policy {
	switch o.Get("on.error") {
	case "skip", DeadLetter:
		return Skip
	case "null":
		return Null
	}
	return Fail
}

// DeadLetter is the value of on_error by which a record that cannot be read is left out, and
// written elsewhere.
const DeadLetter = "dead_letter"

// BadRecordOptions are understood by every table with a format.
var BadRecordOptions = []connectors.Option{
	{
		Name: "on.error", Default: "fail", Values: []string{"fail", "skip", "null", DeadLetter},
		Doc: "what a record that cannot be read does: stop the query, be left out, give NULL for what cannot be read (left out where a column is NOT NULL), or be left out and written to the topic dead_letter (kafka)",
	},
	{Name: "max.bad.records", Doc: "a query that has met more records that cannot be read than this fails; any number where not given"},
}

// MaxBadRecords reads the option max_bad_records, nil where it is not given.
func MaxBadRecords(o connectors.Options) (*int64, error) {
	if o.Get("max.bad.records") == "" {
		return nil, nil
	}
	n, err := o.Int("max.bad.records", 0)
	if err == nil && n < 0 {
		err = errors.New("option 'max.bad.records' must not be negative")
	}
	return &n, err
}

// A rowDecoder reads the payload of one record into the payload columns, one value
// each. An error that is a *misfit leaves a whole row, with NULL for each value that
// does not fit its column; any other leaves values in some columns.
type rowDecoder interface {
	decode(rec *connectors.Record, b *zset.Builder) error
}

// decoder does what all formats share: metadata columns, policies, rows ended.
type decoder struct {
	spec    DecodeSpec
	row     rowDecoder
	split   splitter // nil where a record is a row
	payload []int    // columns of the builder that the format fills
	notNull []int    // those of them that are NOT NULL
	meta    []metaColumn
	key     int // a VARCHAR column that is the record's key, -1 for none
	bad     []connectors.BadRecord
	one     change   // a record that is a row
	list    []change // of the record at hand
}

var errKeyUTF8 = errors.New("the record's key is not valid UTF-8; declare the column as BINARY to have its bytes")

type metaColumn struct {
	at  int
	key string
}

func newDecoder(spec DecodeSpec, row func(spec DecodeSpec, payload []int) (rowDecoder, error)) (Decoder, error) {
	d := &decoder{spec: spec, key: -1}
	for at, c := range spec.Columns {
		col := spec.Table.Columns[c]
		switch {
		case col.Metadata != "":
			d.meta = append(d.meta, metaColumn{at, col.Metadata})
			if col.Metadata == "key" && col.Type.Kind == types.Varchar {
				d.key = at
			}
			continue
		case col.NotNull:
			d.notNull = append(d.notNull, at)
		}
		d.payload = append(d.payload, at)
	}
	r, err := rowsOf(spec, d.payload, row)
	if err != nil {
		return nil, err
	}
	d.row = r
	d.one = change{weight: 1, row: r}
	d.split, err = splitterOf(spec, d.payload, r)
	return d, err
}

// Decode implements Decoder.
func (d *decoder) Decode(recs []connectors.Record, b *zset.Builder) ([]connectors.BadRecord, error) {
	d.bad = d.bad[:0]
	for i := range recs {
		rec := &recs[i]
		from := b.Len()
		var reason error
		var dropped bool
		if d.split == nil {
			reason, dropped = d.take(&d.one, rec, rec, b)
		} else {
			reason, dropped = d.takeAll(rec, b)
		}
		if reason == nil {
			continue
		}
		if dropped {
			b.Truncate(from)
		}
		d.bad = append(d.bad, connectors.BadRecord{Split: rec.Split, Offset: rec.Offset, Reason: reason.Error()})
		if n := len(d.bad) - 1; d.spec.OnError == Fail {
			return d.bad[:n], &d.bad[n]
		}
	}
	return d.bad, nil
}

// take decodes a row of a record, from what is its value. It returns what is wrong with
// it, and whether the record is therefore to be left out.
func (d *decoder) take(c *change, value, rec *connectors.Record, b *zset.Builder) (reason error, dropped bool) {
	reason = d.checked(rec, b, c.row.decode(value, b))
	if reason != nil && (d.spec.OnError != Null || !d.mend(c, b, reason)) {
		return reason, true
	}
	for _, at := range c.absent {
		b.Cols[at].AppendNull()
	}
	for _, m := range d.meta {
		appendMeta(b.Cols[m.at], m.key, rec)
	}
	b.EndRowWeight(c.weight)
	return reason, false
}

// takeAll decodes the rows that a record changes.
func (d *decoder) takeAll(rec *connectors.Record, b *zset.Builder) (reason error, dropped bool) {
	if d.list, reason = d.split.split(rec, d.list[:0]); reason != nil {
		return reason, true
	}
	for i := range d.list {
		c := &d.list[i]
		wrong, dropped := d.take(c, &c.rec, rec, b)
		if reason == nil {
			reason = wrong
		}
		if dropped {
			return reason, true
		}
	}
	return reason, false
}

// checked returns why a row that was decoded cannot be taken, reason where that is
// known.
func (d *decoder) checked(rec *connectors.Record, b *zset.Builder, reason error) error {
	if reason == nil && len(d.notNull) > 0 {
		reason = d.checkNulls(b)
	}
	if reason == nil && d.key >= 0 && !utf8.Valid(rec.Key) {
		reason = &misfit{b.Schema.Fields[d.key].Name, errKeyUTF8}
	}
	return reason
}

// mend makes a row of a record that could not be read, unless a column would have to
// be NULL that may not.
func (d *decoder) mend(c *change, b *zset.Builder, reason error) bool {
	if c.absent != nil {
		return false // without its key nobody knows the row
	}
	if _, whole := reason.(*misfit); !whole && len(d.notNull) == 0 {
		b.AbortRow()
		for _, at := range d.payload {
			b.Cols[at].AppendNull()
		}
		return true
	} else if !whole {
		return false
	}
	return d.checkNulls(b) == nil
}

func (d *decoder) checkNulls(b *zset.Builder) error {
	for _, at := range d.notNull {
		if b.Cols[at].Len() > b.Len() && b.Cols[at].LastNull() {
			return fmt.Errorf("column %s is NOT NULL and has no value", b.Schema.Fields[at].Name)
		}
	}
	return nil
}

// appendMeta fills a metadata column from the record.
func appendMeta(b *vec.Builder, key string, rec *connectors.Record) {
	switch key {
	case "topic":
		name, _ := splitName(rec.Split)
		appendText(b, name)
	case "partition":
		_, n := splitName(rec.Split)
		vec.AppendInt(b, n)
	case "path":
		appendText(b, string(rec.Split))
	case "offset":
		vec.AppendInt(b, int64(rec.Offset))
	case "timestamp":
		if rec.TimestampType == connectors.NoTimestamp {
			b.AppendNull()
		} else {
			vec.AppendInt(b, rec.Timestamp)
		}
	case "timestamp-type":
		appendText(b, [...]string{"NoTimestampType", "CreateTime", "LogAppendTime"}[rec.TimestampType])
	case "key":
		if rec.Key == nil || b.Type().Kind == types.Varchar && !utf8.Valid(rec.Key) {
			b.AppendNull()
		} else {
			b.AppendBytes(rec.Key)
		}
	case "headers":
		b.AppendBytes(headersJSON(rec.Headers))
	default:
		b.AppendNull()
	}
}

func appendText(b *vec.Builder, s string) { b.AppendString(s) }

// splitName divides "topic/3".
func splitName(s connectors.Split) (name string, n int64) {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			for _, c := range s[i+1:] {
				n = n*10 + int64(c-'0')
			}
			return string(s[:i]), n
		}
	}
	return string(s), 0
}

// headersJSON writes headers as an object. Bytes that are no text become U+FFFD.
func headersJSON(hs []connectors.Header) []byte {
	out := []byte{'{'}
	for i, h := range hs {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendJSONString(out, strings.ToValidUTF8(h.Key, "\uFFFD"))
		out = append(out, ':')
		if h.Value == nil {
			out = append(out, "null"...)
		} else {
			out = appendJSONString(out, bytes.ToValidUTF8(h.Value, []byte("\uFFFD")))
		}
	}
	return append(out, '}')
}

// RecordMetadata are the metadata keys of sources made of records.
var RecordMetadata = []connectors.Metadata{
	{Key: "topic", Type: types.Of(types.Varchar), Doc: "the topic's or file's name"},
	{Key: "partition", Type: types.Of(types.Int), Doc: "the partition's number"},
	{Key: "offset", Type: types.Of(types.BigInt), Doc: "the record's position"},
	{Key: "timestamp", Type: types.TimestampOf(3), Doc: "the record's timestamp"},
	{Key: "timestamp-type", Type: types.Of(types.Varchar), Doc: "CreateTime or LogAppendTime"},
	{Key: "key", Type: types.Of(types.Varchar), Doc: "the record's key"},
	{Key: "headers", Type: types.Of(types.JSON), Doc: "the record's headers as a JSON object"},
}
