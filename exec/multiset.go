package exec

import (
	"bytes"
	"slices"

	"github.com/sqlstream/sqlstream/internal/invariants"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A multiset has the rows that some folds are over, in the order of (group, order, argument
// values). What Apply is given waits until Finish, which needs the values before the
// epoch, too.
type multiset struct {
	call   *aggCall // the first of those that fold it
	rows   state.Ordered
	closes bool // groups are forgotten by their first column: its NULLs are kept behind its values
	end    end  // all that is kept of a group

	data    blocks // keys that wait
	waiting []waitingKey
	best    bestKeys
	sort    keySort
	sorted  []byte // keys in their order, some at a time
	keys    [][]byte
	groups  []int32 // of each the length of that part
	weights []int64
	there   endThere
}

// A waitingKey stands in data.
type waitingKey struct {
	key    span
	group  int32 // the length of the part that says whose value it is
	weight int64
}

// serves reports that a call folds the same rows in the same order.
func (m *multiset) serves(c AggregateCall) bool {
	p := m.call.plan
	given, asked := p.Func.Given, c.Func.Given // nil, the first argument, is not the same as none
	return sameExprs(p.Args, c.Args) && slices.Equal(given, asked) && (given == nil) == (asked == nil) && sameFilter(p.Filter, c.Filter) &&
		slices.EqualFunc(p.Func.Args, c.Func.Args, types.Type.Equal) &&
		slices.EqualFunc(p.Order, c.Order, func(a, b Ordering) bool { return a.Desc == b.Desc && expr.Equal(a.Expr, b.Expr) })
}

// hold notes rows [from, to) of a delta for Finish, whose groups are gids: those that the filter
// keeps and that count.
func (m *multiset) hold(keys []*vec.Vec, delta *zset.Batch, from, to int, gids []int32) {
	c := m.call
	args, order, filter := c.args.vecs, c.order.vecs, c.filter.vecs
	for row := from; row < to; row++ {
		if len(filter) > 0 && !trueAt(filter[0], row) {
			continue
		}
		if !c.plan.Func.Counts(args, row) {
			continue
		}
		data := m.data.tail()
		at := len(data)
		data = m.appendGroup(data, keys, row)
		group := int32(len(data) - at)
		for i, v := range order {
			at := len(data)
			if data = vec.AppendOrdered(data, v, row); c.plan.Order[i].Desc {
				invert(data[at:])
			}
		}
		for _, v := range args {
			data = vec.AppendOrdered(data, v, row)
		}
		if m.end != bothEnds {
			m.holdEnd(gids[row-from], data, at, group)
			continue
		}
		m.waiting = append(m.waiting, waitingKey{m.data.end(data), group, delta.Weight(row)})
	}
}

func trueAt(v *vec.Vec, row int) bool { return !v.IsNull(row) && v.Bool(row) }

// invert turns the order of keys around.
func invert(key []byte) {
	for i := range key {
		key[i] = ^key[i]
	}
}

// appendGroup appends the part of a key that says whose values they are.
func (m *multiset) appendGroup(dst []byte, keys []*vec.Vec, row int) []byte {
	at := len(dst)
	for _, k := range keys {
		dst = vec.AppendOrdered(dst, k, row)
	}
	if m.closes && dst[at] == 0 { // NULL
		dst[at] = 0xFF
	}
	return dst
}

func (m *multiset) key(i int) []byte { return m.data.bytes(m.waiting[i].key) }

// nearKeys is how many keys are added at a time.
const nearKeys = 128

// sparse reports that so many keys lie far apart among those of a set: what is around each
// has to be fetched for it alone.
func sparse(keys int, rows state.Ordered) bool { return keys < rows.Len()/32 }

// settle adds what waits, in the order of the keys, so that one addition finds in cache
// what the one before it used, and each key once. A value may be taken back before it is
// added, but not more often than it is added in the end.
func (m *multiset) settle() {
	order := m.sort.sort(len(m.waiting), m.key)
	apart := sparse(len(order), m.rows)
	for len(order) > 0 {
		order = m.gather(order)
		if apart {
			m.rows.Near(m.keys)
		}
		if m.end != bothEnds {
			m.settleEnds()
			continue
		}
		for i, key := range m.keys {
			if w := m.weights[i]; w != 0 && m.rows.Add(key, w) < 0 {
				invariants.Failf("a value was taken back from an aggregate more often than added")
			}
		}
	}
	m.data.reset()
	m.waiting = m.waiting[:0]
	m.best.reset()
}

// gather copies the next keys, so that they stand one after the other, with the sums of
// their weights, and returns the rest. All equal ones are among them.
func (m *multiset) gather(order []sortedKey) []sortedKey {
	end := min(nearKeys, len(order))
	for end < len(order) && order[end].word == order[end-1].word {
		end++
	}
	m.sorted, m.keys, m.groups, m.weights = m.sorted[:0], m.keys[:0], m.groups[:0], m.weights[:0]
	for _, k := range order[:end] { // without looking at them yet: they come from far apart
		m.sorted = append(m.sorted, m.key(int(k.row))...)
	}
	rest := m.sorted
	for _, k := range order[:end] {
		w := m.waiting[k.row]
		n := int(w.key.to - w.key.from)
		key := rest[:n]
		rest = rest[n:]
		if last := len(m.keys) - 1; last >= 0 && bytes.Equal(m.keys[last], key) {
			m.weights[last] += w.weight
		} else {
			m.keys, m.groups, m.weights = append(m.keys, key), append(m.groups, w.group), append(m.weights, w.weight)
		}
	}
	return order[end:]
}

func sameExprs(a, b []expr.Expr) bool { return slices.EqualFunc(a, b, expr.Equal) }

func sameFilter(a, b expr.Expr) bool {
	return a == nil && b == nil || a != nil && b != nil && expr.Equal(a, b)
}
