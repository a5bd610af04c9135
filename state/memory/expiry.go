package memory

import (
	"bytes"
	"container/heap"
	"slices"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// An expiry finds the groups of a map whose value in one key column lies below a bound:
// the groups of one value are in one bucket, and the values of the buckets in a heap. A
// group that is deleted otherwise stays in its bucket, and from then on the groups of all
// buckets are looked at again when they are handed out.
type expiry struct {
	column int
	value  []*vec.Builder // that one column of the groups at hand
	vec    vec.Vec

	at      map[string]int32 // the bucket of a value, in vec's order-preserving encoding
	values  values
	buckets [][]int32
	taken   bitmap  // the groups that are in the bucket of their value
	left    bool    // there may be others in buckets
	free    []int32 // buckets of no value
	key     []byte
	last    []byte // the value met last, and its bucket
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

// takeUp puts groups in the buckets of their values, but for those that are in one.
func (e *expiry) takeUp(v *vec.Vec, gids []int32) {
	for i, g := range gids {
		if e.taken.has(g) || v.IsNull(i) {
			continue
		}
		e.key = vec.AppendOrdered(e.key[:0], v, i)
		if e.lastAt < 0 || !bytes.Equal(e.key, e.last) {
			e.find(e.key)
		}
		e.taken.set(g)
		bucket := e.buckets[e.lastAt]
		had := cap(bucket)
		bucket = append(bucket, g)
		e.buckets[e.lastAt] = bucket
		e.held += 4 * int64(cap(bucket)-had)
	}
}

// drop takes note that a group is deleted.
func (e *expiry) drop(g int32) {
	if e.taken.has(g) {
		e.taken.unset(g)
		e.left = true
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
func (e *expiry) find(value []byte) {
	at, ok := e.at[string(value)]
	if !ok {
		at = e.bucket()
		text := string(value)
		e.at[text] = at
		e.held += bucketBytes(text)
		heap.Push(&e.values, text)
	}
	e.last, e.lastAt = append(e.last[:0], value...), at
}

// bucket returns an empty bucket.
func (e *expiry) bucket() int32 {
	if n := len(e.free); n > 0 {
		at := e.free[n-1]
		e.free = e.free[:n-1]
		return at
	}
	e.buckets = append(e.buckets, nil)
	return int32(len(e.buckets) - 1)
}

// keptBuckets is how many buckets without a value keep their memory for the next ones.
const keptBuckets = 16

// empty takes back the bucket of a value.
func (e *expiry) empty(at int32) {
	if at == e.lastAt {
		e.lastAt = -1
	}
	if len(e.free) < keptBuckets {
		e.buckets[at] = e.buckets[at][:0]
	} else {
		e.held -= 4 * int64(cap(e.buckets[at]))
		e.buckets[at] = nil
	}
	e.free = append(e.free, at)
}

// Below implements state.Map. The groups come in the order of their values.
func (m *Map) Below(bound *vec.Vec, gids []int32) []int32 {
	m.warmBelow(bound)
	e := m.expiry
	for rest := m.there(m.fresh); len(rest) > 0; {
		n := min(len(rest), vec.BatchRows)
		e.takeUp(e.valuesOf(m, rest[:n]), rest[:n])
		rest = rest[n:]
	}
	m.fresh = m.fresh[:0]
	end := string(vec.AppendOrdered(e.key[:0], bound, 0))
	for len(e.values) > 0 && e.values[0] < end {
		value := heap.Pop(&e.values).(string)
		at := e.at[value]
		delete(e.at, value)
		had := len(gids)
		if e.left {
			gids = m.ofValue(value, e.buckets[at], gids)
		} else {
			gids = append(gids, e.buckets[at]...)
		}
		for _, g := range gids[had:] {
			e.taken.unset(g)
		}
		e.held -= bucketBytes(value)
		e.empty(at)
	}
	if len(e.values) == 0 {
		e.left = false
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

func (e *expiry) bytes() int64 { return e.held + 4*int64(cap(e.free)) + 8*int64(cap(e.taken)) }
