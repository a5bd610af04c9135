package format

import (
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/zset"
)

// Debezium is the change events of Debezium as JSON: an object with the members op,
// before and after, or with these in a member payload beside the schema. op is c, r or u
// for a row that is added or changed, and d for one that is deleted; the tombstone
// behind that says nothing new.
//
// A table with a PRIMARY KEY needs no before: the row of a key is the last after. Without
// one, u and d take back the row in before, which has to be whole.
var Debezium = Format{
	Name:      DebeziumJSON,
	Doc:       "Debezium's change events as JSON: op, before and after, with or without their schema.",
	Options:   JSON.Options,
	Changelog: true,
	Check:     checkDebezium,
	NewDecoder: func(spec DecodeSpec) (Decoder, error) {
		return newDecoder(spec, func(spec DecodeSpec, payload []int) (rowDecoder, error) { return newJSONDecoder(spec, payload) })
	},
}

func checkDebezium(t *connectors.Table) error {
	if t.Options.Get("key.fields") != "" {
		return errors.New("option 'key.fields': change events have the key in their value; declare PRIMARY KEY")
	}
	return checkJSON(t)
}

// A debezium takes change events apart.
type debezium struct {
	row      rowDecoder
	key      rowDecoder // of before, the key's columns alone; nil without a PRIMARY KEY
	ofRecord rowDecoder // of the record's key
	absent   []int
	envelope *envelope
}

// The members of an envelope.
const (
	debeziumOp = iota
	debeziumBefore
	debeziumAfter
	debeziumPayload // the same, in payload
)

func newDebezium(spec DecodeSpec, payload []int, row rowDecoder) (splitter, error) {
	d := &debezium{row: row, envelope: newEnvelope("op", "before", "after", "payload.op", "payload.before", "payload.after")}
	var err error
	if d.key, d.absent, err = keyOfValue(spec, payload); err != nil || d.key == nil {
		return d, err
	}
	d.ofRecord = &debeziumKey{key: d.key, envelope: newEnvelope("payload")}
	return d, nil
}

func (d *debezium) split(rec *connectors.Record, changes []change) ([]change, error) {
	if rec.Value == nil {
		return changes, nil // the delete before it has said so
	}
	if err := d.envelope.read(rec.Value); err != nil {
		return changes, err
	}
	in := 0
	op, err := d.envelope.text(debeziumOp)
	if len(op) == 0 && err == nil {
		in = debeziumPayload
		op, err = d.envelope.text(debeziumPayload + debeziumOp)
	}
	if err != nil {
		return changes, err
	}
	before, after := d.envelope.raw(in+debeziumBefore), d.envelope.raw(in+debeziumAfter)
	switch string(op) {
	case "c", "r", "u":
		if after == nil {
			return changes, fmt.Errorf("the event has op %s and no after", op)
		}
	case "d":
		after = nil
	case "t":
		return changes, errors.New("op t empties the whole table, which is not supported")
	case "":
		return changes, errors.New("the event has no op; it is c, r, u or d")
	default:
		return changes, fmt.Errorf("the event has op '%s', not c, r, u or d", op)
	}
	if op[0] == 'u' || op[0] == 'd' {
		if changes, err = d.taken(rec, changes, op, before); err != nil {
			return changes, err
		}
	}
	if after != nil {
		changes = append(changes, change{weight: 1, row: d.row, rec: valued(rec, after)})
	}
	return changes, nil
}

// taken adds the row that an event takes back. That of the same key need not be: what
// is after takes its place.
func (d *debezium) taken(rec *connectors.Record, changes []change, op, before []byte) ([]change, error) {
	c := change{weight: -1, row: d.row, rec: valued(rec, before)}
	switch {
	case d.key == nil && before == nil:
		return changes, fmt.Errorf("the event has op %s and no before, which a table without PRIMARY KEY needs; "+
			"declare one, or let the source send whole rows (PostgreSQL: REPLICA IDENTITY FULL)", op)
	case d.key == nil:
	case before != nil:
		c.row, c.absent = d.key, d.absent
	case op[0] == 'u':
		return changes, nil
	case rec.Key == nil:
		return changes, errors.New("the event has op d and neither before nor a key")
	default:
		c.row, c.rec, c.absent = d.ofRecord, *rec, d.absent
	}
	return append(changes, c), nil
}

// valued is a record with another value.
func valued(rec *connectors.Record, value []byte) connectors.Record {
	out := *rec
	out.Value = value
	return out
}

// A debeziumKey reads a record's key, with or without its schema.
type debeziumKey struct {
	key      rowDecoder
	envelope *envelope
}

func (k *debeziumKey) decode(rec *connectors.Record, b *zset.Builder) error {
	if err := k.envelope.read(rec.Key); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	value := rec.Key
	if payload := k.envelope.raw(0); payload != nil {
		value = payload
	}
	return k.key.decode(&connectors.Record{Value: value}, b)
}
