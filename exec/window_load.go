package exec

import "bytes"

// A windowLoader reads what changes in a partition, and around it.
type windowLoader struct {
	rows    *partitions
	reach   reach
	running *runningStates // nil where none run
	block   *windowBlock
	keys    *keyReach // nil where frames end at no distance of a key

	data  []byte // of rows on the way back
	found []foundRow
	bound []byte

	before  backWalk
	changes []storedRow // on the way ahead
	next    int         // the first of them that was not met
	stopped bool        // a row was out of reach

	takeBefore, takeBehind func(key []byte, weight int64) bool // rowBefore, rowBehind

	whole bool // the partition at hand is read whole
	head  int  // its first row in the block, -1 where it does not matter

	shift, dense int64 // rows, and groups of peers, that are there more than there were
	was, is      bool  // the last row's group of peers was there, is there
	after        way   // behind the last change
	context      bool  // rows that may change are passed
	edge         int   // the last row that changes, or then the last that may change
}

// load adds the spans of a partition's net changes, which are not in the state yet, to the
// block.
func (l *windowLoader) load(s *Step, partition []byte, changes []storedRow) error {
	if l.keys != nil {
		l.keys.step = s
	}
	l.whole, l.head = l.reach.whole, -1
	if l.reach.head && !l.whole {
		l.readHead(partition, changes[0].key)
	}
	if l.whole {
		l.span(-1)
		l.ahead(partition, partition, changes, 0)
		return nil
	}
	for i := 0; i < len(changes); {
		if err := l.back(partition, changes[i].key, i == 0); err != nil {
			return err
		}
		i = l.ahead(partition, changes[i].key, changes, i)
	}
	return nil
}

// readHead adds the first row of a partition to the block, behind no span. Where it may
// change the whole partition is read.
func (l *windowLoader) readHead(partition, change []byte) {
	l.whole = true
	l.rows.rows.Ascend(partition, change, func(k []byte, weight int64) bool {
		l.whole, l.head = false, len(l.block.rows)
		l.block.append(k, windowRow{was: weight, is: weight, peers: int32(l.head)})
		return false
	})
}

// A foundRow is a row that back has read: where its key lies, and its weight.
type foundRow struct {
	from, to int
	weight   int64
}

// span begins a span.
func (l *windowLoader) span(base int) {
	n := len(l.block.rows)
	l.block.spans = append(l.block.spans, windowSpan{first: n, end: n, from: n, to: n, touched: -1, base: base, head: l.head})
}

// A backWalk is the way back from a change.
type backWalk struct {
	last, edge []byte // the row before, and the last of those that see the change
	phase      backPhase
	way        way
	seen       int  // rows found that see the change
	base       int  // the state that the span begins with
	met        bool // the span before was met
	err        error
}

// A backPhase is what rows are read for on the way back.
type backPhase uint8

const (
	thatSee   backPhase = iota // since they see the change
	thatShow                   // since those see them
	thatCount                  // since what they have before them is not known
)

// back reads the rows before a change: first those that see it, then those that these
// see, then up to one whose state is known. Where this meets the span before, it goes on
// with that one.
func (l *windowLoader) back(partition, key []byte, first bool) error {
	from := partition
	if !first {
		l.bound = append(append(l.bound[:0], l.block.key(len(l.block.rows)-1)...), 0)
		from = l.bound
	}
	l.data, l.found = l.data[:0], l.found[:0]
	w := &l.before
	*w = backWalk{last: key, edge: key, way: l.reach.way(ahead), base: -1, met: true}
	l.rows.rows.Descend(from, key, l.takeBefore)
	if w.phase == thatSee {
		w.seen = len(l.found)
	}
	if first || !w.met {
		l.span(w.base)
	}
	span := l.block.last()
	fresh := len(l.block.rows) == span.first
	for i := len(l.found) - 1; i >= 0; i-- {
		f := l.found[i]
		l.block.add(l.data[f.from:f.to], f.weight, f.weight)
	}
	if fresh {
		span.from = len(l.block.rows) - w.seen
	}
	return w.err
}

