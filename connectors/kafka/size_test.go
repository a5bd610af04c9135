package kafka

import (
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
)

// The size of a table is what lies between the start of a query over it and the end.
func TestSize(t *testing.T) {
	addr := fake(t).ListenAddrs()[0]
	topic := freshTopic(t, "size")
	table := tweets(addr, topic, "auto.create", "true")
	put(t, table, connectors.Append, rows(table, "1 a", "2 b"), rows(table, "3 c"))
	for startup, want := range map[string]int64{"earliest": 3, "latest": 0} {
		n, err := estimate(t.Context(), tweets(addr, topic, "scan.startup", startup), connectors.Env{})
		if err != nil || n != want {
			t.Errorf("%s: %d rows, %v; want %d", startup, n, err, want)
		}
	}
	if n, err := estimate(t.Context(), tweets(addr, "nothing-there"), connectors.Env{}); err == nil && n != 0 {
		t.Errorf("a topic that is not there has %d rows", n)
	}
}
