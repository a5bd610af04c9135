package statetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/state"
)

// checkOrdered makes random calls and compares each answer with a Go map's.
func checkOrdered(t *testing.T, s state.Store, seed uint64) {
	r := sample.Rand(seed)
	o, err := s.Ordered("o")
	if err != nil {
		t.Fatal(err)
	}
	model := map[string]int64{}
	space := []int{10, 300, 5000}[seed%3]
	buf := []byte{}
	for step := range 20000 {
		switch k := r.IntN(1000); {
		case k == 0:
			bound := anyKey(r, space)
			o.EvictBelow([]byte(bound))
			for key := range model {
				if key < bound {
					delete(model, key)
				}
			}
		case k < 5:
			checkWalk(t, o, model, r, space)
		case k < 500 && step/4000%2 == 1: // times when most of it goes
			for key, w := range model {
				if w > 0 && key >= anyKey(r, space) {
					if total := o.Add([]byte(key), -w); total != 0 {
						t.Fatalf("%q taken back is %d", key, total)
					}
					delete(model, key)
				}
				break
			}
		default:
			key, w := anyKey(r, space), r.Int64N(4)-1
			buf = append(buf[:0], key...)
			total := o.Add(buf, w)
			buf[len(buf)-1]++ // the caller's own again
			if model[key] += w; model[key] == 0 {
				delete(model, key)
			}
			if total != model[key] {
				t.Fatalf("%q %+d is %d, want %d", key, w, total, model[key])
			}
		}
		if o.Len() != len(model) {
			t.Fatalf("step %d: %d keys, want %d", step, o.Len(), len(model))
		}
	}
	checkRange(t, o, model, nil, nil, -1)
}

func anyKey(r *rand.Rand, space int) string {
	n := r.IntN(space)
	return fmt.Sprintf("%c%0*d", 'a'+n%3, 1+n%40, n)
}

func checkWalk(t *testing.T, o state.Ordered, model map[string]int64, r *rand.Rand, space int) {
	t.Helper()
	var from, to []byte
	if r.IntN(3) > 0 {
		from = []byte(anyKey(r, space))
	}
	if r.IntN(3) > 0 {
		to = []byte(anyKey(r, space))
	}
	stop := -1
	if r.IntN(2) == 0 {
		stop = 1 + r.IntN(20)
	}
	checkRange(t, o, model, from, to, stop)
}

// checkRange walks [from, to) both ways, up to stop keys unless that is negative.
func checkRange(t *testing.T, o state.Ordered, model map[string]int64, from, to []byte, stop int) {
	t.Helper()
	var want []string
	for _, key := range slices.Sorted(maps.Keys(model)) {
		if key >= string(from) && (to == nil || key < string(to)) {
			want = append(want, fmt.Sprintf("%s %d", key, model[key]))
		}
	}
	for _, up := range []bool{true, false} {
		var got []string
		take := func(key []byte, w int64) bool {
			got = append(got, fmt.Sprintf("%s %d", key, w))
			return len(got) != stop
		}
		walk := o.Ascend
		if !up {
			walk = o.Descend
			slices.Reverse(want)
		}
		walk(from, to, take)
		expect := want
		if stop >= 0 && stop < len(want) {
			expect = want[:stop]
		}
		if !slices.Equal(got, expect) {
			t.Fatalf("ascending %v from %q to %q, at most %d: %q, want %q", up, from, to, stop, got, expect)
		}
	}
}

// A set that keys enter above and leave below, as with time, holds those between.
func checkEvictBelow(t *testing.T, s state.Store) {
	o, err := s.Ordered("o")
	if err != nil {
		t.Fatal(err)
	}
	const window = 3000
	for i := range 100_000 {
		if o.Add(fmt.Appendf(nil, "%08d", i), 2) != 2 {
			t.Fatalf("key %d was there already", i)
		}
		if i%700 == 0 && i > window {
			o.EvictBelow(fmt.Appendf(nil, "%08d", i-window))
			if o.Len() != window+1 {
				t.Fatalf("%d keys, want %d", o.Len(), window+1)
			}
			first := ""
			o.Ascend(nil, nil, func(key []byte, _ int64) bool {
				first = string(key)
				return false
			})
			if want := fmt.Sprintf("%08d", i-window); first != want {
				t.Fatalf("the first key is %s, want %s", first, want)
			}
		}
	}
	o.EvictBelow([]byte("~"))
	if o.Len() != 0 {
		t.Fatalf("%d keys are left", o.Len())
	}
	o.EvictBelow([]byte("~"))
	o.Ascend(nil, nil, func([]byte, int64) bool { t.Fatal("an empty set has a key"); return false })
	o.Descend(nil, nil, func([]byte, int64) bool { t.Fatal("an empty set has a key"); return false })
}