// rowBefore takes in the next row on the way back, and reports whether to go on.
func (l *windowLoader) rowBefore(k []byte, weight int64) bool {
	w := &l.before
	boundary := !arePeers(w.last, k)
	if w.phase == thatSee && l.enough(&w.way, boundary, seesNotBehind, k, w.edge) {
		w.phase, w.way, w.seen, w.edge = thatShow, l.reach.way(back), len(l.found), w.last
	}
	if w.phase == thatShow && l.enough(&w.way, boundary, notSeenBefore, k, w.edge) {
		w.phase = thatCount
	}
	if w.phase == thatCount {
		if l.running == nil {
			w.met = false
			return false
		}
		if w.base, w.err = l.running.find(w.last, l.block); w.base >= 0 || w.err != nil {
			w.met = false
			return false
		}
	}
	w.way.pass(boundary, weight)
	at := len(l.data)
	l.data = append(l.data, k...)
	l.found = append(l.found, foundRow{from: at, to: len(l.data), weight: weight})
	w.last = l.data[at:]
	return true
}

// ahead reads from a key on: rows as long as they change or see a change, then those that
// these see. It returns the first change that is not among them.
func (l *windowLoader) ahead(partition, key []byte, changes []storedRow, i int) int {
	l.begin()
	l.changes, l.next, l.stopped = changes, i, false
	l.bound = append(l.bound[:0], partition...)
	l.rows.rows.Ascend(key, after(l.bound), l.takeBehind)
	for ; !l.stopped && l.next < len(changes); l.next++ {
		c := changes[l.next]
		l.change(c.key, 0, c.weight)
	}
	if span := l.block.last(); !l.context {
		span.to = span.end
	}
	return l.next
}

// rowBehind takes in the next row on the way ahead, and the changes before it, and reports
// whether to go on.
func (l *windowLoader) rowBehind(k []byte, weight int64) bool {
	for ; l.next < len(l.changes); l.next++ {
		next := l.changes[l.next]
		c := bytes.Compare(next.key, k)
		if c > 0 {
			break
		}
		if c == 0 {
			l.change(k, weight, weight+next.weight)
			l.next++
			return true
		}
		l.change(next.key, 0, next.weight)
	}
	l.stopped = !l.unchanged(k, weight, l.next == len(l.changes))
	return !l.stopped
}

func (l *windowLoader) begin() {
	span := l.block.last()
	l.was = span.end > span.first
	l.is = l.was
	l.shift, l.dense, l.context = 0, 0, false
	l.after = l.reach.way(back)
}

// change adds a row that changes.
func (l *windowLoader) change(key []byte, was, is int64) {
	l.count(l.block.boundary(key), was, is)
	if span := l.block.last(); span.touched < 0 {
		span.touched = span.end
	}
	l.edge = len(l.block.rows)
	l.block.add(key, was, is)
	l.after, l.context = l.reach.way(back), false
}

// unchanged adds a row that does not change, or reports that it is out of reach.
func (l *windowLoader) unchanged(key []byte, weight int64, last bool) bool {
	boundary := l.block.boundary(key)
	switch {
	case l.whole:
	case l.running != nil && (!last || l.moved()):
		l.after, l.context, l.edge = l.reach.way(back), false, len(l.block.rows)
	default:
		if !l.context && l.enough(&l.after, boundary, seesNotBefore, key, l.block.key(l.edge)) {
			l.context, l.after = true, l.reach.way(ahead)
			l.block.last().to, l.edge = l.block.last().end, len(l.block.rows)-1
		}
		if l.context && l.enough(&l.after, boundary, notSeenBehind, key, l.block.key(l.edge)) {
			return false
		}
		l.after.pass(boundary, weight)
	}
	l.count(boundary, weight, weight)
	l.block.add(key, weight, weight)
	return true
}

// enough reports that a row is beyond a way from another.
func (l *windowLoader) enough(w *way, boundary bool, q keyQuestion, row, other []byte) bool {
	switch {
	case !w.enough(boundary):
		return false
	case l.keys == nil:
		return true
	case w.passed < w.probe:
		return false
	}
	w.probe = 2 * w.passed
	return l.keys.all(q, row, other)
}

// count follows what runs on from row to row.
func (l *windowLoader) count(boundary bool, was, is int64) {
	if boundary {
		l.dense += boolInt(l.is) - boolInt(l.was)
		l.was, l.is = false, false
	}
	l.was, l.is = l.was || was > 0, l.is || is > 0
	l.shift += is - was
}

// moved reports that what runs on is not what it was.
func (l *windowLoader) moved() bool {
	return l.reach.sums || l.shift != 0 || l.reach.dense && l.dense+boolInt(l.is)-boolInt(l.was) != 0
}
