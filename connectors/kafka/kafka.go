// Package kafka reads and writes the topics of Apache Kafka. It is the only package
// that knows sarama, whose requests it sends by itself: explicit offset ranges in,
// record batches out, positions and retries its own.
package kafka

import (
	"context"
	"errors"

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
	Keyed:    true,
	Check:    check,
	Source: func(ctx context.Context, t *connectors.Table, env connectors.Env) (connectors.Source, error) {
		return openSource(ctx, t, env)
	},
	Sink: func(ctx context.Context, t *connectors.Table, mode connectors.Mode, schema *types.Schema, env connectors.Env) (connectors.Sink, error) {
		return openSink(ctx, t, mode, schema, env)
	},
	Size:        estimate,
	Modes:       modes,
	Guarantee:   guarantee,
	Transaction: openTransaction,
	Topics:      listTopics,
	DeadLetters: deadLetters,
}

// Upsert is the connector under the name that says what a PRIMARY KEY does.
var Upsert = upsertConnector()

func upsertConnector() connectors.Connector {
	c := Connector
	c.Name, c.Like = "upsert-kafka", c.Name
	c.Doc = "Topics of Apache Kafka as tables with a PRIMARY KEY: a record is the row of its key, and one without a value is its end."
	c.Check = func(t *connectors.Table) error {
		if len(t.PrimaryKey) == 0 {
			return errors.New("connector 'upsert-kafka' needs a PRIMARY KEY, whose columns are the record's key")
		}
		return check(t)
	}
	return c
}
