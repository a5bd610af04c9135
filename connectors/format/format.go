// Package format turns the bytes of records into columns and back. A format is
// one file and a line in All.
package format

import (
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A Decoder reads records of one table into columns. It belongs to one goroutine.
type Decoder interface {
	// Decode appends one row for each record to b, whose columns are those of the
	// spec, in order, and returns the records that it could not read; by policy it
	// appended no row for them (skip), or one with NULLs (null). With the policy
	// fail it stops at the first. Values are copied. Of a table whose rows change, a
	// record gives any number of rows: those of weight -1 are taken back, by their
	// primary key where the table has one, and then only the key's columns have values.
	Decode(recs []connectors.Record, b *zset.Builder) ([]connectors.BadRecord, error)
}

// An Encoder writes the rows of one table as record values.
type Encoder interface {
	// Encode appends the value of one row to dst.
	Encode(dst []byte, b *zset.Batch, row int) ([]byte, error)
}

// A DecodeSpec says what a decoder is to produce: only these columns are decoded.
type DecodeSpec struct {
	Table   *connectors.Table
	Columns []int // positions in Table.Columns, payload and metadata columns alike; may be empty
	OnError Policy
}

// A Policy says what happens to a record that cannot be read.
type Policy uint8

// The policies of the option on_error.
const (
	Fail Policy = iota // the query stops, naming the record
	Skip               // the record is left out, and counted
	Null               // the columns that cannot be read are NULL, and the record is counted
)

// A Format is a byte layout of records.
type Format struct {
	Name    string // the value of the option 'format'
	Doc     string
	Options []connectors.Option
	// Changelog marks a format whose records say themselves what they change.
	Changelog bool
	// Check says what is wrong with the table for this format, before anything runs.
	Check      func(t *connectors.Table) error
	NewDecoder func(spec DecodeSpec) (Decoder, error)
	// NewEncoder returns an encoder of rows with the given columns; nil where a row alone
	// does not make a record.
	NewEncoder func(t *connectors.Table, columns *types.Schema) (Encoder, error)
}

// ChangesOf returns what the records of a table do to its rows.
func ChangesOf(t *connectors.Table, keyed bool) connectors.Changes {
	changelog := t.Options.Get("format") == DebeziumJSON || retracts(t)
	switch {
	case len(t.PrimaryKey) > 0 && (keyed || changelog):
		return connectors.ByKey
	case changelog:
		return connectors.Retractions
	}
	return connectors.Additions
}

// retracts reports that a member op says what each record does.
func retracts(t *connectors.Table) bool { return t.Options.Get("changelog") == "retract" }

// keyInValue reports a table with a primary key whose columns stand in the record's value:
// that says by itself what the record changes.
func keyInValue(t *connectors.Table) bool {
	return t.Options.Get("format") == DebeziumJSON || len(t.PrimaryKey) > 0 && retracts(t)
}

// DebeziumJSON is the name of the format of Debezium's change events.
const DebeziumJSON = "debezium-json"
