package exec

import (
	"bytes"
	"context"
	"math"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Asof puts beside each row of the left input one of the right: of those that have its
// keys the latest whose time is not after its own, or the earliest that is not before.
// Of several with that time it is the greatest by all columns. With m(x) as the match of
// a left row x,
//
//	Apply   holds the rows; one that matches nothing whatever comes is put out at once
//	Finish  emits for each right row that came or went what it changes, (x, m(x)) now less
//	        (x, m(x)) before, for the left rows between its time and that of the next; then
//	        (x, m(x)) for the left rows that changed; and forgets what the watermark has
//	        passed: left rows, and right ones but the latest of each key
//
// So a change costs a few lookups, and as much more as there are rows whose match changes.
// NULL and NaN, as a time or as a key that is compared by =, match nothing.
//
// State: for each side keys, time, row -> weight; where rows are forgotten time, keys.
type Asof struct {
	Left, Right Plan
	Keys        []MatchKey
	LeftTime    int // columns of one type
	RightTime   int
	Earliest    bool      // the earliest right row that is not before the left; else the latest that is not after
	Strict      bool      // nor at the same time
	Outer       bool      // left rows without a match stay, NULLs beside them
	Until       Watermark // of the times of both sides; nil for none. Not with Earliest
	Out         *types.Schema
}

// Inputs implements Plan.
func (p *Asof) Inputs() []Plan { return []Plan{p.Left, p.Right} }

// Schema implements Plan.
func (p *Asof) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *Asof) String() string {
	pairs := &Join{Left: p.Left, Right: p.Right}
	conds := append(matchTexts(pairs, p.Keys), matchText(pairs, p.op(), p.LeftTime, p.RightTime))
	name := "Asof join ON "
	if p.Outer {
		name = "Left asof join ON "
	}
	name += strings.Join(conds, " AND ")
	if p.Until != nil {
		name += " FORGETS " + p.Left.Schema().Fields[p.LeftTime].Name + " < " + p.Until.String()
	}
	return name
}

func (p *Asof) op() expr.Op {
	switch {
	case p.Earliest && p.Strict:
		return expr.Lt
	case p.Earliest:
		return expr.Le
	case p.Strict:
		return expr.Gt
	}
	return expr.Ge
}

// Open implements Plan.
func (p *Asof) Open(env *Env) (Operator, error) {
	a := &asof{plan: p, out: zset.NewBuilder(p.Out)}
	a.takeRow = func(key []byte, _ int64) bool {
		a.found = a.keep(key)
		return false
	}
	a.takePeers = func(key []byte, _ int64) bool {
		a.found = a.keep(storedRow{key: key}.peers())
		return false
	}
	var columns [2][]int
	for _, k := range p.Keys {
		columns[0], columns[1] = append(columns[0], k.Left), append(columns[1], k.Right)
		a.nullSafe = append(a.nullSafe, k.NullSafe)
	}
	for i, time := range []int{p.LeftTime, p.RightTime} {
		own := *env
		own.Name += []string{"/left", "/right"}[i]
		rows, err := openPartitions(&own, columns[i], []SortKey{{Column: time}}, nil)
		if err != nil {
			return nil, err
		}
		a.sides[i] = rows
	}
	if p.Until == nil {
		return a, nil
	}
	var err error
	a.forgets, err = p.openForgets(env)
	return a, err
}

type asof struct {
	plan     *Asof
	sides    [2]*partitions
	nullSafe []bool
	out      *zset.Builder
	forgets  *asofForgets // nil where nothing is forgotten

	takeRow   func(key []byte, weight int64) bool // keeps a row as found, and looks no further
	takePeers func(key []byte, weight int64) bool // keeps its keys and time
	found     []byte
	bound     []byte
	last      []byte

	spans []asofSpan
	data  []byte // what spans and lookups point into
	sel   []int32
	rest  []int32
}

// An asofSpan is the left rows between the time of right rows that change and the next
// time before or behind which there is one: they all match the same row.
type asofSpan struct {
	time []byte // keys and time
	end  []byte // those of the next; nil for none
	was  []byte // the row that matched; nil for none
}

func (a *asof) Apply(_ context.Context, s *Step, port int, delta *zset.Batch) error {
	a.divide(port, delta)
	switch {
	case len(a.rest) == 0:
		a.sides[port].hold(delta, nil)
		return nil
	case len(a.sel) > 0:
		a.sides[port].hold(delta, a.sel)
	}
	if port == 1 || !a.plan.Outer {
		return nil
	}
	left := delta.Gather(s.Mem, a.rest)
	return s.Emit(&zset.Batch{Schema: a.plan.Out, Len: left.Len, Weights: left.Weights, Cols: append(left.Cols, nulls(a.plan.Right.Schema().Fields, left.Len)...)})
}

// divide selects the rows of a delta that can have a match, and the rest.
func (a *asof) divide(port int, delta *zset.Batch) {
	a.sel, a.rest = a.sel[:0], a.rest[:0]
	side := a.sides[port]
	for row := range delta.Len {
		ok := matchable(delta.Cols[side.keys[0].Column], row)
		for i, c := range side.columns {
			ok = ok && (a.nullSafe[i] || matchable(delta.Cols[c], row))
		}
		if ok {
			a.sel = append(a.sel, int32(row))
		} else {
			a.rest = append(a.rest, int32(row))
		}
	}
}

