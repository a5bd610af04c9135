package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

func appendRow(b *zset.Builder, id int64, body string) {
	vec.Append(b.Cols[0], id)
	b.Cols[1].AppendString(body)
}

// What is written to a topic is read from it, in its order.
func TestWriteThenRead(t *testing.T) {
	c := fake(t, kfake.SeedTopics(1, "tweet"))
	table := tweets(c.ListenAddrs()[0], "tweet")
	put(t, table, connectors.Append, rows(table, "1 a", "2 b"), rows(table), rows(table, "3 c"))
	same(t, everything(t, open(t, table)),
		`tweet/0@0 {"id":1,"body":"a"}`, `tweet/0@1 {"id":2,"body":"b"}`, `tweet/0@2 {"id":3,"body":"c"}`)
}
