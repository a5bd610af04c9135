package exec

import (
	"context"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Window computes calls over the rows around each row: OVER.
//
//	Apply   holds the rows
//	Finish  computes, for each partition that changes, the rows that may see a change, as
//	        they were and as they are, and emits those that are not the same; then forgets
//	        the partitions that the watermark has passed
//
// A row of weight w is w rows next to each other.
//
// State: partition, sort keys, row -> weight. Where a call counts or adds up from the
// beginning of the partition on: some of the rows -> what it has before them.
type Window struct {
	Input     Plan
	Partition []int
	Keys      []SortKey
	Calls     []WindowCall
	Until     Watermark     // of the first column of Partition, which is not NULL; nil for none
	Out       *types.Schema // the input's columns, then the calls
}

// A WindowCall is one function over a window.
type WindowCall struct {
	Name string
	Func *function.Bound // of an aggregate; nil for the others
	Args []expr.Expr
	// Distinct and Order are of an aggregate what they are of an AggregateCall.
	Distinct bool
	Order    []Ordering
	Filter   expr.Expr // nil for none
	Returns  types.Type
	Frame    Frame
	// IgnoreNulls passes over NULLs, of lag, lead, first_value, last_value and nth_value.
	IgnoreNulls bool
}

// A Frame says which rows of the partition a call sees: from the first that From allows
// to the last that To allows.
type Frame struct {
	Unit     FrameUnit
	From, To FrameBound
	// Key is the sort key as From.At and To.At are compared with it, of Range with
	// distances; Desc says that it descends.
	Key  expr.Expr
	Desc bool
}

// A FrameUnit says what an offset counts.
type FrameUnit uint8

// The units.
const (
	RowsFrame FrameUnit = iota
	RangeFrame
	GroupsFrame
)

// A FrameBound is an end of a frame.
type FrameBound struct {
	Kind   FrameBoundKind
	Offset int64     // of rows or groups of peers
	At     expr.Expr // of RangeFrame: the value at which the frame ends, for each row
}

// A FrameBoundKind says where an end lies.
type FrameBoundKind uint8

// The kinds.
const (
	UnboundedPreceding FrameBoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// Inputs implements Plan.
func (p *Window) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *Window) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *Window) String() string {
	fields := p.Input.Schema().Fields
	var calls, over []string
	for _, f := range p.Out.Fields[len(fields):] {
		calls = append(calls, f.Name)
	}
	var names []string
	for _, c := range p.Partition {
		names = append(names, fields[c].Name)
	}
	if len(names) > 0 {
		over = append(over, "PARTITION BY "+strings.Join(names, ", "))
	}
	names = nil
	for _, k := range p.Keys {
		name := fields[k.Column].Name
		if k.Desc {
			name += " DESC"
		}
		names = append(names, name)
	}
	if len(names) > 0 {
		over = append(over, "ORDER BY "+strings.Join(names, ", "))
	}
	return "Window " + strings.Join(calls, ", ") + " OVER (" + strings.Join(over, " ") + ")" + forgets(fields, p.Partition, p.Until)
}

// Open implements Plan.
func (p *Window) Open(env *Env) (Operator, error) {
	rows, err := openPartitions(env, p.Partition, p.Keys, p.Until)
	if err != nil {
		return nil, err
	}
	w := &window{plan: p, rows: rows, block: newWindowBlock(p.Input.Schema())}
	w.loader = windowLoader{rows: rows, reach: newReach(), block: w.block}
	w.loader.takeBefore, w.loader.takeBehind = w.loader.rowBefore, w.loader.rowBehind
	for _, c := range p.Calls {
		call, err := openWindowCall(c, env)
		if err != nil {
			return nil, err
		}
		w.calls = append(w.calls, call)
		w.loader.reach.add(reachOf(c))
		w.values = append(w.values, vec.NewBuilder(c.Returns))
	}
	w.loader.keys = newKeyReach(p.Input.Schema(), w.calls)
	if r := w.loader.reach; r.running && !r.whole {
		w.loader.running, err = openRunning(env, w.calls)
	}
	return w, err
}

type window struct {
	plan   *Window
	rows   *partitions
	loader windowLoader
	block  *windowBlock
	calls  []*windowCall
	part   windowPart

	values []*vec.Builder // for each call: of rows as they were, then as they are
	vecs   []*vec.Vec
	places [2][]int32 // the rows of the block that values belong to
	ends   [2][]int   // where in places each span ends
	change windowChange
}

// A windowChange is rows to put out.
type windowChange struct {
	rows    []int32 // of the block
	values  []int32
	weights []int64
}

func (w *window) Apply(_ context.Context, _ *Step, _ int, delta *zset.Batch) error {
	w.rows.hold(delta, nil)
	return nil
}