// matchable reports that a value is neither NULL nor NaN.
func matchable(c *vec.Vec, row int) bool {
	if c.IsNull(row) {
		return false
	}
	switch c.Type.Layout() {
	case types.Float32:
		return !math.IsNaN(float64(vec.Slice[float32](c)[c.At(row)]))
	case types.Float64:
		return !math.IsNaN(vec.Slice[float64](c)[c.At(row)])
	}
	return true
}

func (a *asof) Finish(_ context.Context, s *Step) error {
	left, right := a.sides[0], a.sides[1]
	err := right.settle(func(partition []byte, changes []storedRow) error {
		a.forgets.note(1, partition, changes)
		if left.rows.Len() == 0 {
			right.apply(changes)
			return nil
		}
		return a.change(s, partition, changes)
	})
	if err != nil {
		return err
	}
	err = left.settle(func(partition []byte, changes []storedRow) error {
		left.apply(changes)
		a.forgets.note(0, partition, changes)
		for _, c := range changes {
			a.data = a.data[:0]
			if err := a.put(s, c.key, a.find(partition, c.peers(), a.plan.Strict), c.weight); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := a.flush(s); err != nil || a.forgets == nil {
		return err
	}
	return a.forgets.forget(a)
}

// change takes in changes of the right side and puts out what they change for the left
// rows that there were.
func (a *asof) change(s *Step, partition []byte, changes []storedRow) error {
	a.spans, a.data = a.spans[:0], a.data[:0]
	for i, c := range changes {
		if i > 0 && arePeers(changes[i-1].key, c.key) {
			continue
		}
		time := c.peers()
		a.spans = append(a.spans, asofSpan{time: time, end: a.next(partition, time), was: a.find(partition, time, false)})
	}
	a.sides[1].apply(changes)
	for _, span := range a.spans {
		is := a.find(partition, span.time, false)
		if bytes.Equal(is, span.was) {
			continue
		}
		if end := a.next(partition, span.time); span.end == nil || end != nil && (bytes.Compare(end, span.end) < 0) != a.plan.Earliest {
			span.end = end
		}
		if err := a.rematch(s, partition, span, is); err != nil {
			return err
		}
	}
	return nil
}

// rematch puts out the left rows of a span with the row that they match now, and takes
// them back with the one that they matched.
func (a *asof) rematch(s *Step, partition []byte, span asofSpan, is []byte) (err error) {
	from, to := a.bounds(partition, span)
	a.sides[0].rows.Ascend(from, to, func(key []byte, weight int64) bool {
		if err = a.put(s, key, span.was, -weight); err == nil {
			err = a.put(s, key, is, weight)
		}
		return err == nil
	})
	return err
}

// bounds is where the left rows of a span begin and end.
func (a *asof) bounds(partition []byte, span asofSpan) (from, to []byte) {
	from, to = span.time, span.end
	if a.plan.Earliest {
		from, to = to, from
	}
	// A row at the very time of a right one matches it, unless the comparison is strict.
	behind := a.plan.Strict != a.plan.Earliest
	if from == nil {
		from = partition
	} else if behind {
		a.bound = append(a.bound[:0], from...)
		from = after(a.bound)
	}
	if to == nil || behind {
		if to == nil {
			to = partition
		}
		to = a.behind(to)
	}
	return from, to
}

// find looks up the row of the right side that a time, given behind the keys, matches. It
// is nil for none, and good until data is cleared.
func (a *asof) find(partition, time []byte, strict bool) []byte {
	rows := a.sides[1].rows
	if strict == a.plan.Earliest { // the rows of the very time are before the bound, or behind it
		a.bound = append(a.bound[:0], time...)
		time = after(a.bound)
	}
	a.found = nil
	if !a.plan.Earliest {
		rows.Descend(partition, time, a.takeRow)
		return a.found
	}
	rows.Ascend(time, a.behind(partition), a.takePeers)
	if peers := a.found; peers != nil { // the greatest of them
		rows.Descend(peers, a.behind(peers), a.takeRow)
	}
	return a.found
}

// next is the time, behind the keys, of the right rows next to a time: after it, or where
// the earliest match is looked for before it. It is nil for none.
func (a *asof) next(partition, time []byte) []byte {
	a.found = nil
	if a.plan.Earliest {
		a.sides[1].rows.Descend(partition, time, a.takePeers)
	} else {
		a.bound = append(a.bound[:0], time...)
		a.sides[1].rows.Ascend(after(a.bound), a.behind(partition), a.takePeers)
	}
	return a.found
}

// behind is the bound behind all that begins with a key, good until the next call.
func (a *asof) behind(key []byte) []byte {
	a.last = append(a.last[:0], key...)
	return after(a.last)
}

// keep copies a key, which the state may move.
func (a *asof) keep(key []byte) []byte {
	at := len(a.data)
	a.data = append(a.data, key...)
	return a.data[at:len(a.data):len(a.data)]
}

// put puts out a left row with its match, nil for none.
func (a *asof) put(s *Step, left, match []byte, weight int64) error {
	if match == nil && !a.plan.Outer {
		return nil
	}
	width := a.plan.Left.Schema().Len()
	storedRow{key: left}.columns(a.out.Cols[:width])
	if match != nil {
		storedRow{key: match}.columns(a.out.Cols[width:])
	} else {
		for _, b := range a.out.Cols[width:] {
			b.AppendNull()
		}
	}
	a.out.EndRowWeight(weight)
	if a.out.Len() < vec.BatchRows {
		return nil
	}
	return a.flush(s)
}

func (a *asof) flush(s *Step) error {
	if a.out.Len() == 0 {
		return nil
	}
	err := s.Emit(a.out.Build())
	a.out.Reset()
	return err
}
