package memory

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// A saved is what deltas say, one after the other.
type saved struct {
	t    *testing.T
	has  map[string]string
	sets map[string]bool // in the delta at hand
}

func (s *saved) Below(bound []byte) error {
	maps.DeleteFunc(s.has, func(key, _ string) bool { return key < string(bound) })
	return nil
}

func (s *saved) Delete(key []byte) error {
	if len(s.sets) > 0 {
		s.t.Fatalf("%q is gone behind one that was set", key)
	}
	delete(s.has, string(key))
	return nil
}

func (s *saved) Set(key, value []byte) error {
	if s.sets[string(key)] {
		s.t.Fatalf("%q is set twice", key)
	}
	s.sets[string(key)] = true
	s.has[string(key)] = string(value)
	return nil
}

// save takes in what has changed, and holds all of it to what the table has.
func (s *saved) save(table keeper) {
	s.t.Helper()
	s.sets = map[string]bool{}
	if err := table.Save(s); err != nil {
		s.t.Fatal(err)
	}
	all := &saved{t: s.t, has: map[string]string{}, sets: map[string]bool{}}
	switch x := table.(type) {
	case *Ordered:
		x.Ascend(nil, nil, func(key []byte, weight int64) bool {
			all.has[string(key)] = string(binary.AppendVarint(nil, weight))
			return true
		})
	case *Map:
		for _, g := range x.All(nil) {
			all.has[string(x.appendKeyOf(nil, g))] = string(x.row(g))
		}
	}
	if !maps.Equal(all.has, s.has) {
		s.t.Fatalf("the deltas say %d keys, and there are %d, or their values differ", len(s.has), len(all.has))
	}
}

// Whatever happens to the leaves of a large set, the next Save says what has changed.
func TestSaveOfManyKeys(t *testing.T) {
	r := sample.Rand(1)
	o, s := newOrdered(), &saved{t: t, has: map[string]string{}}
	o.keep()
	key := func() []byte { return fmt.Appendf(nil, "%06d%s", r.IntN(30000), bytes.Repeat([]byte{'x'}, r.IntN(30))) }
	for range 30000 {
		o.Add(key(), 1)
	}
	s.save(o)
	for round := range 60 {
		from := key()
		var gone [][]byte
		o.Ascend(from, nil, func(key []byte, weight int64) bool {
			if r.IntN(10) > 0 {
				gone = append(gone, bytes.Clone(key))
			}
			return len(gone) < 600
		})
		o.Add(from, 1<<40)
		for _, k := range gone {
			o.Add(k, -o.weightOf(k))
		}
		for range r.IntN(200) {
			o.Add(key(), r.Int64N(5))
		}
		if round%10 == 9 {
			o.EvictBelow(fmt.Appendf(nil, "%06d", 300*round))
		}
		if r.IntN(3) > 0 {
			s.save(o)
		}
	}
	s.save(o)
}

// A group that is dirty while its change is saved, and changes further before it is clean,
// is saved once more.
func TestSaveOfDirtyGroups(t *testing.T) {
	m, s := newMap(state.MapShape{Keys: []types.Type{types.Of(types.BigInt)}, Width: 8}), &saved{t: t, has: map[string]string{}}
	m.keep()
	k, gids := vec.NewBuilder(types.Of(types.BigInt)), make([]int32, 2)
	vec.Append(k, int64(1))
	vec.Append(k, int64(2))
	for round := range int64(4) {
		if err := m.Groups([]*vec.Vec{k.Vec()}, 2, gids); err != nil {
			t.Fatal(err)
		}
		rows := m.Rows()
		*(*int64)(rows.Ptr(gids[0])) = round
		s.save(m)
		if round == 2 {
			m.Delete(gids[1:])
		}
	}
	m.Clean()
	s.save(m)
}
