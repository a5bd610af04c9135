package exec

import "bytes"

// topRows are rows with their numbers, in their order; keys lie in data.
type topRows struct {
	data  []byte
	rows  []topRow
	total int64  // of the partition's rows, as many as were seen
	stop  []byte // the first row that is behind all of these; empty for none
}

type topRow struct {
	from, to int
	number   int64
	weight   int64
}

func (t *topRows) reset() { t.data, t.rows, t.total, t.stop = t.data[:0], t.rows[:0], 0, t.stop[:0] }

func (t *topRows) add(key []byte, number, weight int64) {
	from := len(t.data)
	t.data = append(t.data, key...)
	t.rows = append(t.rows, topRow{from, len(t.data), number, weight})
}

func (t *topRows) key(i int) []byte { return t.data[t.rows[i].from:t.rows[i].to] }

// A numbering is a walk over a partition that numbers its rows.
type numbering struct {
	position, rank, dense int64 // of the rows before; of the peers at hand
	peers                 []byte
	out                   *topRows
}

// first sets out to the first rows of a partition.
func (t *topN) first(partition []byte, out *topRows) {
	out.reset()
	t.walk = numbering{peers: t.walk.peers[:0], out: out}
	t.rows.walk(partition, t.number)
	out.total = t.walk.position
}

// numberRow takes in the next row of a partition, and reports whether rows behind it may be
// among the first.
func (t *topN) numberRow(key []byte, weight int64) bool {
	w := &t.walk
	number := w.position + 1
	if t.ranked() {
		number = w.ranked(key, t.plan.By == DenseRank)
	}
	switch {
	case number > t.last:
		w.out.stop = append(w.out.stop, key...)
		return false
	case t.plan.By == RowNumber:
		t.positions(key, w.position, weight, w.out)
	case number > t.plan.Offset:
		w.out.add(key, number, weight)
	}
	w.position += weight
	return true
}

// ranked returns the number that a row has in common with its peers.
func (w *numbering) ranked(key []byte, dense bool) int64 {
	row := storedRow{key: key}
	if p := row.peers(); w.position == 0 || !bytes.Equal(p, w.peers) {
		w.peers = append(w.peers[:0], p...)
		w.rank, w.dense = w.position+1, w.dense+1
	}
	if dense {
		return w.dense
	}
	return w.rank
}

// positions adds those of a row's places, the first of which comes after position, that
// are kept: as often as they are, or with Number each by itself.
func (t *topN) positions(key []byte, position, weight int64, out *topRows) {
	from, to := max(position, t.plan.Offset), position+weight
	if !t.plan.Ties {
		to = min(to, t.last)
	}
	if from >= to {
		return
	}
	if !t.plan.Number {
		out.add(key, 0, to-from)
		return
	}
	for at := from; at < to; at++ {
		out.add(key, at+1, 1)
	}
}

// trim forgets the rows behind the last that is kept: rows that are only added never
// bring them back.
func (t *topN) trim(partition []byte) {
	t.beyond.reset()
	t.rows.walk(partition, t.overflow)
	t.forgetBeyond()
}

func (t *topN) forgetBeyond() {
	for i, r := range t.beyond.rows {
		t.rows.rows.Add(t.beyond.key(i), -r.weight)
	}
}

// dropBehind forgets the rows from a key on, none where it is empty.
func (t *topN) dropBehind(partition, stop []byte) {
	if len(stop) == 0 {
		return
	}
	t.beyond.reset()
	t.rows.walkFrom(stop, partition, func(key []byte, weight int64) bool {
		t.beyond.add(key, 0, weight)
		return true
	})
	t.forgetBeyond()
}

// keepBeyond takes in the next row of a partition that is trimmed.
func (t *topN) keepBeyond(key []byte, weight int64) bool {
	if over := t.beyond.total + weight - t.last; over > 0 {
		t.beyond.add(key, 0, min(over, weight))
	}
	t.beyond.total += weight
	return true
}
