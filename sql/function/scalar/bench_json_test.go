package scalar_test

import (
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// BenchmarkJSON measures what takes values out of documents of some 400 bytes, such as
// events are.
func BenchmarkJSON(b *testing.B) {
	schema := types.NewSchema(types.Field{Name: "doc", Type: function.JSON})
	docs := vec.NewBuilder(function.JSON)
	for i := range vec.BatchRows {
		docs.AppendString(fmt.Sprintf(`{"id": %d, "type": "click", "at": "2026-11-25T10:20:30.%03dZ", "user": {"id": %d, "name": "김철수", "tags": ["a", "b", "c"], "address": {"city": "Seoul", "zip": "04524"}}, "page": {"url": "https://example.com/products/%d?ref=mail", "title": "안녕하세요 \"world\"", "depth": 3}, "items": [{"sku": "tea-%d", "qty": 2, "price": 4.50}, {"sku": "cup", "qty": 1, "price": 12.00}], "total": 21.00, "ok": true}`,
			i, i%1000, i%500, i, i%50))
	}
	batch := &zset.Batch{Schema: schema, Len: vec.BatchRows, Cols: []*vec.Vec{docs.Vec()}}
	for _, text := range []string{
		"json_value(doc, '$.id')", "json_value(doc, '$.user.address.city')", "json_value(doc, '$.items[1].price' RETURNING DECIMAL(8, 2))", "json_value(doc, '$.id' RETURNING BIGINT)",
		"doc->'$.user'", "doc->>'$.page.title'", "json_extract(doc, '$.items[*].sku')", "json_extract(doc, '$**.sku')", "json_exists(doc, '$.total')", "json_length(doc)",
		"doc->'$.type' = 'click'", "json_contains(doc, '{\"ok\": true}')", "json_normalize(doc)", "json_set(doc, '$.total', 1)", "CAST(CAST(doc AS VARCHAR) AS JSON)",
	} {
		benchmarkExpr(b, text, schema, batch)
	}
}
