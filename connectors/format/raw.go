package format

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// Raw is a record's value as it is, in one column of text or bytes.
var Raw = Format{
	Name:  "raw",
	Doc:   "The record's value as it is: one VARCHAR or BINARY column beside metadata columns.",
	Check: checkRaw,
	NewDecoder: func(spec DecodeSpec) (Decoder, error) {
		return newDecoder(spec, func(spec DecodeSpec, payload []int) (rowDecoder, error) {
			d := &rawDecoder{at: -1}
			for _, at := range payload {
				d.at = at
				d.text = spec.Table.Columns[spec.Columns[at]].Type.Kind == types.Varchar
			}
			return d, nil
		})
	},
	NewEncoder: func(*connectors.Table, *types.Schema) (Encoder, error) { return rawEncoder{}, nil },
}

func checkRaw(t *connectors.Table) error {
	n := 0
	keys, err := KeyColumns(t)
	if err != nil {
		return err
	}
	for i, c := range t.Columns {
		if c.Metadata != "" || c.Computed || slices.Contains(keys, i) && !ValueHasKey(t) {
			continue
		}
		n++
		if c.Type.Kind != types.Varchar && c.Type.Kind != types.Binary {
			return fmt.Errorf("format 'raw' takes a VARCHAR or BINARY column; %s is %s", c.Name, c.Type)
		}
	}
	if n > 1 {
		return errors.New("format 'raw' has one column for the value; others may be METADATA")
	}
	return nil
}

type rawDecoder struct {
	at   int // the column, -1 where it is not wanted
	text bool
}

func (d *rawDecoder) decode(rec *connectors.Record, b *zset.Builder) error {
	switch {
	case d.at < 0:
	case rec.Value == nil:
		b.Cols[d.at].AppendNull()
	case d.text && !utf8.Valid(rec.Value):
		return errUTF8
	default:
		b.Cols[d.at].AppendBytes(rec.Value)
	}
	return nil
}

type rawEncoder struct{}

// Encode implements Encoder.
func (rawEncoder) Encode(dst []byte, b *zset.Batch, row int) ([]byte, error) {
	if b.Cols[0].IsNull(row) {
		return dst, nil
	}
	return append(dst, b.Cols[0].Bytes(row)...), nil
}
