package memory

import (
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A tuple is a key of several columns of fixed width as words: first a bit for each
// column that is NULL, then each column's word, two for a DECIMAL. The words of a
// NULL are 0.

// maxTuple is how many columns the word of NULLs has bits for.
const maxTuple = 64

func tupleWords(keys []types.Type) int {
	n := 1
	for _, k := range keys {
		n += columnWords(k)
	}
	return n
}

func columnWords(t types.Type) int {
	if t.Layout() == types.Int128 {
		return 2
	}
	return 1
}

func hashTuple(key []uint64) uint64 {
	h := uint64(0x9E3779B97F4A7C15)
	for _, w := range key {
		h = zset.Mix(h, w)
	}
	return h
}

// findTuples finds the groups of tuples in the passes of findWords.
func (m *Map) findTuples(keys []*vec.Vec, gids []int32, add bool) {
	n, size := len(gids), m.keyLen
	m.hashTuples(keys, n)
	tuples, hashes := m.words[:n*size], m.hashes[:n]
	for from := 0; from < n; from += nearRows {
		to := min(from+nearRows, n)
		m.findNear(tuples[from*size:to*size], hashes[from:to], gids[from:to], add)
	}
}

func (m *Map) hashTuples(keys []*vec.Vec, n int) {
	size := m.keyLen
	if cap(m.words) < n*size {
		m.words = make([]uint64, max(n, vec.BatchRows)*size)
	}
	tuples := m.words[:n*size]
	m.loadTuples(keys, tuples, n)
	for i := range m.hashes[:n] {
		m.hashes[i] = hashTuple(tuples[i*size : (i+1)*size])
	}
}

// findNear finds the groups of some tuples.
func (m *Map) findNear(tuples, hashes []uint64, gids []int32, add bool) {
	size, found := m.keyLen, m.found[:len(gids)]
	m.table.home(hashes, found)
	for i, h := range hashes {
		if s := found[i]; s.hash == uint32(h) && s.gid != 0 {
			gids[i] = s.gid - 1
			continue
		}
		p := m.table.probe(h)
		if gids[i] = p.next(); gids[i] < 0 && add {
			gids[i] = m.addTuple(tuples[i*size:(i+1)*size], h)
		}
	}
	for i, g := range gids {
		if key := tuples[i*size : (i+1)*size]; g >= 0 && !sameWords(m.key(g), key) {
			gids[i] = m.findTuple(key, hashes[i], add)
		}
	}
}

func sameWords(x, y []uint64) bool {
	y = y[:len(x)]
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return true
}

func (m *Map) findTuple(key []uint64, hash uint64, add bool) int32 {
	p := m.table.probe(hash)
	for {
		g := p.next()
		switch {
		case g >= 0 && sameWords(m.key(g), key):
			return g
		case g < 0 && add:
			return m.addTuple(key, hash)
		case g < 0:
			return -1
		}
	}
}

func (m *Map) addTuple(key []uint64, hash uint64) int32 {
	g := m.make(hash)
	copy(m.key(g), key)
	m.table.insert(hash, g)
	return g
}

// loadTuples writes the keys of n rows, a column at a time.
func (m *Map) loadTuples(keys []*vec.Vec, tuples []uint64, n int) {
	size := m.keyLen
	for i := range n {
		tuples[i*size] = 0
	}
	at := 1
	for k, c := range keys {
		switch {
		case c.Type.Layout() == types.Int128:
			values := vec.Slice[vec.Decimal](c)
			for i := range n {
				d := values[c.At(i)]
				tuples[i*size+at], tuples[i*size+at+1] = d.LowBits(), uint64(d.HighBits())
			}
		case c.Type.Layout().Width() == 8 && c.Type.Layout() != types.Float64 && !c.Const:
			for i, w := range vec.Slice[uint64](c)[:n] {
				tuples[i*size+at] = w
			}
		default:
			for i := range n {
				tuples[i*size+at] = zset.Word(c, c.At(i))
			}
		}
		if c.Valid != nil {
			for i := range n {
				if c.IsNull(i) {
					tuples[i*size] |= 1 << k
					clear(tuples[i*size+at : i*size+at+columnWords(c.Type)])
				}
			}
		}
		at += columnWords(c.Type)
	}
}

func (m *Map) tupleKeys(gids []int32, out []*vec.Builder) {
	for k, b := range out {
		m.tupleColumn(gids, k, b)
	}
}

// tupleColumn reads back the k-th column of keys.
func (m *Map) tupleColumn(gids []int32, k int, b *vec.Builder) {
	at := tupleWords(m.shape.Keys[:k])
	if b.Type().Layout().Width() == 8 && !m.anyNull(gids, k) {
		words := vec.Extend[uint64](b, len(gids))
		for i, g := range gids {
			words[i] = m.key(g)[at]
		}
		return
	}
	wide := columnWords(b.Type()) == 2
	for _, g := range gids {
		key := m.key(g)
		switch {
		case key[0]>>k&1 != 0:
			b.AppendNull()
		case wide:
			vec.Append(b, decimal128.New(int64(key[at+1]), key[at]))
		default:
			zset.AppendWord(b, key[at])
		}
	}
}

// anyNull reports that a key's k-th column is NULL.
func (m *Map) anyNull(gids []int32, k int) bool {
	nulls := uint64(0)
	for _, g := range gids {
		nulls |= m.key(g)[0]
	}
	return nulls>>k&1 != 0
}
