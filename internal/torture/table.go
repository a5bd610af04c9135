// Package torture kills processes: an engine that writes to Kafka, and Kafka, at moments
// chosen at random and at each step of their protocol. Whatever happens, what can be read
// afterwards is what the input says, each record once and in order.
package torture

import (
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Table is a topic of raw values. One that is written to says by a second column which
// partition a row goes to.
func Table(addr, topic string, written bool) *connectors.Table {
	t := &connectors.Table{
		Name:    topic,
		Columns: []connectors.Column{{Field: types.Field{Name: "body", Type: types.Of(types.Varchar)}}},
		Options: connectors.Options{
			"connector": "kafka", "format": "raw", "topic": topic, "bootstrap.servers": addr, "kafka.reconnect.backoff.max.ms": "100",
		},
	}
	if written {
		t.Columns = append(t.Columns, connectors.Column{Field: types.Field{Name: "part", Type: types.Of(types.Int)}, Metadata: "partition"})
		t.Options["auto.create"], t.Options["partitions"] = "true", "3"
	}
	return t
}
