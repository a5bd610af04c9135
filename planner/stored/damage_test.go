package stored

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/planner/logical"
)

var each = flag.Int("each", 13, "of how many damages one is tried")

// damages calls f with each place of a value of JSON made something else.
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
		for _, k := range sortedKeys(v) {
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

func sortedKeys(m map[string]any) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// A plan of which any part is something else is refused, or is one that can be printed and
// asked about itself.
func TestDamagedPlans(t *testing.T) {
	env := Env{Functions: registry()}
	count, refused := 0, 0
	for path, data := range kept(t) {
		in := json.NewDecoder(bytes.NewReader(data))
		in.UseNumber()
		var doc any
		if err := in.Decode(&doc); err != nil {
			t.Fatal(path, err)
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
			p, err := Decode(damaged, env)
			if err != nil {
				refused++
				return
			}
			for _, n := range []logical.Node{p.Bound, p.Optimised} {
				logical.Walk(n, func(n logical.Node) {
					_ = fmt.Sprint(n, n.Schema(), n.Properties(), logical.Watermarks(n), logical.Fingerprint(n, nil))
				})
			}
		})
	}
	if refused*2 < count / *each {
		t.Errorf("%d of %d damages are refused", refused, count / *each)
	}
}
