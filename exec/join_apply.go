package exec

import (
	"context"
	"unsafe"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A join is a running Join.
type join struct {
	plan   *Join
	sides  [2]*joinSide
	pairs  *types.Schema // the columns of the left, then of the right
	right  int           // where those of the right begin
	paired bool          // pairs are put out
	on     *expr.Filter
	onRows *aside // pairs on which On has no value
	any    *expr.Program
	asked  *aside // pairs on which Any has none
	probe  *state.Probe
	epoch  int64 // the last of which rows have come, counted from 1; kept with Forget

	// Of the call at hand.
	keys, rows []int32 // pairs that match: the row of the delta, and the stored row
	sel        []int32
	all        bool // sel is every row
	weights    []int64
	truths     []int8 // for each pair: of Any, 1 for TRUE, 0 for FALSE, -1 for NULL
	changed    verdicts
}

func (j *join) Apply(_ context.Context, s *Step, port int, delta *zset.Batch) error {
	if j.plan.Forget > 0 && j.epoch != s.Epoch+1 {
		j.epoch = s.Epoch + 1
		j.forget(s.Now)
	}
	mine := j.sides[port]
	delta, err := mine.aside.eval(s, delta)
	if err != nil {
		return err
	}
	keys := mine.keys.vecs
	if sel, some := mine.matchable(delta, j.sel[:0]); some {
		j.sel = sel
		if err := j.applyLonely(s, port, delta, sel); err != nil {
			return err
		}
		delta = delta.Gather(s.Mem, sel)
		moved := make([]*vec.Vec, len(keys))
		for i, k := range keys {
			moved[i] = vec.Gather(s.Mem, k, sel)
		}
		keys = moved
	}
	if delta.Len == 0 {
		return nil
	}
	return j.applyRows(s, port, delta, keys)
}

// forget drops the rows that came too long before an epoch that begins.
func (j *join) forget(now int64) {
	for _, side := range j.sides {
		if side.came != nil {
			side.came.Reset()
			vec.Append(side.came, ageStep(now-j.plan.Forget, j.plan.Forget))
			side.index.Expire(side.came.Vec())
			side.index.Settle()
		}
	}
}

// keep stores n rows that have come.
func (m *joinSide) keep(s *Step, keys, cols []*vec.Vec, weights []int64, n int, forget int64) {
	m.rows = grow(m.rows, n)
	switch cols = cols[:len(cols):len(cols)]; {
	case m.came != nil:
		m.came.Reset()
		for range n {
			vec.Append(m.came, ageStep(s.Now, forget))
		}
		cols = append(cols, m.came.Vec())
	case m.number != nil:
		m.repeats.look(cols, n)
		step := m.numbers(s, n)
		cols = append(cols, m.number.Vec())
		if step > 0 {
			m.index.AddNew(keys, cols, weights, m.rows)
			return
		}
	}
	m.index.Add(keys, cols, weights, m.rows)
}

// numbersOfEpoch is how many numbers an epoch has, as a power of two: enough for any but the
// largest, and for 2³⁹ epochs, which at a thousand a second are seventeen years.
const numbersOfEpoch = 24

// numbers sets number to those of the next n rows, and returns by how much they grow: 0 where
// equal rows are to be one. An epoch has its own, so that no two of them are the same whatever is
// done again after a failure.
func (m *joinSide) numbers(s *Step, n int) (step int64) {
	if m.epoch != s.Epoch {
		m.epoch, m.last = s.Epoch, s.Epoch<<numbersOfEpoch
	}
	if !m.repeats.often && m.last+int64(n) < (s.Epoch+1)<<numbersOfEpoch {
		step = 1
	}
	m.number.Reset()
	for range n {
		m.last += step
		vec.Append(m.number, m.last*step)
	}
	return step
}

func (j *join) Finish(_ context.Context, s *Step) error {
	for _, side := range j.sides {
		bound, err := side.until.value()
		if err != nil {
			return err
		}
		side.endHeld(s, bound)
		if bound != nil {
			side.index.Expire(bound)
		}
		side.index.Settle()
	}
	return nil
}

// matchable selects the rows whose keys can be equal to others, and reports whether
// there are some whose cannot.
func (m *joinSide) matchable(delta *zset.Batch, sel []int32) ([]int32, bool) {
	nulls := false
	for i, k := range m.keys.vecs {
		nulls = nulls || m.strict[i] && k.Valid != nil && k.NullCount() > 0
	}
	if !nulls {
		return sel, false
	}
	for row := range delta.Len {
		null := false
		for i, k := range m.keys.vecs {
			null = null || m.strict[i] && k.IsNull(row)
		}
		if !null {
			sel = append(sel, int32(row))
		}
	}
	return sel, true
}

// applyLonely puts out the rows of a delta that match nothing: those not in sel.
func (j *join) applyLonely(s *Step, port int, delta *zset.Batch, sel []int32) error {
	if !j.sides[port].counts || j.plan.Kind == SemiJoin {
		return nil
	}
	c := &j.changed
	c.reset()
	for row := range int32(delta.Len) {
		if len(sel) > 0 && sel[0] == row {
			sel = sel[1:]
			continue
		}
		c.add(row, delta.Weight(int(row)), isFalse)
	}
	return j.emitVerdicts(s, port, delta, c)
}

// applyRows stores or holds rows of a delta, whose keys are given, and puts out what they
// change.
func (j *join) applyRows(s *Step, port int, delta *zset.Batch, keys []*vec.Vec) error {
	mine, other := j.sides[port], j.sides[1-port]
	other.meet(s, keys, delta.Len)
	if mine.held.holds() {
		mine.held.add(keys, delta)
	} else {
		mine.keep(s, keys, delta.Cols, delta.Weights, delta.Len, j.plan.Forget)
	}
	uncounted := mine.count()
	if j.paired || other.counts || uncounted {
		other.index.Probe(keys, delta.Len, j.probe)
		for other.index.Next(j.probe) {
			if err := j.applyPairs(s, port, delta); err != nil {
				return err
			}
		}
	}
	if !mine.counts {
		return nil
	}
	c := &j.changed
	c.reset()
	rows := mine.index.Rows()
	for i, r := range mine.rows {
		if v := j.verdict(rows.Ptr(r)); v != absent {
			c.add(int32(i), delta.Weight(i), v)
		}
	}
	return j.emitVerdicts(s, port, delta, c)
}

// count marks the rows of the delta whose matches have to be counted, the first of
// equal ones, and reports whether there are any.
func (m *joinSide) count() bool {
	if !m.counts {
		return false
	}
	if cap(m.fresh) < len(m.rows) {
		m.fresh = make([]bool, max(len(m.rows), vec.BatchRows))
	}
	m.fresh = m.fresh[:len(m.rows)]
	rows := m.index.Rows()
	some := false
	for i, r := range m.rows {
		counted := (*int64)(unsafe.Add(rows.Ptr(r), countedAt))
		m.fresh[i] = *counted == 0
		some = some || *counted == 0
		*counted = 1
	}
	return some
}

// applyPairs takes in the next pairs of the delta with stored rows of the other side.
func (j *join) applyPairs(s *Step, port int, delta *zset.Batch) error {
	mark := s.Mem.Mark()
	defer s.Mem.Release(mark)
	j.keys, j.rows = j.probe.Key, j.probe.Row
	var pairs *zset.Batch
	if j.paired || j.on != nil || j.any != nil {
		pairs = j.pairsOf(s, port, delta)
	}
	if j.on != nil {
		var err error
		if pairs, err = j.evaluable(s, port, delta, pairs, j.onRows); err != nil {
			return err
		}
		if len(j.sel) == 0 && !j.all {
			return nil
		}
		if !j.all {
			pairs = j.only(s, pairs, j.sel)
		}
	}
	if j.any != nil {
		var err error
		if pairs, err = j.evaluable(s, port, delta, pairs, j.asked); err != nil {
			return err
		}
	}
	if j.paired {
		if err := j.emitPairs(s, port, delta, pairs); err != nil {
			return err
		}
	}
	j.countMine(port)
	if j.sides[1-port].counts {
		return j.countOther(s, port, delta)
	}
	return nil
}

// evaluable evaluates pairs, and holds those that have no value: rows that are gone or
// will be taken back have pairs, too.
func (j *join) evaluable(s *Step, port int, delta, pairs *zset.Batch, a *aside) (*zset.Batch, error) {
	err := a.f(s, pairs)
	if err == nil || a.off {
		return pairs, err
	}
	held := *pairs
	held.Weights = j.weigh(port, delta)
	pairs = j.only(s, pairs, a.divide(s, &held, err))
	return pairs, a.f(s, pairs)
}

// only keeps some of the pairs at hand.
func (j *join) only(s *Step, pairs *zset.Batch, sel []int32) *zset.Batch {
	j.keys, j.rows = pick(s.Mem, j.keys, sel), pick(s.Mem, j.rows, sel)
	return pairs.Gather(s.Mem, sel)
}

// match selects the pairs for which On is TRUE.
func (j *join) match(s *Step, pairs *zset.Batch) (err error) {
	j.sel, j.all, err = j.on.Select(s.expr(), pairs, j.sel[:0])
	return err
}

func pick(m *vec.Mem, of, sel []int32) []int32 {
	out := vec.Alloc[int32](m, len(sel))
	for i, at := range sel {
		out[i] = of[at]
	}
	return out
}

// pairsOf gathers the columns of both sides.
func (j *join) pairsOf(s *Step, port int, delta *zset.Batch) *zset.Batch {
	out := &zset.Batch{Schema: j.pairs, Len: len(j.keys), Cols: make([]*vec.Vec, len(j.pairs.Fields))}
	mine, stored := out.Cols[:j.right], out.Cols[j.right:]
	if port == 1 {
		mine, stored = stored, mine
	}
	for i, c := range delta.Cols {
		mine[i] = vec.Gather(s.Mem, c, j.keys)
	}
	j.sides[1-port].load(j.rows, stored)
	return out
}

// load sets cols to the columns of stored rows, good until the next call.
func (m *joinSide) load(rows []int32, cols []*vec.Vec) {
	for _, b := range m.stored {
		b.Reset()
	}
	m.index.Columns(rows, m.stored)
	for i, b := range m.columns {
		cols[i] = b.Vec()
	}
}

// ask evaluates Any over pairs.
func (j *join) ask(s *Step, pairs *zset.Batch) error {
	v, err := j.any.Eval(s.expr(), pairs, nil)
	if err != nil {
		return err
	}
	j.truths = j.truths[:0]
	for i := range pairs.Len {
		switch {
		case v.IsNull(i):
			j.truths = append(j.truths, -1)
		case v.Bool(i):
			j.truths = append(j.truths, 1)
		default:
			j.truths = append(j.truths, 0)
		}
	}
	return nil
}

// emitPairs puts out pairs, each as often as its rows stand there.
func (j *join) emitPairs(s *Step, port int, delta, pairs *zset.Batch) error {
	ones, zeros := true, false
	for _, w := range j.weigh(port, delta) {
		ones, zeros = ones && w == 1, zeros || w == 0
	}
	out := &zset.Batch{Schema: j.plan.Out, Len: pairs.Len, Cols: pairs.Cols}
	if !ones {
		out.Weights = j.weights
	}
	if zeros { // rows that are gone, and not yet forgotten
		j.sel = j.sel[:0]
		for i, w := range j.weights {
			if w != 0 {
				j.sel = append(j.sel, int32(i))
			}
		}
		out = out.Gather(s.Mem, j.sel)
	}
	if out.Len == 0 {
		return nil
	}
	return s.Emit(out)
}

// weigh returns how often each of the pairs at hand stands there.
func (j *join) weigh(port int, delta *zset.Batch) []int64 {
	rows := j.sides[1-port].index.Rows()
	j.weights = j.weights[:0]
	for i, k := range j.keys {
		j.weights = append(j.weights, delta.Weight(int(k))**(*int64)(rows.Ptr(j.rows[i])))
	}
	return j.weights
}

func grow(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n, max(n, vec.BatchRows))
	}
	return s[:n]
}
