package exec

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// partitions keeps rows in an ordered multiset: by partition, then by sort keys, then by
// all columns. What Apply is given waits until Finish, which goes over the partitions
// that change one at a time and needs each as it was before, too.
//
// A row's key is its partition, its sort keys, and all of its columns, in zset's
// order-preserving encoding, a descending one with its bits turned; then the lengths of
// the first two, four bytes each. Rows of equal partition and sort keys are peers.
type partitions struct {
	columns []int // of the partition
	keys    []SortKey
	rows    state.Ordered

	data    blocks // keys that wait
	waiting []waitingRow
	sort    keySort
	next    [][]byte
	read    byte
	bound   []byte
	until   *watermark // partitions whose first column is below it are forgotten; nil for none
	passed  []byte     // what it was when some were
}

type waitingRow struct {
	key       span
	partition int32 // bytes
	weight    int64
}

// A storedRow is a row of a partition in its order.
type storedRow struct {
	key    []byte
	weight int64
}

// trailer is the bytes of the lengths at the end of a key.
const trailer = 8

// peers is the part of a row's key that its peers have in common.
func (r storedRow) peers() []byte {
	n := len(r.key) - trailer
	partition, sort := binary.BigEndian.Uint32(r.key[n:]), binary.BigEndian.Uint32(r.key[n+4:])
	return r.key[:partition+sort]
}

// arePeers reports that two rows are peers.
func arePeers(a, b []byte) bool {
	return bytes.Equal(storedRow{key: a}.peers(), storedRow{key: b}.peers())
}

// columns appends the values of the row to builders.
func (r storedRow) columns(out []*vec.Builder) {
	rest := r.key[len(r.peers()) : len(r.key)-trailer]
	for _, b := range out {
		rest = vec.DecodeOrdered(rest, b)
	}
}

func openPartitions(env *Env, columns []int, keys []SortKey, until Watermark) (*partitions, error) {
	p := &partitions{columns: columns, keys: keys}
	var err error
	if until != nil {
		if p.until, err = until.open(env.watermarks); err != nil {
			return nil, err
		}
	}
	p.rows, err = env.State.Ordered(env.Name)
	return p, err
}

// forget drops the partitions of which nothing more will come, and calls each, where it
// is there, for their rows before. It returns the watermark, nil where nothing is dropped.
func (p *partitions) forget(each func(key []byte)) (*vec.Vec, error) {
	w, err := p.until.value()
	if err != nil || w == nil {
		return nil, err
	}
	bound := vec.AppendOrdered(nil, w, 0)
	if bytes.Equal(bound, p.passed) {
		return nil, nil
	}
	p.passed = bound
	if each != nil {
		p.rows.Ascend(nil, bound, func(key []byte, _ int64) bool {
			each(key)
			return true
		})
	}
	p.rows.EvictBelow(bound)
	return w, nil
}

// hold notes the rows of a delta for Finish, where sel is not nil these alone.
func (p *partitions) hold(delta *zset.Batch, sel []int32) {
	n := delta.Len
	if sel != nil {
		n = len(sel)
	}
	for row := range n {
		if sel != nil {
			row = int(sel[row])
		}
		data := p.data.tail()
		from := len(data)
		for _, c := range p.columns {
			data = vec.AppendOrdered(data, delta.Cols[c], row)
		}
		partition := len(data) - from
		for _, k := range p.keys {
			data = appendKey(data, delta, row, k)
		}
		sort := len(data) - from - partition
		for _, c := range delta.Cols {
			data = vec.AppendOrdered(data, c, row)
		}
		data = binary.BigEndian.AppendUint32(data, uint32(partition))
		data = binary.BigEndian.AppendUint32(data, uint32(sort))
		p.waiting = append(p.waiting, waitingRow{p.data.end(data), int32(partition), delta.Weight(row)})
	}
}

func (p *partitions) key(i int) []byte { return p.data.bytes(p.waiting[i].key) }

// settle calls change for each partition of which rows wait, in their order, with the
// rows' net changes, of which there are some.
func (p *partitions) settle(change func(partition []byte, changes []storedRow) error) error {
	order := p.sort.sort(len(p.waiting), p.key)
	var changes []storedRow
	near, apart := 0, sparse(len(order), p.rows)
	for i := 0; i < len(order); {
		first := p.waiting[order[i].row]
		partition := p.key(int(order[i].row))[:first.partition]
		changes = changes[:0]
		for ; i < len(order); i++ {
			w, key := p.waiting[order[i].row], p.key(int(order[i].row))
			if w.partition != first.partition || !bytes.HasPrefix(key, partition) {
				break
			}
			if i >= near {
				near = p.near(order, i, apart)
			}
			if n := len(changes); n > 0 && bytes.Equal(changes[n-1].key, key) {
				changes[n-1].weight += w.weight
			} else {
				changes = append(changes, storedRow{key, w.weight})
			}
		}
		changes = slices.DeleteFunc(changes, func(c storedRow) bool { return c.weight == 0 })
		if len(changes) == 0 {
			continue
		}
		if err := change(partition, changes); err != nil {
			return err
		}
	}
	p.data.reset()
	p.waiting = p.waiting[:0]
	return nil
}

// near brings near the next keys that wait, which lie far apart in the order in which they
// came, and where keys lie far apart in the store, too, what is around them there. It returns
// the place behind them.
func (p *partitions) near(order []sortedKey, from int, apart bool) int {
	end := min(from+nearKeys, len(order))
	p.next = p.next[:0]
	for _, k := range order[from:end] {
		key := p.key(int(k.row))
		p.read += key[0] + key[len(key)-1] // the reads do not wait for each other
		p.next = append(p.next, key)
	}
	if apart {
		p.rows.Near(p.next)
	}
	return end
}

// apply adds net changes to the rows kept.
func (p *partitions) apply(changes []storedRow) {
	for _, c := range changes {
		if p.rows.Add(c.key, c.weight) < 0 {
			invariants.Failf("a row was taken back more often than added")
		}
	}
}

// walk calls yield for the rows of a partition in order until it returns false. The key
// is good until yield returns.
func (p *partitions) walk(partition []byte, yield func(key []byte, weight int64) bool) {
	p.walkFrom(partition, partition, yield)
}

// walkFrom is walk that begins at a key.
func (p *partitions) walkFrom(key, partition []byte, yield func(key []byte, weight int64) bool) {
	p.bound = append(p.bound[:0], partition...)
	p.rows.Ascend(key, after(p.bound), yield)
}

// appendOrder appends the part of a row's key that is behind the partition, or so many
// bytes of it and perhaps some more; with peers no more of it than peers have in common.
func (p *partitions) appendOrder(dst []byte, delta *zset.Batch, row, least int, peers bool) []byte {
	from := len(dst)
	for _, k := range p.keys {
		if dst = appendKey(dst, delta, row, k); len(dst)-from >= least {
			return dst
		}
	}
	if peers {
		return dst
	}
	for _, c := range delta.Cols {
		if dst = vec.AppendOrdered(dst, c, row); len(dst)-from >= least {
			return dst
		}
	}
	return dst
}

// appendKey appends the value of a sort key, of a descending one with its bits turned.
func appendKey(dst []byte, delta *zset.Batch, row int, k SortKey) []byte {
	at := len(dst)
	dst = vec.AppendOrdered(dst, delta.Cols[k.Column], row)
	if k.Desc {
		for i := at; i < len(dst); i++ {
			dst[i] = ^dst[i]
		}
	}
	return dst
}
