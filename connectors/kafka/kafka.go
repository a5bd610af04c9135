// Package kafka reads and writes the topics of Apache Kafka. It is the only package
// that knows sarama, whose requests it sends by itself: explicit offset ranges in,
// record batches out, positions and retries its own.
package kafka

import (
	"context"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Connector is the connector.
var Connector = connectors.Connector{
	Name:     "kafka",
	Doc:      "Topics of Apache Kafka.",
	Options:  allOptions(),
	Metadata: format.RecordMetadata,
	Formats:  true,
	Check:    check,
	Source: func(ctx context.Context, t *connectors.Table, env connectors.Env) (connectors.Source, error) {
		return openSource(ctx, t, env)
	},
	Sink: func(ctx context.Context, t *connectors.Table, mode connectors.Mode, schema *types.Schema, env connectors.Env) (connectors.Sink, error) {
		return openSink(ctx, t, mode, schema, env)
	},
	Modes:     modes,
	Guarantee: func(*connectors.Table) connectors.Guarantee { return connectors.AtLeastOnce },
	Topics:    listTopics,
}
