package memory

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

func bigints(values ...int64) *vec.Vec {
	b := vec.NewBuilder(types.Of(types.BigInt))
	for _, v := range values {
		vec.Append(b, v)
	}
	return b.Vec()
}

func texts(values ...string) *vec.Vec {
	b := vec.NewBuilder(types.Of(types.Varchar))
	for _, v := range values {
		b.AppendString(v)
	}
	return b.Vec()
}

func groupsOf(m *Map, n int, keys ...*vec.Vec) []int32 {
	gids := make([]int32, n)
	if err := m.Groups(keys, n, gids); err != nil {
		panic(err)
	}
	return gids
}

// distinct fails where two of the keys share a group, or a group has another key.
func distinct(t *testing.T, m *Map, gids []int32, want []string) {
	t.Helper()
	seen := map[int32]bool{}
	var out []*vec.Builder
	for _, k := range m.shape.Keys {
		out = append(out, vec.NewBuilder(k))
	}
	m.Keys(gids, out)
	for i, g := range gids {
		if seen[g] {
			t.Fatalf("key %s has the group of another", want[i])
		}
		seen[g] = true
		var got []string
		for _, b := range out {
			got = append(got, string(vec.AppendText(nil, b.Vec(), i)))
		}
		if strings.Join(got, " ") != want[i] {
			t.Fatalf("the group of %s has the key %s", want[i], strings.Join(got, " "))
		}
	}
}

// Texts of equal hash are told apart, in one call and from call to call, and each
// can be taken out.
func TestTextsOfEqualHash(t *testing.T) {
	m := newMap(state.MapShape{Keys: []types.Type{types.Of(types.Varchar)}, Width: 8})
	m.hash = func(key []byte) uint64 { return uint64(len(key)) << 60 }
	var keys []string
	for i := range 300 {
		keys = append(keys, fmt.Sprintf("%0*d", 3+i%5, i))
	}
	first := groupsOf(m, len(keys), texts(keys...))
	distinct(t, m, first, keys)
	if again := groupsOf(m, len(keys), texts(keys...)); !slices.Equal(first, again) {
		t.Fatal("found other groups the second time")
	}
	m.Delete(first[100:200])
	m.Clean()
	gids := make([]int32, len(keys))
	if err := m.Find([]*vec.Vec{texts(keys...)}, len(keys), gids); err != nil {
		t.Fatal(err)
	}
	for i, g := range gids {
		if gone := i >= 100 && i < 200; gone && g != -1 || !gone && g != first[i] {
			t.Fatalf("key %s: group %d", keys[i], g)
		}
	}
}

// Tuples of equal hash are told apart. A column that makes the product in the hash 0
// leaves the hash as it was, so that its place does not count.
func TestTuplesOfEqualHash(t *testing.T) {
	const zero = uint64(0xD6E8FEB86659FD93)
	m := newMap(state.MapShape{Keys: []types.Type{types.Of(types.UBigInt), types.Of(types.UBigInt)}, Width: 8})
	a, b := vec.NewBuilder(types.Of(types.UBigInt)), vec.NewBuilder(types.Of(types.UBigInt))
	var want []string
	for x := range uint64(200) {
		for _, pair := range [][2]uint64{{zero, x}, {x, zero}} {
			vec.Append(a, pair[0])
			vec.Append(b, pair[1])
			want = append(want, fmt.Sprintf("%d %d", pair[0], pair[1]))
		}
	}
	if hashTuple([]uint64{0, zero, 5}) != hashTuple([]uint64{0, 5, zero}) {
		t.Fatal("the tuples of this test do not share hashes")
	}
	first := groupsOf(m, len(want), a.Vec(), b.Vec())
	distinct(t, m, first, want)
	if again := groupsOf(m, len(want), a.Vec(), b.Vec()); !slices.Equal(first, again) {
		t.Fatal("found other groups the second time")
	}
}

// When the numbers of epochs run out, rows touched long ago are not taken for dirty.
func TestEpochsRunOut(t *testing.T) {
	m := newMap(state.MapShape{Keys: []types.Type{types.Of(types.BigInt)}, Width: 8})
	groupsOf(m, 1, bigints(1)) // in epoch 1
	m.Clean()
	m.epoch = math.MaxUint32
	groupsOf(m, 1, bigints(2))
	m.Clean()
	if m.epoch != 1 {
		t.Fatalf("epoch %d follows the last one", m.epoch)
	}
	groupsOf(m, 3, bigints(3, 2, 1))
	if len(m.Dirty()) != 3 {
		t.Fatalf("%d groups are dirty, want 3", len(m.Dirty()))
	}
}

// Keys that are no longer in use give their memory back, and the others stay whole.
func TestArenaIsCompacted(t *testing.T) {
	m := newMap(state.MapShape{Keys: []types.Type{types.Of(types.Varchar)}, Width: 8})
	var keys []string
	for i := range 4096 {
		keys = append(keys, strings.Repeat("x", 2000)+fmt.Sprint(i))
	}
	gids := groupsOf(m, len(keys), texts(keys...))
	before := m.bytes()
	m.Delete(gids[1000:])
	m.Clean()
	if after := m.bytes(); after > before*2/3 {
		t.Errorf("%d bytes of %d are held after most keys went", after, before)
	}
	distinct(t, m, groupsOf(m, 1000, texts(keys[:1000]...)), keys[:1000])
}

// Parts of the table grow one after the other: what a call moves follows its own
// rows and not the size of the table.
func TestGrowthIsSpread(t *testing.T) {
	m := newMap(state.MapShape{Keys: []types.Type{types.Of(types.BigInt)}, Width: 8})
	words := make([]int64, vec.BatchRows)
	for from := 0; from < 1<<20; from += len(words) {
		for i := range words {
			words[i] = int64(from + i)
		}
		size := make([]int, partCount)
		for i := range m.table.parts {
			size[i] = len(m.table.parts[i].slots)
		}
		groupsOf(m, len(words), bigints(words...))
		m.Clean()
		moved, most := 0, 0
		for i := range m.table.parts {
			if len(m.table.parts[i].slots) != size[i] {
				moved, most = moved+size[i], max(most, size[i])
			}
		}
		if moved > 6*len(words)+most {
			t.Fatalf("at %d groups one call moved the groups of %d slots", m.Len(), moved)
		}
	}
}

// A map whose groups all go at the end of an epoch keeps no more than it needs.
func TestAllGroupsGo(t *testing.T) {
	m := newMap(state.MapShape{Keys: []types.Type{types.Of(types.BigInt), types.Of(types.BigInt)}, Width: 64})
	size := int64(0)
	for epoch := range 50 {
		words := make([]int64, 8000)
		for i := range words {
			words[i] = int64(epoch*1000 + i)
		}
		groupsOf(m, len(words), bigints(words...), bigints(words...))
		m.Delete(m.Dirty())
		m.Clean()
		if m.Len() != 0 {
			t.Fatalf("%d groups are left", m.Len())
		}
		if epoch == 1 {
			size = m.bytes()
		}
	}
	if m.bytes() > size*3/2 {
		t.Errorf("%d bytes are held after 50 epochs, %d after the second", m.bytes(), size)
	}
}
