package planner_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/sqlstream/sqlstream/planner"
)

var each = flag.Int("each", 37, "of how many damages to stored plans one is tried")

// damages calls f with each place of a value of JSON made something else, or left out.
func damages(x any, set func(any), f func()) {
	others := func(list ...any) {
		for _, o := range list {
			set(o)
			f()
		}
		set(x)
	}
	switch v := x.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			old := v[k]
			delete(v, k)
			f()
			v[k] = old
			damages(old, func(o any) { v[k] = o }, f)
		}
		others(nil, "x")
	case []any:
		for i := range v {
			damages(v[i], func(o any) { v[i] = o }, f)
		}
		others(nil, []any{})
		if len(v) > 0 {
			others(v[1:], append(slices.Clone(v), v[0]))
		}
	case json.Number:
		others(json.Number("-1"), json.Number("0"), json.Number("1"), json.Number("3"), json.Number("1000000"), "x", nil)
	case string:
		others("", "VARCHAR", "BIGINT", "x", "DECIMAL", "count", "Column", "any", nil)
	case bool:
		others(!v, nil)
	}
}

// A plan of which any part is something else is refused, or is one that can be lowered and
// explained: nothing panics.
func TestDamagedPlans(t *testing.T) {
	count, refused := 0, 0
	corpus(t, func(d *datadriven.TestData, p *planner.Planner, kept string) string {
		data, err := os.ReadFile(kept)
		if err != nil {
			t.Fatal(err)
		}
		in := json.NewDecoder(bytes.NewReader(data))
		in.UseNumber()
		var doc any
		if err := in.Decode(&doc); err != nil {
			t.Fatal(kept, err)
		}
		damages(doc, func(any) {}, func() {
			if count++; count%*each != 0 {
				return
			}
			damaged, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("%v\n%s\n%s", r, damaged, debug.Stack())
				}
			}()
			if q, err := p.FromStored(damaged); err != nil {
				refused++
			} else {
				_ = q.Explain(planner.Everything)
			}
		})
		return d.Expected
	})
	if refused*2 < count / *each {
		t.Errorf("%d of %d damages are refused", refused, count / *each)
	}
}
