package datagen_test

import (
	"errors"
	"io"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/datagen"
	"github.com/sqlstream/sqlstream/internal/cputime"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// BenchmarkNexmark makes events; a row is an event of any kind.
func BenchmarkNexmark(b *testing.B) {
	const n = 1_000_000
	for _, c := range []struct {
		name, generator string
		columns         []types.Field
	}{
		{"bid", "nexmark-bid", bid},
		{"bid-numbers", "nexmark-bid", bid[:3]},
		{"bid-time", "nexmark-bid", []types.Field{bid[0], bid[5]}},
		{"bid-extra", "nexmark-bid", bid[6:]},
		{"auction", "nexmark-auction", auction},
		{"person", "nexmark-person", person},
		{"person-id", "nexmark-person", person[:1]},
	} {
		b.Run(c.name, func(b *testing.B) {
			tab := table(c.columns, "generator", c.generator, "rows.per.second", "0", "number.of.rows", "1000000")
			opened, err := datagen.Connector.Source(b.Context(), tab, (&clock{start}).env())
			if err != nil {
				b.Fatal(err)
			}
			src := opened.(connectors.BatchSource)
			columns := make([]int, len(c.columns))
			for i := range columns {
				columns[i] = i
			}
			out := zset.NewBuilder(tab.Schema())
			defer cputime.PerRow(b, n)()
			for b.Loop() {
				rd, err := src.OpenBatches(b.Context(), connectors.Range{Split: "0", To: n}, columns)
				if err != nil {
					b.Fatal(err)
				}
				for err == nil {
					out.Reset()
					err = rd.Next(b.Context(), out, vec.BatchRows)
				}
				if !errors.Is(err, io.EOF) {
					b.Fatal(err)
				}
			}
		})
	}
}
