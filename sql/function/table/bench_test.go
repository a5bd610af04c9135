package table_test

import (
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/internal/cputime"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/function/table"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// BenchmarkJSONTable measures the rows that JSON_TABLE makes of documents of three items
// each.
func BenchmarkJSONTable(b *testing.B) {
	docs := vec.NewBuilder(types.Of(types.JSON))
	for i := range vec.BatchRows {
		docs.AppendString(fmt.Sprintf(`{"id": %d, "items": [{"sku": "tea-%d", "qty": 2, "price": 4.50}, {"sku": "cup", "qty": 1, "price": 12.00}, {"sku": "jam", "price": 3}]}`, i, i%50))
	}
	column := func(name string, t types.Type) function.JSONColumn {
		return function.JSONColumn{Name: name, Type: t, Path: "$." + name, Convert: expr.FromJSON(t)}
	}
	bound, err := table.JSONTable.BindJSON(&function.JSONTable{Path: "$.items[*]", Columns: []function.JSONColumn{
		{Kind: function.JSONOrdinality, Name: "no", Type: types.Of(types.BigInt)},
		column("sku", types.Of(types.Varchar)), column("qty", types.Of(types.Int)), column("price", types.DecimalOf(8, 2)),
	}})
	if err != nil {
		b.Fatal(err)
	}
	var out []*vec.Builder
	for _, f := range bound.Columns {
		out = append(out, vec.NewBuilder(f.Type))
	}
	args := []*vec.Vec{docs.Vec()}
	defer cputime.PerRow(b, 3*vec.BatchRows)()
	for range b.N {
		for _, c := range out {
			c.Reset()
		}
		for row := range vec.BatchRows {
			if n, err := bound.Rows(args, row, out); n != 3 || err != nil {
				b.Fatal(n, err)
			}
		}
	}
}
