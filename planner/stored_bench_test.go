package planner_test

import (
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/internal/tpch"
)

// BenchmarkStored keeps the plan of a query of eight tables, and reads it again.
func BenchmarkStored(b *testing.B) {
	p := plantest.New()
	for _, name := range tpch.Tables {
		if err := plantest.Define(p, fmt.Sprintf("CREATE TABLE %s (%s)", name, tpch.Columns[name])); err != nil {
			b.Fatal(err)
		}
	}
	parsed, err := plantest.Parse(tpch.Query(8))
	if err != nil {
		b.Fatal(err)
	}
	q, err := p.Plan(parsed)
	if err != nil {
		b.Fatal(err)
	}
	data, err := q.Stored()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("write", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := q.Stored(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := p.FromStored(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
