package exec

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A windowBlock is rows of partitions, as many as are computed at a time: those that
// change, and those around them that their reach demands. Each row stands in it once.
type windowBlock struct {
	data  []byte // the rows' keys
	rows  []windowRow
	batch *zset.Builder // their columns
	spans []windowSpan
	bases []byte // states in which spans begin
}

type windowRow struct {
	from, to int   // of the key
	was, is  int64 // how often the row is there
	peers    int32 // the first row of its span of the same peers
}

// A windowSpan is rows that lie one after the other in a partition.
type windowSpan struct {
	first, end int // in the block
	from, to   int // of these, those for which calls may give something else
	touched    int // the first that changes
	base       int // where in bases its state lies, -1 for the partition's beginning
	head       int // the partition's first row, -1 where it is the span's or does not matter
}

func newWindowBlock(s *types.Schema) *windowBlock { return &windowBlock{batch: zset.NewBuilder(s)} }

func (b *windowBlock) reset() {
	b.data, b.rows, b.spans, b.bases = b.data[:0], b.rows[:0], b.spans[:0], b.bases[:0]
	b.batch.Reset()
}

func (b *windowBlock) key(row int) []byte { return b.data[b.rows[row].from:b.rows[row].to] }

func (b *windowBlock) last() *windowSpan { return &b.spans[len(b.spans)-1] }

// add appends a row to the last span.
func (b *windowBlock) add(key []byte, was, is int64) {
	n, span := len(b.rows), b.last()
	peers := int32(n)
	if n > span.first && arePeers(b.key(n-1), key) {
		peers = b.rows[n-1].peers
	}
	b.append(key, windowRow{was: was, is: is, peers: peers})
	span.end = n + 1
}

func (b *windowBlock) append(key []byte, r windowRow) {
	r.from = len(b.data)
	b.data = append(b.data, key...)
	r.to = len(b.data)
	b.rows = append(b.rows, r)
	storedRow{key: key}.columns(b.batch.Cols)
	b.batch.EndRow()
}

// boundary reports that a key is of other peers than the last row.
func (b *windowBlock) boundary(key []byte) bool {
	n, span := len(b.rows), b.last()
	return n == span.first || !arePeers(b.key(n-1), key)
}

// A windowPart is a span as it was or as it is, each row as often as it is there.
type windowPart struct {
	rows     []int32 // for each place: which row of the block
	peers    []int32 // the first place of its peers
	from, to int     // the places to compute
	before   runState
	head     int // the row of the block that is the partition's first; -1 for that at place 0
}

// A runState is what goes from row to row of a partition.
type runState struct {
	rows, groups int64  // before a row; groups of peers without its own
	sums         []byte // of the rows before it, one call's after the other
}

// read makes p a span as it is, or as it was.
func (p *windowPart) read(b *windowBlock, span windowSpan, is bool) {
	p.rows, p.peers = p.rows[:0], p.peers[:0]
	p.from, p.to, p.head = 0, 0, span.head
	peers, first := int32(-1), 0
	for row := span.first; row < span.end; row++ {
		r := &b.rows[row]
		n := r.was
		if is {
			n = r.is
		}
		if n <= 0 {
			continue
		}
		if r.peers != peers {
			peers, first = r.peers, len(p.rows)
		}
		for range n {
			p.rows, p.peers = append(p.rows, int32(row)), append(p.peers, int32(first))
		}
		if row < span.from {
			p.from = len(p.rows)
		}
		if row < span.to {
			p.to = len(p.rows)
		}
	}
}
