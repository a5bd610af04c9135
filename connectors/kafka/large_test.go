package kafka

import (
	"encoding/base64"
	"math/rand/v2"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
)

// A record of 10 MB, which no codec makes small, is written in a batch of its own and
// read in an answer of its own, however little is asked for at once; those around it
// come whole.
func TestLargeRecord(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		noise := make([]byte, 10<<20)
		_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
		body := base64.StdEncoding.EncodeToString(noise)
		table := w.table(w.topic("ten-megabytes", 1, map[string]string{"max.message.bytes": "20000000"}),
			"kafka.max.partition.fetch.bytes", "65536")
		put(t, table, connectors.Append, rows(table, "1 a", "2 "+body, "3 b"))
		same(t, wrote(t, table), `0@0 {"id":1,"body":"a"}`, `0@1 {"id":2,"body":"`+body+`"}`, `0@2 {"id":3,"body":"b"}`)
	})
}
