package format

import (
	"encoding/binary"
	"errors"
	"strconv"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// deadColumns are what a record that cannot be read is written as elsewhere.
var deadColumns = []connectors.Column{
	{Field: types.Field{Name: "value", Type: types.Of(types.Binary)}},
	{Field: types.Field{Name: "key", Type: types.Of(types.Binary)}, Metadata: "key"},
	{Field: types.Field{Name: "headers", Type: types.Of(types.Binary)}, Metadata: "headers"},
}

// DeadLetters is a table of records as they came, which a connector writes with these
// options: value, key and headers are the same bytes, and headers that say where the record
// stood and what is wrong with it come behind.
func DeadLetters(name string, o connectors.Options) *connectors.Table {
	return &connectors.Table{Name: name, Columns: deadColumns, Options: o}
}

// DeadLetterSchema is that of what AppendDeadLetter makes.
func DeadLetterSchema() *types.Schema { return (&connectors.Table{Columns: deadColumns}).Schema() }

// The headers of a dead letter beside those of the record.
const (
	deadTopic     = "sqlstream.topic"
	deadPartition = "sqlstream.partition"
	deadOffset    = "sqlstream.offset"
	deadReason    = "sqlstream.reason"
)

// AppendDeadLetter appends a record that cannot be read.
func AppendDeadLetter(b *zset.Builder, rec *connectors.Record, reason string) {
	appendBad(b, 0, "value", rec, reason)
	appendBad(b, 1, "key", rec, reason)
	topic, partition := splitName(rec.Split)
	headers := append(rec.Headers[:len(rec.Headers):len(rec.Headers)],
		connectors.Header{Key: deadTopic, Value: []byte(topic)},
		connectors.Header{Key: deadPartition, Value: strconv.AppendInt(nil, partition, 10)},
		connectors.Header{Key: deadOffset, Value: strconv.AppendInt(nil, int64(rec.Offset), 10)},
		connectors.Header{Key: deadReason, Value: []byte(reason)},
	)
	b.Cols[2].AppendBytes(AppendHeaders(nil, headers))
	b.EndRow()
}

// AppendHeaders appends headers as Kafka writes them in a record: their number, then each
// with the lengths of key and value before these, as zigzag varints, -1 for no value
// (https://kafka.apache.org/documentation/#recordheader).
func AppendHeaders(dst []byte, headers []connectors.Header) []byte {
	dst = binary.AppendVarint(dst, int64(len(headers)))
	for _, h := range headers {
		dst = binary.AppendVarint(dst, int64(len(h.Key)))
		dst = append(dst, h.Key...)
		if h.Value == nil {
			dst = binary.AppendVarint(dst, -1)
			continue
		}
		dst = binary.AppendVarint(dst, int64(len(h.Value)))
		dst = append(dst, h.Value...)
	}
	return dst
}

// ParseHeaders reads what AppendHeaders writes.
func ParseHeaders(data []byte) ([]connectors.Header, error) {
	r := headerReader{data}
	n := r.number()
	var out []connectors.Header
	for ; n > 0 && r.left != nil; n-- {
		h := connectors.Header{Key: string(r.bytes(r.number()))}
		if size := r.number(); size >= 0 {
			h.Value = r.bytes(size)
		}
		out = append(out, h)
	}
	if len(r.left) > 0 || r.left == nil || n < 0 {
		return nil, errors.New("headers are not as Kafka writes them")
	}
	return out, nil
}

// A headerReader reads the parts of headers; left is nil once something was not there.
type headerReader struct{ left []byte }

func (r *headerReader) number() int64 {
	n, size := binary.Varint(r.left)
	if size <= 0 {
		r.left = nil
		return -1
	}
	r.left = r.left[size:]
	return n
}

func (r *headerReader) bytes(n int64) []byte {
	if n < 0 || n > int64(len(r.left)) {
		r.left = nil
		return nil
	}
	out := r.left[:n:n]
	r.left = r.left[n:]
	return out
}
