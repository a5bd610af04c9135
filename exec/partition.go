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

	data    []byte // keys that wait, one after the other
	waiting []waitingRow
	bound   []byte
}

type waitingRow struct {
	from, to  int
	partition int // bytes
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
		rest = zset.DecodeOrdered(rest, b)
	}
}

func openPartitions(env *Env, columns []int, keys []SortKey) (*partitions, error) {
	rows, err := env.State.Ordered(env.Name)
	return &partitions{columns: columns, keys: keys, rows: rows}, err
}

// hold notes the rows of a delta for Finish.
func (p *partitions) hold(delta *zset.Batch) {
	for row := range delta.Len {
		from := len(p.data)
		for _, c := range p.columns {
			p.data = zset.AppendOrdered(p.data, delta.Cols[c], row)
		}
		partition := len(p.data) - from
		for _, k := range p.keys {
			at := len(p.data)
			p.data = zset.AppendOrdered(p.data, delta.Cols[k.Column], row)
			if k.Desc {
				for i := at; i < len(p.data); i++ {
					p.data[i] = ^p.data[i]
				}
			}
		}
		sort := len(p.data) - from - partition
		for _, c := range delta.Cols {
			p.data = zset.AppendOrdered(p.data, c, row)
		}
		p.data = binary.BigEndian.AppendUint32(p.data, uint32(partition))
		p.data = binary.BigEndian.AppendUint32(p.data, uint32(sort))
		p.waiting = append(p.waiting, waitingRow{from, len(p.data), partition, delta.Weight(row)})
	}
}

func (p *partitions) key(w waitingRow) []byte { return p.data[w.from:w.to] }

// settle calls change for each partition of which rows wait, in their order, with the
// rows' net changes, of which there are some.
func (p *partitions) settle(change func(partition []byte, changes []storedRow) error) error {
	slices.SortFunc(p.waiting, func(a, b waitingRow) int { return bytes.Compare(p.key(a), p.key(b)) })
	var changes []storedRow
	for i := 0; i < len(p.waiting); {
		first := p.waiting[i]
		partition := p.data[first.from : first.from+first.partition]
		changes = changes[:0]
		for ; i < len(p.waiting) && p.waiting[i].partition == first.partition && bytes.HasPrefix(p.key(p.waiting[i]), partition); i++ {
			w := p.waiting[i]
			if n := len(changes); n > 0 && bytes.Equal(changes[n-1].key, p.key(w)) {
				changes[n-1].weight += w.weight
			} else {
				changes = append(changes, storedRow{p.key(w), w.weight})
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
	p.data, p.waiting = p.data[:0], p.waiting[:0]
	return nil
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
	p.bound = append(p.bound[:0], partition...)
	p.rows.Ascend(partition, after(p.bound), yield)
}
