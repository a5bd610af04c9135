package scalar_test

import (
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/internal/cputime"
	"github.com/sqlstream/sqlstream/internal/evaltest"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// BenchmarkFunctions measures everyday calls over a batch of short texts, numbers,
// times and documents.
func BenchmarkFunctions(b *testing.B) {
	schema := types.NewSchema(
		types.Field{Name: "s", Type: function.Text}, types.Field{Name: "n", Type: function.Int}, types.Field{Name: "f", Type: function.Float},
		types.Field{Name: "price", Type: types.DecimalOf(10, 2)}, types.Field{Name: "ts", Type: types.TimestampOf(3)}, types.Field{Name: "doc", Type: function.JSON},
	)
	build := make([]*vec.Builder, schema.Len())
	for i, f := range schema.Fields {
		build[i] = vec.NewBuilder(f.Type)
	}
	for i := range int64(vec.BatchRows) {
		build[0].AppendString(fmt.Sprintf("한글 tweet number %d #tag", i))
		vec.Append(build[1], i*7919%1000)
		vec.Append(build[2], float64(i)/3)
		vec.Append(build[3], types.DecimalFromInt(i*37))
		vec.Append(build[4], evaltest.Now+i*1_000_000)
		build[5].AppendString(fmt.Sprintf(`{"id": %d, "user": {"name": "김철수", "tags": ["a", "b"]}, "text": "안녕하세요 world"}`, i))
	}
	batch := &zset.Batch{Schema: schema, Len: vec.BatchRows}
	for _, c := range build {
		batch.Cols = append(batch.Cols, c.Vec())
	}
	for _, text := range []string{
		"upper(s)", "length(s)", "char_length(s)", "substring(s, 2, 8)", "concat(s, '-', s)", "replace(s, 'tweet', 'post')", "split_part(s, ' ', 2)",
		"starts_with(s, '한')", "regexp_like(s, '[0-9]+ #')", "regexp_extract(s, '#(\\\\w+)', 1)", "abs(n)", "round(price, 1)", "sqrt(f)", "greatest(n, 500)",
		"year(ts)", "date_trunc('hour', ts)", "date_format(ts, '%Y-%m-%d %H:%i')", "json_value(doc, '$.user.name')", "md5(s)", "xxhash64(s)",
	} {
		benchmarkExpr(b, text, schema, batch)
	}
}

// benchmarkExpr evaluates an expression over a batch.
func benchmarkExpr(b *testing.B, text string, schema *types.Schema, batch *zset.Batch) {
	b.Run(text, func(b *testing.B) {
		e, err := evaltest.Bind(text, schema)
		if err != nil {
			b.Fatal(err)
		}
		p, err := expr.Compile(e, false)
		if err != nil {
			b.Fatal(err)
		}
		c := &expr.Context{Mem: new(vec.Mem), Now: evaltest.Now}
		b.ReportAllocs()
		defer cputime.PerRow(b, batch.Len)()
		for range b.N {
			c.Mem.Reset()
			if _, err := p.Eval(c, batch, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
