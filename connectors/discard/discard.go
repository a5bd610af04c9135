// Package discard is a sink that drops what it is given: for measuring a query
// without the cost of writing.
package discard

import (
	"context"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// Connector is the connector.
var Connector = connectors.Connector{
	Name: "discard",
	Doc:  "Drops every row.",
	Sink: func(context.Context, *connectors.Table, connectors.Mode, *types.Schema, connectors.Env) (connectors.Sink, error) {
		return sink{}, nil
	},
	Modes: func(*connectors.Table) connectors.ModeCheck { return func(connectors.Mode) error { return nil } },
	// Nobody sees the rows, and so no epoch has to be durable for them.
	Guarantee: func(*connectors.Table, bool) connectors.Guarantee { return connectors.AtLeastOnce },
}

type sink struct{}

func (sink) Recover(context.Context, int64) (int64, error) { return 0, nil }
func (sink) Begin(context.Context, int64) error            { return nil }
func (sink) Write(context.Context, *zset.Batch) error      { return nil }
func (sink) Prepare(context.Context) ([]byte, error)       { return nil, nil }
func (sink) Commit(context.Context, int64) error           { return nil }
func (sink) Close() error                                  { return nil }
