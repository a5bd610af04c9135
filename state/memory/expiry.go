package memory

import (
	"container/heap"
	"slices"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// An expiry finds the groups of a map whose value in one key column lies below a bound:
// the groups of one value are in one bucket, and the values of the buckets in a heap. A
// group that is deleted otherwise stays in its bucket, whose groups are looked at again
// when they are handed out.
type expiry struct {
	column int
	value  []*vec.Builder // that one column of the groups at hand
	vec    vec.Vec

	at      map[string]int32 // the bucket of a value, in vec's order-preserving encoding
	values  values
	buckets [][]int32
	free    []int32 // buckets of no value
	key     []byte
	last    string // the value met last, and its bucket
	lastAt  int32
	held    int64 // bytes of values and buckets
}

// values is a heap of the values that have a bucket.
type values []string

func (v values) Len() int           { return len(v) }
func (v values) Less(i, j int) bool { return v[i] < v[j] }
func (v values) Swap(i, j int)      { v[i], v[j] = v[j], v[i] }
func (v *values) Push(x any)        { *v = append(*v, x.(string)) }
func (v *values) Pop() any {
	last := (*v)[len(*v)-1]
	*v = (*v)[:len(*v)-1]
	return last
}

func newExpiry(shape state.MapShape) *expiry {
	column := shape.Expiry - 1
	return &expiry{
		column: column, value: []*vec.Builder{vec.NewBuilder(shape.Keys[column])},
		at: map[string]int32{}, lastAt: -1,
	}
}

// takeUp puts groups in their buckets.
func (e *expiry) takeUp(m *Map, gids []int32) {
	v := e.valuesOf(m, gids)
	for i, g := range gids {
		if v.IsNull(i) {
			continue
		}
		e.key = vec.AppendOrdered(e.key[:0], v, i)
		if e.lastAt < 0 || string(e.key) != e.last {
			e.find(string(e.key))
		}
		had := cap(e.buckets[e.lastAt])
		e.buckets[e.lastAt] = append(e.buckets[e.lastAt], g)
		e.held += 4 * int64(cap(e.buckets[e.lastAt])-had)
	}
}

// valuesOf returns the groups' values in the column, good until the next call. The other
// columns of the keys are passed over: a row of a join may be long.
func (e *expiry) valuesOf(m *Map, gids []int32) *vec.Vec {
	b := e.value[0]
	b.Reset()
	switch m.kind {
	case tupleKey:
		m.tupleColumn(gids, e.column, b)
	case encodedKey:
		before := m.shape.Keys[:e.column]
		for _, g := range gids {
			zset.KeyAfter(m.bytesOf(g), before, e.value)
		}
	default:
		m.Keys(gids, e.value)
	}
	b.VecTo(&e.vec)
	return &e.vec
}

// find makes the value's bucket the last one.
func (e *expiry) find(value string) {
	at, ok := e.at[value]
	if !ok {
		if n := len(e.free); n > 0 {
			at, e.free = e.free[n-1], e.free[:n-1]
		} else {
			at, e.buckets = int32(len(e.buckets)), append(e.buckets, nil)
		}
		e.at[value] = at
		e.held += bucketBytes(value)
		heap.Push(&e.values, value)
	}
	e.last, e.lastAt = value, at
}

// Below implements state.Map. The groups come in the order of their values.
func (m *Map) Below(bound *vec.Vec, gids []int32) []int32 {
	m.warmBelow(bound)
	e := m.expiry
	for rest := m.there(m.fresh); len(rest) > 0; {
		n := min(len(rest), vec.BatchRows)
		e.takeUp(m, rest[:n])
		rest = rest[n:]
	}
	m.fresh = m.fresh[:0]
	end := string(vec.AppendOrdered(e.key[:0], bound, 0))
	for len(e.values) > 0 && e.values[0] < end {
		value := heap.Pop(&e.values).(string)
		at := e.at[value]
		delete(e.at, value)
		gids = m.ofValue(value, e.buckets[at], gids)
		e.held -= bucketBytes(value) + 4*int64(cap(e.buckets[at]))
		e.buckets[at], e.free = nil, append(e.free, at)
		if at == e.lastAt {
			e.lastAt = -1
		}
	}
	return gids
}

// there keeps the gids of groups that were not deleted.
func (m *Map) there(gids []int32) []int32 {
	return slices.DeleteFunc(gids, func(g int32) bool { return m.header(g).len == freeRow })
}

// ofValue appends each group of a bucket once that is there and has the bucket's value.
func (m *Map) ofValue(value string, bucket, gids []int32) []int32 {
	e := m.expiry
	bucket = m.there(bucket)
	slices.Sort(bucket)
	bucket = slices.Compact(bucket)
	for len(bucket) > 0 {
		part := bucket[:min(len(bucket), vec.BatchRows)]
		bucket = bucket[len(part):]
		v := e.valuesOf(m, part)
		for i, g := range part {
			if e.key = vec.AppendOrdered(e.key[:0], v, i); string(e.key) == value {
				gids = append(gids, g)
			}
		}
	}
	return gids
}

// bucketBytes is what an empty bucket takes: its value stands in the heap and in the map.
func bucketBytes(value string) int64 { return int64(2*len(value)) + 64 + 24 }

func (e *expiry) bytes() int64 { return e.held + 4*int64(cap(e.free)) }
