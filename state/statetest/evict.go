package statetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unsafe"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// An Evicting store keeps no promise beyond those of package state. Evict moves
// every group that is not dirty, as if it had been to disk and back; old rows and
// old gids then are nonsense. Rows stand apart, each part at a base of its own.
// Checkpoints and what ordered sets hold are the memory store's.
type Evicting struct {
	*memory.Store
	maps    map[string]*evictingMap
	indexes map[string]*evictingIndex
	names   []string
}

// NewEvicting returns an empty store.
func NewEvicting() *Evicting {
	return &Evicting{Store: memory.New(), maps: map[string]*evictingMap{}, indexes: map[string]*evictingIndex{}}
}

// Map implements state.Store.
func (s *Evicting) Map(name string, shape state.MapShape) (state.Map, error) {
	if m, ok := s.maps[name]; ok {
		if m.shape.Width != shape.Width || m.shape.Expiry != shape.Expiry || !slices.EqualFunc(m.shape.Keys, shape.Keys, types.Type.Equal) {
			return nil, fmt.Errorf("state table %s has another shape", name)
		}
		return m, nil
	}
	m := &evictingMap{shape: shape, groups: map[string]*group{}, rand: sample.Rand(1)}
	s.maps[name] = m
	s.names = append(s.names, name)
	return m, nil
}

// Usage implements state.Store.
func (s *Evicting) Usage() []state.Usage {
	out := append(s.Store.Usage(), s.indexUsage()...)
	for _, name := range s.names {
		m := s.maps[name]
		out = append(out, state.Usage{Name: name, Rows: int64(m.Len()), Bytes: int64(m.Len() * m.shape.Width)})
	}
	slices.SortFunc(out, func(a, b state.Usage) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Evict moves the groups of all maps that are not dirty. It stands for what a store
// does between two calls of an operator.
func (s *Evicting) Evict() {
	for _, name := range s.names {
		s.maps[name].evict()
	}
	for _, x := range s.indexes {
		x.rows.evict()
	}
}

type evictingMap struct {
	shape  state.MapShape
	groups map[string]*group
	order  []*group // as they came
	byGid  []*group
	dirty  []int32
	old    [][]byte
	view   *vec.Rows // of Rows, until the next Groups or Find
	oldest *vec.Rows // of Old
	rand   *rand.Rand
}

type group struct {
	key   string
	gid   int32
	row   []byte // where an operator sees it
	dirty bool
}

const (
	rowBase = 24 // before a row stands nonsense
	oldBase = 40
	poison  = 0xDB
)

// place gives a group a new gid and new memory, and spoils the memory it had.
func (m *evictingMap) place(g *group) {
	for range m.rand.IntN(3) { // gids that no group has
		m.byGid = append(m.byGid, nil)
	}
	row := slices.Clone(g.row)
	for i := range g.row {
		g.row[i] = poison
	}
	g.row, g.gid = row, int32(len(m.byGid))
	m.byGid = append(m.byGid, g)
}

func (m *evictingMap) evict() {
	m.view, m.oldest = nil, nil
	for i, g := range m.byGid {
		if g != nil && !g.dirty {
			m.byGid[i] = nil
		}
	}
	if len(m.dirty) == 0 {
		m.byGid = m.byGid[:0]
	}
	clean := []*group{}
	for _, g := range m.order {
		if !g.dirty {
			clean = append(clean, g)
		}
	}
	m.rand.Shuffle(len(clean), func(i, j int) { clean[i], clean[j] = clean[j], clean[i] })
	for _, g := range clean {
		m.place(g)
	}
}

// Groups implements state.Map.
func (m *evictingMap) Groups(keys []*vec.Vec, n int, gids []int32) error {
	m.view, m.oldest = nil, nil
	for i := range n {
		key := keyText(keys, i)
		g := m.groups[key]
		if g == nil {
			g = &group{key: key, row: make([]byte, m.shape.Width)}
			m.groups[key] = g
			m.order = append(m.order, g)
			m.place(g)
		}
		if !g.dirty {
			g.dirty = true
			m.dirty = append(m.dirty, g.gid)
			m.old = append(m.old, slices.Clone(g.row))
		}
		gids[i] = g.gid
	}
	return nil
}

// Find implements state.Map.
func (m *evictingMap) Find(keys []*vec.Vec, n int, gids []int32) error {
	m.view, m.oldest = nil, nil
	for i := range n {
		gids[i] = -1
		if g := m.groups[keyText(keys, i)]; g != nil {
			gids[i] = g.gid
		}
	}
	return nil
}

// Rows implements state.Map: pages of one row, each with nonsense around it.
func (m *evictingMap) Rows() vec.Rows {
	if m.view != nil {
		return m.view.At(rowBase)
	}
	rows := vec.NewRows(0, rowBase+m.shape.Width+8)
	for i, g := range m.byGid {
		rows.SetChunk(i, m.framed(g, rowBase))
	}
	m.view = &rows
	return rows.At(rowBase)
}

// framed moves a group's row into a frame of nonsense.
func (m *evictingMap) framed(g *group, base int) []byte {
	frame := words(base + m.shape.Width + 8)
	for i := range frame {
		frame[i] = poison
	}
	if g != nil {
		copy(frame[base:], g.row)
		g.row = frame[base : base+m.shape.Width]
	}
	return frame
}

// words returns n bytes that begin on a word.
func words(n int) []byte {
	w := make([]uint64, (n+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w))), n)
}

