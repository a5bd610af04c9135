package format

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// KeyColumns returns the positions in the table of the columns that make a record's
// key: those of the option key.fields, otherwise the primary key, otherwise none.
func KeyColumns(t *connectors.Table) ([]int, error) {
	list := t.Options.Get("key.fields")
	if list == "" {
		return t.PrimaryKey, nil
	}
	if len(t.PrimaryKey) > 0 {
		return nil, errors.New("option 'key.fields' excludes PRIMARY KEY, whose columns are the record's key")
	}
	var out []int
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(t.Columns, func(c connectors.Column) bool { return strings.EqualFold(c.Name, name) })
		switch {
		case i < 0:
			return nil, fmt.Errorf("option 'key.fields': there is no column %s", name)
		case t.Columns[i].Metadata != "" || t.Columns[i].Computed:
			return nil, fmt.Errorf("option 'key.fields': column %s is not stored in the record", name)
		case slices.Contains(out, i):
			return nil, fmt.Errorf("option 'key.fields' names %s twice", name)
		}
		out = append(out, i)
	}
	return out, nil
}

// KeyFormat returns the name of the format of a record's key: key.format, otherwise
// JSON for a table with a primary key, otherwise the value's.
func KeyFormat(t *connectors.Table) string {
	if f := t.Options.Get("key.format"); f != "" {
		return f
	}
	if len(t.PrimaryKey) > 0 {
		return "json"
	}
	return t.Options.Get("format")
}

// ValueHasKey reports whether the key's columns stand in the value as well.
func ValueHasKey(t *connectors.Table) bool {
	return t.Options.Get("value.fields.include") != "except-key"
}

// rowsOf makes the decoder of a table's records: of the value alone, or where
// key.fields or the PRIMARY KEY says so of the key for those columns and of the value
// for the rest. Change events have the key in their value.
func rowsOf(spec DecodeSpec, payload []int, value func(DecodeSpec, []int) (rowDecoder, error)) (rowDecoder, error) {
	if t := spec.Table; t.Options.Get("key.fields") == "" && len(t.PrimaryKey) == 0 || keyInValue(t) {
		return value(spec, payload)
	}
	keys, err := KeyColumns(spec.Table)
	if err != nil {
		return nil, err
	}
	inKey := func(c int) bool { return slices.Contains(keys, c) }
	var ofKey, ofValue []int
	for _, at := range payload {
		if inKey(spec.Columns[at]) {
			ofKey = append(ofKey, at)
		} else {
			ofValue = append(ofValue, at)
		}
	}
	d := &keyedRows{columns: ofKey}
	rest := spec
	if !ValueHasKey(spec.Table) {
		rest.Table = without(spec.Table, inKey)
	}
	if d.value, err = value(rest, ofValue); err != nil {
		return nil, err
	}
	own := spec
	own.Table = without(spec.Table, func(c int) bool { return !inKey(c) })
	d.key, err = keyRows(own, ofKey)
	return d, err
}

// without returns the table as seen by a format that some columns do not concern.
func without(t *connectors.Table, not func(int) bool) *connectors.Table {
	out := *t
	out.Columns = slices.Clone(t.Columns)
	for i := range out.Columns {
		out.Columns[i].Computed = out.Columns[i].Computed || not(i)
	}
	return &out
}

func keyRows(spec DecodeSpec, payload []int) (rowDecoder, error) {
	switch name := KeyFormat(spec.Table); name {
	case "json":
		return newJSONDecoder(spec, payload)
	case "csv":
		return newCSVDecoder(spec, payload), nil
	case "raw":
		if len(payload) > 1 {
			return nil, errors.New("key.format 'raw' has one column; name it alone in 'key.fields'")
		}
		return textKey{payload}, nil
	default:
		return nil, fmt.Errorf("key.format '%s' cannot be read", name)
	}
}

// keyedRows reads some columns from the record's key. A record without a key has
// NULL there.
type keyedRows struct {
	key, value rowDecoder
	columns    []int // of the key
	asValue    connectors.Record
}

func (d *keyedRows) decode(rec *connectors.Record, b *zset.Builder) error {
	reason := d.value.decode(rec, b)
	if _, whole := reason.(*misfit); reason != nil && !whole {
		return reason
	}
	if rec.Key == nil {
		for _, at := range d.columns {
			b.Cols[at].AppendNull()
		}
		return reason
	}
	d.asValue.Value = rec.Key
	err := d.key.decode(&d.asValue, b)
	switch _, whole := err.(*misfit); {
	case err == nil:
		return reason
	case !whole:
		return fmt.Errorf("key: %w", err)
	case reason == nil:
		return err
	}
	return reason
}

// A textKey is a key that is one value as text, or its bytes.
type textKey struct{ columns []int }

func (d textKey) decode(rec *connectors.Record, b *zset.Builder) error {
	for _, at := range d.columns {
		col := b.Cols[at]
		switch {
		case col.Type().Kind == types.Binary:
			col.AppendBytes(rec.Value)
		case !utf8.Valid(rec.Value):
			return errKeyUTF8
		case col.Type().Kind == types.Varchar:
			col.AppendBytes(rec.Value)
		default:
			if err := vec.ParseText(col, string(rec.Value)); err != nil {
				return err
			}
		}
	}
	return nil
}
