package memory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/memory"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/zset"
)

// The rows of keys are found as they are now, whatever came and went, and however the
// log was summed up meanwhile.
func TestFind(t *testing.T) {
	d := door{memory.New(), keyed()}
	sink := d.sink(t, connectors.Update)
	r := sample.Rand(1)
	now := map[int]string{}
	epoch := int64(0)
	change := func(rows int) {
		var gone, added strings.Builder
		touched := map[int]bool{}
		for range rows {
			k := r.IntN(500)
			if touched[k] {
				continue
			}
			touched[k] = true
			if v, there := now[k]; there {
				fmt.Fprintf(&gone, "-1 %d %s\n", k, v)
				delete(now, k)
			}
			if r.IntN(3) > 0 {
				now[k] = fmt.Sprintf("v%d", r.IntN(100))
				fmt.Fprintf(&added, "+1 %d %s\n", k, now[k])
			}
		}
		epoch++
		d.write(t, sink, epoch, added.String()+gone.String())
	}
	check := func() {
		t.Helper()
		keys := zset.NewBuilder(d.tab.Schema().Project([]int{0}))
		want := ""
		for k := range 500 {
			b, err := zset.Parse(keys.Schema, fmt.Sprintf("+1 %d", k))
			if err != nil {
				t.Fatal(err)
			}
			keys.AppendRow(b, 0, 1)
			if v, there := now[k]; there {
				want += fmt.Sprintf("+1 %d %s\n", k, v)
			}
		}
		if got := sink.(connectors.Finder).Find(keys.Build()).String(); got != want {
			t.Fatalf("after %d changes:\n%swant\n%s", epoch, got, want)
		}
		src := d.source(t)
		rows, _ := readTo(t, src, startOf(t, src)) // who begins now reads these and no others
		if got := sorted(rows); got != strings.Join(slices.Sorted(strings.Lines(want)), "") {
			t.Fatalf("after %d changes a new reader has\n%swant\n%s", epoch, got, want)
		}
		if err := src.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1200 {
		change(300)
		if i%40 == 0 {
			check()
		}
	}
	check()
	src := d.source(t)
	if from := startOf(t, src); from < 50_000 {
		t.Errorf("the log was never summed up: it begins at %d", from)
	}
}
