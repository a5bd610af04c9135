package kafka

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A raw key is the column as it is: NULL is no key at all, and an empty text an empty
// one. NULL was written as an empty key, and as the key "NULL" for a number.
func TestNullKey(t *testing.T) {
	addr := fake(t, kfake.SeedTopics(1, "text", "number")).ListenAddrs()[0]
	for topic, field := range map[string]string{"text": "body", "number": "id"} {
		table := tweets(addr, topic, "key.format", "raw", "key.fields", field)
		b := zset.NewBuilder(table.Schema())
		appendRow(b, 1, "")
		b.EndRow()
		if field == "id" {
			b.Cols[0].AppendNull()
			b.Cols[1].AppendString("a")
		} else {
			vec.Append(b.Cols[0], int64(2))
			b.Cols[1].AppendNull()
		}
		b.EndRow()
		put(t, table, connectors.Append, b.Build())
		want := []string{`0@0 ={"id":1,"body":""}`, `0@1 {"id":2,"body":null}`}
		if field == "id" {
			want = []string{`0@0 1={"id":1,"body":""}`, `0@1 {"id":null,"body":"a"}`}
		}
		if got := wrote(t, table); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", topic, got, want)
		}
	}
}
