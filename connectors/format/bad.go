package format

import (
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/zset"
)

// BadRecords is the table of the records of t that cannot be read, with connectors.BadColumns.
func BadRecords(t *connectors.Table) *connectors.Table {
	bad := &connectors.Table{Name: t.Name, Options: t.Options, ID: t.ID}
	for _, f := range connectors.BadColumns {
		bad.Columns = append(bad.Columns, connectors.Column{Field: f})
	}
	return bad
}

// A badDecoder makes rows of the records that another decoder cannot read.
type badDecoder struct {
	of      Decoder
	read    *zset.Builder // what it makes of the others, which nobody wants
	columns []int         // of connectors.BadColumns
}

// NewBadDecoder returns a decoder of the records of a table that its format cannot read,
// into some of connectors.BadColumns. A record is held against every column of the table that is not
// computed, whether a query reads it or not.
func NewBadDecoder(f *Format, t *connectors.Table, columns []int) (Decoder, error) {
	spec := DecodeSpec{Table: t, OnError: Skip}
	for i, c := range t.Columns {
		if !c.Computed {
			spec.Columns = append(spec.Columns, i)
		}
	}
	of, err := f.NewDecoder(spec)
	if err != nil {
		return nil, err
	}
	return &badDecoder{of: of, read: zset.NewBuilder(t.Schema().Project(spec.Columns)), columns: columns}, nil
}

// Decode implements Decoder. No record is bad to it.
func (d *badDecoder) Decode(recs []connectors.Record, b *zset.Builder) ([]connectors.BadRecord, error) {
	bad, err := d.of.Decode(recs, d.read)
	d.read.Reset()
	if err != nil {
		return nil, err
	}
	EachBad(recs, bad, func(rec *connectors.Record, reason string) {
		for i, c := range d.columns {
			appendBad(b, i, connectors.BadColumns[c].Name, rec, reason)
		}
		b.EndRow()
	})
	return nil, nil
}

// EachBad calls f with each of the bad records, which are among recs in their order.
func EachBad(recs []connectors.Record, bad []connectors.BadRecord, f func(rec *connectors.Record, reason string)) {
	i := 0
	for _, x := range bad {
		for recs[i].Offset != x.Offset || recs[i].Split != x.Split {
			i++
		}
		f(&recs[i], x.Reason)
	}
}

// appendBad appends one of connectors.BadColumns to a column of b.
func appendBad(b *zset.Builder, at int, column string, rec *connectors.Record, reason string) {
	col := b.Cols[at]
	switch {
	case column == "split":
		col.AppendString(string(rec.Split))
	case column == "reason":
		col.AppendString(reason)
	case column != "value":
		appendMeta(col, column, rec)
	case rec.Value == nil:
		col.AppendNull()
	default:
		col.AppendBytes(rec.Value)
	}
}
