package table_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/sql/function/table"
)

// The examples of each function give the rows that they show.
func TestExamples(t *testing.T) {
	ctx := context.Background()
	db, err := sqlstream.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, f := range table.All {
		if len(f.Examples) < 2 {
			t.Errorf("%s has %d examples", f.Name, len(f.Examples))
		}
		for _, x := range f.Examples {
			rows, err := db.Query(ctx, "SELECT * FROM "+x.Call)
			if err != nil {
				t.Errorf("%s: %v", x.Call, err)
				continue
			}
			var got []string
			for b, err := range rows.Batches() {
				if err != nil {
					t.Fatalf("%s: %v", x.Call, err)
				}
				for line := range strings.Lines(b.String()) {
					_, line, _ = strings.Cut(strings.TrimSpace(line), " ")
					got = append(got, line)
				}
			}
			var want []string
			if x.Rows != "" {
				want = strings.Split(x.Rows, "\n")
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s gives %q, not %q", x.Call, got, want)
			}
		}
	}
}
