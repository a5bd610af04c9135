package statetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/state"
)

// An orderedSpace makes the keys of a test, some number of them.
type orderedSpace struct {
	name string
	keys int
	key  func(n int) string
}

// orderedSpaces are keys that are few and many, alike at their beginnings and not, that end
// in zeros, and are longer than any block of a store.
var orderedSpaces = []orderedSpace{
	{"few", 10, mixedKey},
	{"some", 300, mixedKey},
	{"many", 5000, mixedKey},
	{"numbers", 20000, func(n int) string { return fmt.Sprintf("\x01%08d\x01%08d", n/7*31, n%7) }},
	{"zeros", 400, func(n int) string { return strings.Repeat("\x00", n%20) + string([]byte{byte(n / 20)})[n%3/2:] }},
	{"texts", 3000, func(n int) string { return strings.Repeat("a long beginning ", n%4*2) + fmt.Sprint(n) }},
	{"long", 600, func(n int) string {
		return strings.Repeat("x", n%5*300) + fmt.Sprint(n%50, strings.Repeat("y", n%3*5000))
	}},
}

func mixedKey(n int) string { return fmt.Sprintf("%c%0*d", 'a'+n%3, 1+n%40, n) }

func (s orderedSpace) any(r *rand.Rand) string { return s.key(r.IntN(s.keys)) }

// An orderedCheck holds an Ordered to a Go map.
type orderedCheck struct {
	t     *testing.T
	o     state.Ordered
	model map[string]int64
	space orderedSpace
	rand  *rand.Rand
}

// checkOrdered makes random calls and compares each answer with a Go map's.
func checkOrdered(t *testing.T, s state.Store, space orderedSpace, seed uint64) {
	o, err := s.Ordered("o")
	if err != nil {
		t.Fatal(err)
	}
	c := &orderedCheck{t, o, map[string]int64{}, space, sample.Rand(seed)}
	for step := range 20000 {
		switch k := c.rand.IntN(1000); {
		case k == 0:
			c.evict()
		case k < 5:
			c.walk()
		case k < 10:
			c.near()
		case k < 12:
			evict(s)
		case k < 500 && step/4000%2 == 1: // times when most of it goes
			c.takeBack()
		default:
			c.add(c.space.any(c.rand), c.weight())
		}
		if o.Len() != len(c.model) {
			t.Fatalf("step %d: %d keys, want %d", step, o.Len(), len(c.model))
		}
	}
	checkRange(t, o, c.model, nil, nil, -1)
	for key, w := range c.model { // until nothing is left, and then from the beginning
		c.add(key, -w)
	}
	checkRange(t, o, c.model, nil, nil, -1)
	for range 100 {
		c.add(c.space.any(c.rand), c.weight())
	}
	checkRange(t, o, c.model, nil, nil, -1)
}

// weight is a small one, mostly.
func (c *orderedCheck) weight() int64 {
	if c.rand.IntN(50) == 0 {
		return c.rand.Int64N(1<<40) - 1<<39
	}
	return c.rand.Int64N(4) - 1
}

func (c *orderedCheck) evict() {
	bound := c.space.any(c.rand)
	c.o.EvictBelow([]byte(bound))
	for key := range c.model {
		if key < bound {
			delete(c.model, key)
		}
	}
}

func (c *orderedCheck) near() {
	var keys [][]byte
	for range c.rand.IntN(200) {
		keys = append(keys, []byte(c.space.any(c.rand)))
	}
	c.o.Near(keys)
}

func (c *orderedCheck) takeBack() {
	least := c.space.any(c.rand)
	for key, w := range c.model {
		if w > 0 && key >= least {
			c.add(key, -w)
		}
		break
	}
}

// add adds a key, whose bytes are the caller's own again.
func (c *orderedCheck) add(key string, w int64) {
	c.t.Helper()
	buf := []byte(key)
	total := c.o.Add(buf, w)
	for i := range buf {
		buf[i]++
	}
	if c.model[key] += w; c.model[key] == 0 {
		delete(c.model, key)
	}
	if total != c.model[key] {
		c.t.Fatalf("%q %+d is %d, want %d", key, w, total, c.model[key])
	}
}

func (c *orderedCheck) walk() {
	c.t.Helper()
	var from, to []byte
	if c.rand.IntN(3) > 0 {
		from = []byte(c.space.any(c.rand))
	}
	if c.rand.IntN(3) > 0 {
		to = []byte(c.space.any(c.rand))
	}
	stop := -1
	if c.rand.IntN(2) == 0 {
		stop = 1 + c.rand.IntN(20)
	}
	checkRange(c.t, c.o, c.model, from, to, stop)
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
		walk(from, to, func(key []byte, w int64) bool {
			o.Ascend(key, nil, func(again []byte, v int64) bool { // a walk within
				if !slices.Equal(again, key) || v != w {
					t.Fatalf("from %q on comes %q %d, not %d", key, again, v, w)
				}
				return false
			})
			return take(key, w)
		})
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
		if i%300 == 0 {
			evict(s)
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
