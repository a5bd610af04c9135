// Package builtin is the one place that names every connector, format, function and
// store.
package builtin

import (
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/console"
	"github.com/sqlstream/sqlstream/connectors/datagen"
	"github.com/sqlstream/sqlstream/connectors/discard"
	"github.com/sqlstream/sqlstream/connectors/file"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/connectors/kafka"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/function/aggregate"
	"github.com/sqlstream/sqlstream/sql/function/scalar"
	"github.com/sqlstream/sqlstream/sql/function/table"
	"github.com/sqlstream/sqlstream/state"
	memstore "github.com/sqlstream/sqlstream/state/memory"
)

// Connectors returns the connectors of a new database; dir is where tables in memory are
// kept, nil for nowhere.
func Connectors(dir *Dir) []connectors.Connector {
	return []connectors.Connector{
		console.Connector,
		datagen.Connector,
		discard.Connector,
		file.New(),
		kafka.Connector,
		kafka.Upsert,
		inMemory(dir),
	}
}

// Formats returns the formats.
func Formats() []format.Format { return format.All }

// Functions returns a registry of the built-in functions.
func Functions() *function.Registry {
	return function.NewRegistry(scalar.All, aggregate.All, table.All)
}

// NewBackend returns a state backend that keeps nothing beyond the process.
func NewBackend() (state.Backend, error) { return memstore.NewBackend(), nil }
