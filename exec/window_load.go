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
	last, edge, phase, w := key, key, 0, l.reach.way(ahead)
	seen, base, met := 0, -1, true // seen: rows found that may change
	var err error
	l.rows.rows.Descend(from, key, func(k []byte, weight int64) bool {
		boundary := !arePeers(last, k)
		if phase == 0 && l.enough(&w, boundary, seesNotBehind, k, edge) {
			phase, w, seen, edge = 1, l.reach.way(back), len(l.found), last
		}
		if phase == 1 && l.enough(&w, boundary, notSeenBefore, k, edge) {
			phase = 2
		}
		if phase == 2 {
			if l.running == nil {
				met = false
				return false
			}
			if base, err = l.running.find(last, l.block); base >= 0 || err != nil {
				met = false
				return false
			}
		}
		w.pass(boundary, weight)
		at := len(l.data)
		l.data = append(l.data, k...)
		l.found = append(l.found, foundRow{from: at, to: len(l.data), weight: weight})
		last = l.data[at:]
		return true
	})
	if phase == 0 {
		seen = len(l.found)
	}
	if first || !met {
		l.span(base)
	}
	span := l.block.last()
	fresh := len(l.block.rows) == span.first
	for i := len(l.found) - 1; i >= 0; i-- {
		f := l.found[i]
		l.block.add(l.data[f.from:f.to], f.weight, f.weight)
	}
	if fresh {
		span.from = len(l.block.rows) - seen
	}
	return err
}

// ahead reads from a key on: rows as long as they change or see a change, then those that
// these see. It returns the first change that is not among them.
func (l *windowLoader) ahead(partition, key []byte, changes []storedRow, i int) int {
	l.begin()
	stopped := false
	l.bound = append(l.bound[:0], partition...)
	l.rows.rows.Ascend(key, after(l.bound), func(k []byte, weight int64) bool {
		for ; i < len(changes); i++ {
			c := bytes.Compare(changes[i].key, k)
			if c > 0 {
				break
			}
			if c == 0 {
				l.change(k, weight, weight+changes[i].weight)
				i++
				return true
			}
			l.change(changes[i].key, 0, changes[i].weight)
		}
		stopped = !l.unchanged(k, weight, i == len(changes))
		return !stopped
	})
	for ; !stopped && i < len(changes); i++ {
		l.change(changes[i].key, 0, changes[i].weight)
	}
	if span := l.block.last(); !l.context {
		span.to = span.end
	}
	return i
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