func (w *window) Finish(_ context.Context, s *Step) error {
	err := w.rows.settle(func(partition []byte, changes []storedRow) error {
		if err := w.loader.load(s, partition, changes); err != nil {
			return err
		}
		w.rows.apply(changes)
		if len(w.block.rows) < vec.BatchRows {
			return nil
		}
		return w.flush(s)
	})
	if err != nil {
		return err
	}
	if err := w.flush(s); err != nil {
		return err
	}
	return w.forget()
}

// forget drops the partitions that the watermark has passed.
func (w *window) forget() error {
	running := w.loader.running
	if running == nil {
		_, err := w.rows.forget(nil)
		return err
	}
	passed, err := w.rows.forget(func(key []byte) {
		if sampled(key) {
			running.gone.AppendBytes(key)
		}
	})
	if err != nil || passed == nil {
		return err
	}
	return running.settle()
}

// flush computes the rows of the block and puts out those that changed.
func (w *window) flush(s *Step) error {
	if len(w.block.rows) == 0 {
		return nil
	}
	mark := s.Mem.Mark()
	defer s.Mem.Release(mark)
	batch := w.block.batch.Build()
	for i, c := range w.calls {
		w.values[i].Reset()
		if err := c.read(s, batch); err != nil {
			return err
		}
	}
	for at := range w.places {
		if err := w.compute(at); err != nil {
			return err
		}
	}
	w.vecs = w.vecs[:0]
	for _, b := range w.values {
		w.vecs = append(w.vecs, b.Vec())
	}
	w.compare()
	if err := w.emit(s, batch); err != nil {
		return err
	}
	w.block.reset()
	if w.loader.running != nil {
		return w.loader.running.settle()
	}
	return nil
}

// compute calls every function on all spans, as they were (0) or as they are (1).
func (w *window) compute(at int) error {
	w.places[at], w.ends[at] = w.places[at][:0], w.ends[at][:0]
	p := &w.part
	for _, span := range w.block.spans {
		p.read(w.block, span, at == 1)
		w.places[at] = append(w.places[at], p.rows[p.from:p.to]...)
		w.ends[at] = append(w.ends[at], len(w.places[at]))
		p.before = w.loader.running.stateAt(w.block, span.base)
		if at == 1 && w.loader.running != nil {
			if err := w.loader.running.note(w.block, span, p); err != nil {
				return err
			}
		}
		if p.from == p.to {
			continue
		}
		for i, c := range w.calls {
			if err := c.compute(p, w.values[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare lists the rows now without those before: both in their order, copies of one
// row one after the other.
func (w *window) compare() {
	c := &w.change
	c.rows, c.values, c.weights = c.rows[:0], c.values[:0], c.weights[:0]
	before, now := w.places[0], w.places[1]
	i, j := 0, 0
	for span := range w.block.spans {
		for iEnd, jEnd := w.ends[0][span], w.ends[1][span]; i < iEnd || j < jEnd; {
			gone := j == jEnd || i < iEnd && before[i] < now[j]
			come := i == iEnd || j < jEnd && now[j] < before[i]
			if !gone && !come {
				gone = !w.same(i, len(before)+j)
				come = gone
				i, j = i+1, j+1
				if gone {
					c.add(before[i-1], i-1, -1)
					c.add(now[j-1], len(before)+j-1, 1)
				}
				continue
			}
			if gone {
				c.add(before[i], i, -1)
				i++
			} else {
				c.add(now[j], len(before)+j, 1)
				j++
			}
		}
	}
}

func (c *windowChange) add(row int32, value int, weight int64) {
	c.rows, c.values, c.weights = append(c.rows, row), append(c.values, int32(value)), append(c.weights, weight)
}

// same reports that the calls give the same at two places.
func (w *window) same(i, j int) bool {
	for _, v := range w.vecs {
		if zset.CompareValues(v, i, v, j) != 0 {
			return false
		}
	}
	return true
}

func (w *window) emit(s *Step, batch *zset.Batch) error {
	c := &w.change
	for from := 0; from < len(c.rows); from += vec.BatchRows {
		to := min(from+vec.BatchRows, len(c.rows))
		mark := s.Mem.Mark()
		out := &zset.Batch{Schema: w.plan.Out, Len: to - from, Weights: c.weights[from:to]}
		for _, v := range batch.Cols {
			out.Cols = append(out.Cols, vec.Gather(s.Mem, v, c.rows[from:to]))
		}
		for _, v := range w.vecs {
			out.Cols = append(out.Cols, vec.Gather(s.Mem, v, c.values[from:to]))
		}
		if err := s.Emit(out); err != nil {
			return err
		}
		s.Mem.Release(mark)
	}
	return nil
}
