package memory_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/memory"
	"github.com/sqlstream/sqlstream/zset"
)

// readTo reads a source from a position to its end and returns the rows and where
// that is.
func readTo(t *testing.T, src connectors.Source, from connectors.Offset) (*zset.Batch, connectors.Offset) {
	t.Helper()
	splits, err := src.Splits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	latest, err := src.Latest(t.Context(), splits)
	if err != nil {
		t.Fatal(err)
	}
	end := latest[splits[0]]
	rd, err := src.(connectors.BatchSource).OpenBatches(t.Context(), connectors.Range{Split: splits[0], From: from, To: end}, []int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	out := zset.NewBuilder(people().Schema())
	for {
		if err := rd.Next(t.Context(), out, out.Len()+1000); errors.Is(err, io.EOF) {
			return out.Build(), end
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// sorted is a batch's rows in the order of their text.
func sorted(b *zset.Batch) string {
	return strings.Join(slices.Sorted(strings.Lines(b.String())), "")
}

func startOf(t *testing.T, src connectors.Source) connectors.Offset {
	t.Helper()
	splits, err := src.Splits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at, err := src.Start(t.Context(), splits)
	if err != nil {
		t.Fatal(err)
	}
	return at[splits[0]]
}

// A table whose rows are updated for ever stays small, and whoever reads it, from the
// start, from the middle or anew, adds up to the same rows.
func TestUpdatedForEver(t *testing.T) {
	d := door{memory.New(), people()}
	sink := d.sink(t, connectors.Update)
	early := d.source(t)
	at := startOf(t, early)
	var seen []*zset.Batch
	d.write(t, sink, 1, "+1 0 v0\n+1 1 v0\n+1 2 v0\n")
	const rounds, perRound = 300, 999 // each of the three as often
	value := 0
	for round := range rounds {
		var text strings.Builder
		for i := range perRound {
			fmt.Fprintf(&text, "-1 %d v%d\n+1 %d v%d\n", i%3, value+i/3, i%3, value+i/3+1)
		}
		value += perRound / 3
		d.write(t, sink, int64(round+2), text.String())
		if round%50 == 0 { // a reader that comes by now and then
			b, end := readTo(t, early, at)
			seen, at = append(seen, b.Clone()), end
		}
	}
	b, _ := readTo(t, early, at)
	want := fmt.Sprintf("+1 0 v%d\n+1 1 v%d\n+1 2 v%d\n", value, value, value)
	if got := sorted(zset.Consolidate(append(seen, b)...)); got != want {
		t.Errorf("the early reader has\n%swant\n%s", got, want)
	}
	if err := early.Close(); err != nil {
		t.Fatal(err)
	}
	d.write(t, sink, rounds+2, fmt.Sprintf("-1 0 v%d\n+1 0 v%d\n", value, value))
	late := d.source(t)
	all, end := readTo(t, late, startOf(t, late))
	if got := sorted(zset.Consolidate(all)); got != want {
		t.Errorf("a late reader has\n%swant\n%s", got, want)
	}
	if n := end - startOf(t, late); n > 200_000 {
		t.Errorf("a new reader has %d rows to read for three", n)
	}
}
