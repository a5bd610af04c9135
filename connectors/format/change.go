package format

import (
	"errors"
	"slices"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/zset"
)

// A change is a row that a record adds, or with weight -1 takes back.
type change struct {
	weight int64
	row    rowDecoder
	rec    connectors.Record // what row reads
	absent []int             // columns that row leaves out: of a row taken back by its key all others
}

// A splitter says what a record changes, in order.
type splitter interface {
	// split sets changes to those of a record.
	split(rec *connectors.Record, changes []change) ([]change, error)
}

// splitterOf returns the splitter of a table's records, nil where each is a row.
func splitterOf(spec DecodeSpec, payload []int, row rowDecoder) (splitter, error) {
	switch t := spec.Table; {
	case t.Options.Get("format") == DebeziumJSON:
		return newDebezium(spec, payload, row)
	case retracts(t):
		key, absent, err := keyOfValue(spec, payload)
		return &opMember{row: row, key: key, absent: absent, envelope: newEnvelope("op")}, err
	case len(t.PrimaryKey) > 0:
		key, absent, err := keyAlone(spec, payload)
		return &lastOfKey{row: row, key: key, absent: absent}, err
	}
	return nil, nil
}

// keyAlone reads the primary key from the record's key.
func keyAlone(spec DecodeSpec, payload []int) (rowDecoder, []int, error) {
	inKey := func(c int) bool { return slices.Contains(spec.Table.PrimaryKey, c) }
	ofKey, absent := keyAmong(spec, payload)
	own := spec
	own.Table = without(spec.Table, func(c int) bool { return !inKey(c) })
	key, err := keyRows(own, ofKey)
	return recordKey{key}, absent, err
}

// keyAmong divides the columns of a payload into those of the primary key and the others,
// which are never nil: a row that is known by its key alone says so.
func keyAmong(spec DecodeSpec, payload []int) (ofKey, others []int) {
	others = []int{}
	for _, at := range payload {
		if slices.Contains(spec.Table.PrimaryKey, spec.Columns[at]) {
			ofKey = append(ofKey, at)
		} else {
			others = append(others, at)
		}
	}
	return ofKey, others
}

// keyOfValue reads the columns of the primary key alone from the value of a record; nil for a
// table without one.
func keyOfValue(spec DecodeSpec, payload []int) (rowDecoder, []int, error) {
	if len(spec.Table.PrimaryKey) == 0 {
		return nil, nil, nil
	}
	ofKey, others := keyAmong(spec, payload)
	key, err := newJSONDecoder(spec, ofKey)
	if err != nil {
		return nil, nil, err
	}
	return key, others, nil
}

// A recordKey reads a record's key as the value that another decoder reads.
type recordKey struct{ of rowDecoder }

func (k recordKey) decode(rec *connectors.Record, b *zset.Builder) error {
	return k.of.decode(&connectors.Record{Value: rec.Key}, b)
}

// A lastOfKey takes each record for the row of its key, and one without a value for
// its end.
type lastOfKey struct {
	row, key rowDecoder
	absent   []int
}

var errNoKey = errors.New("the record has no key, which the PRIMARY KEY is read from")

func (l *lastOfKey) split(rec *connectors.Record, changes []change) ([]change, error) {
	switch {
	case rec.Key == nil:
		return changes, errNoKey
	case rec.Value == nil:
		return append(changes, change{weight: -1, row: l.key, rec: *rec, absent: l.absent}), nil
	}
	return append(changes, change{weight: 1, row: l.row, rec: *rec}), nil
}

// An opMember reads what a record changes from its member op, as changelog = 'retract'
// writes it. By the primary key, where there is one, a row is taken back whatever else
// the record says of it.
type opMember struct {
	row      rowDecoder
	key      rowDecoder // nil without a PRIMARY KEY
	absent   []int
	envelope *envelope
}

var errNoOp = errors.New("the member op is missing; it says what the record does: '+I', '+U', '-U' or '-D'")

func (o *opMember) split(rec *connectors.Record, changes []change) ([]change, error) {
	if rec.Value == nil {
		return changes, errNoValue
	}
	if err := o.envelope.read(rec.Value); err != nil {
		return changes, err
	}
	op, err := o.envelope.text(0)
	if err != nil {
		return changes, err
	}
	c := change{row: o.row, rec: *rec}
	switch string(op) {
	case "+I", "+U":
		c.weight = 1
	case "-U", "-D":
		if c.weight = -1; o.key != nil {
			c.row, c.absent = o.key, o.absent
		}
	case "":
		return changes, errNoOp
	default:
		return changes, errors.New("the member op is '" + string(op) + "', not '+I', '+U', '-U' or '-D'")
	}
	return append(changes, c), nil
}
