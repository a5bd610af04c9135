package stored

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/planner/logical"
)

// Whatever the text, Decode returns a plan that can be printed and asked about itself, and that is
// kept as it is, or an error.
func FuzzDecode(f *testing.F) {
	for _, data := range kept(f) {
		f.Add(data)
	}
	env := Env{Functions: registry()}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data, env)
		if err != nil {
			return
		}
		for _, n := range []logical.Node{p.Bound, p.Optimised} {
			logical.Walk(n, func(n logical.Node) {
				_ = fmt.Sprint(n, n.Schema(), n.Properties(), logical.Watermarks(n), logical.Fingerprint(n, nil))
			})
		}
		again, err := Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		q, err := Decode(again, env)
		if err != nil {
			t.Fatalf("%v\n%s", err, again)
		}
		if twice, err := Encode(q); err != nil || !bytes.Equal(twice, again) {
			t.Fatalf("%v: %s\nis kept as\n%s", err, again, twice)
		}
	})
}