// Dirty implements state.Map.
func (m *evictingMap) Dirty() []int32 { return m.dirty }

// Old implements state.Map.
func (m *evictingMap) Old() vec.Rows {
	if m.oldest != nil {
		return m.oldest.At(oldBase)
	}
	rows := vec.NewRows(0, oldBase+m.shape.Width+8)
	for i, old := range m.old {
		rows.SetChunk(i, m.framed(&group{row: old}, oldBase))
	}
	m.oldest = &rows
	return rows.At(oldBase)
}

// Keys implements state.Map.
func (m *evictingMap) Keys(gids []int32, out []*vec.Builder) {
	for _, g := range gids {
		zset.KeyAt([]byte(m.byGid[g].key), out)
	}
}

// All implements state.Map.
func (m *evictingMap) All(gids []int32) []int32 {
	for _, g := range m.order {
		gids = append(gids, g.gid)
	}
	return gids
}

// Below implements state.Map.
func (m *evictingMap) Below(bound *vec.Vec, gids []int32) []int32 {
	from, found := len(gids), []*vec.Vec(nil)
	for _, g := range m.order {
		var cols []*vec.Builder
		for _, t := range m.shape.Keys {
			cols = append(cols, vec.NewBuilder(t))
		}
		zset.KeyAt([]byte(g.key), cols)
		v := cols[m.shape.Expiry-1].Vec()
		if !v.IsNull(0) && zset.CompareValues(v, 0, bound, 0) < 0 {
			at, _ := slices.BinarySearchFunc(found, v, func(x *vec.Vec, v *vec.Vec) int { return zset.CompareValues(x, 0, v, 0) })
			found, gids = slices.Insert(found, at, v), slices.Insert(gids, from+at, g.gid)
		}
	}
	return gids
}

// Delete implements state.Map.
func (m *evictingMap) Delete(gids []int32) {
	gone := map[*group]bool{}
	for _, g := range gids {
		x := m.byGid[g]
		gone[x] = true
		delete(m.groups, x.key)
		m.byGid[g] = nil
	}
	m.order = slices.DeleteFunc(m.order, func(g *group) bool { return gone[g] })
}

// Clean implements state.Map.
func (m *evictingMap) Clean() {
	for _, g := range m.order {
		g.dirty = false
	}
	m.dirty, m.old, m.oldest = nil, nil, nil
}

// Len implements state.Map.
func (m *evictingMap) Len() int { return len(m.groups) }
