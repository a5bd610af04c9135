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
//	Finish  computes each partition that changes as it was and as it is, and emits the
//	        rows that are not the same
//
// A row of weight w is w rows next to each other.
//
// State: partition, sort keys, row -> weight.
type Window struct {
	Input     Plan
	Partition []int
	Keys      []SortKey
	Calls     []WindowCall
	Out       *types.Schema // the input's columns, then the calls
}

// A WindowCall is one function over a window.
type WindowCall struct {
	Name    string
	Func    *function.Bound // of an aggregate; nil for the others
	Args    []expr.Expr
	Filter  expr.Expr // nil for none
	Returns types.Type
	Frame   Frame
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
	return "Window " + strings.Join(calls, ", ") + " OVER (" + strings.Join(over, " ") + ")"
}

// Open implements Plan.
func (p *Window) Open(env *Env) (Operator, error) {
	rows, err := openPartitions(env, p.Partition, p.Keys)
	if err != nil {
		return nil, err
	}
	w := &window{plan: p, rows: rows, out: zset.NewBuilder(p.Out)}
	for _, c := range p.Calls {
		call, err := openWindowCall(c, env)
		if err != nil {
			return nil, err
		}
		w.calls = append(w.calls, call)
	}
	w.before, w.now = w.newPart(), w.newPart()
	return w, nil
}

type window struct {
	plan        *Window
	rows        *partitions
	calls       []*windowCall
	out         *zset.Builder
	before, now *windowPart
}

func (w *window) Apply(_ context.Context, _ *Step, _ int, delta *zset.Batch) error {
	w.rows.hold(delta)
	return nil
}

func (w *window) Finish(_ context.Context, s *Step) error {
	err := w.rows.settle(func(partition []byte, changes []storedRow) error {
		mark := s.Mem.Mark()
		defer s.Mem.Release(mark)
		if err := w.compute(s, partition, w.before); err != nil {
			return err
		}
		w.rows.apply(changes)
		if err := w.compute(s, partition, w.now); err != nil {
			return err
		}
		return w.emitDifference(s)
	})
	if err != nil {
		return err
	}
	return w.flush(s, 1)
}

// A windowPart is a partition with what the calls give for its rows.
type windowPart struct {
	data   []byte // the rows' keys
	ends   []int
	peers  []int // for each row: the first row of its peers
	batch  *zset.Builder
	rows   *zset.Batch
	values []*vec.Builder
	vecs   []*vec.Vec
}

func (w *window) newPart() *windowPart {
	p := &windowPart{batch: zset.NewBuilder(w.plan.Input.Schema())}
	for _, c := range w.plan.Calls {
		p.values = append(p.values, vec.NewBuilder(c.Returns))
	}
	return p
}

func (p *windowPart) key(i int) []byte {
	if i == 0 {
		return p.data[:p.ends[0]]
	}
	return p.data[p.ends[i-1]:p.ends[i]]
}

// compute reads a partition and calls every function on it.
func (w *window) compute(s *Step, partition []byte, p *windowPart) error {
	w.load(partition, p)
	p.vecs = p.vecs[:0]
	for i, c := range w.calls {
		p.values[i].Reset()
		if p.rows.Len > 0 {
			if err := c.compute(s, p, p.values[i]); err != nil {
				return err
			}
		}
		p.vecs = append(p.vecs, p.values[i].Vec())
	}
	return nil
}

// load reads the rows of a partition in their order.
func (w *window) load(partition []byte, p *windowPart) {
	p.data, p.ends, p.peers = p.data[:0], p.ends[:0], p.peers[:0]
	p.batch.Reset()
	var peers []byte
	first := 0
	w.rows.walk(partition, func(key []byte, weight int64) bool {
		row := storedRow{key, weight}
		if of := row.peers(); len(p.ends) == 0 || string(of) != string(peers) {
			peers, first = append(peers[:0], of...), len(p.ends)
		}
		for range weight {
			p.data = append(p.data, key...)
			p.ends = append(p.ends, len(p.data))
			p.peers = append(p.peers, first)
			row.columns(p.batch.Cols)
			p.batch.EndRow()
		}
		return true
	})
	p.rows = p.batch.Build()
}

// emitDifference puts out the rows now without those before: both in the order of
// their keys, copies of one row one after the other.
func (w *window) emitDifference(s *Step) error {
	b, n := w.before, w.now
	for i, j := 0, 0; i < b.rows.Len || j < n.rows.Len; {
		c := 0
		switch {
		case i == b.rows.Len:
			c = 1
		case j == n.rows.Len:
			c = -1
		default:
			c = strings.Compare(string(b.key(i)), string(n.key(j)))
		}
		if c <= 0 && (c < 0 || !w.same(i, j)) {
			w.add(b, i, -1)
		}
		if c >= 0 && (c > 0 || !w.same(i, j)) {
			w.add(n, j, 1)
		}
		if c <= 0 {
			i++
		}
		if c >= 0 {
			j++
		}
		if err := w.flush(s, vec.BatchRows); err != nil {
			return err
		}
	}
	return nil
}

// same reports that the calls give for a row what they gave for the other before.
func (w *window) same(i, j int) bool {
	for c, v := range w.before.vecs {
		if zset.CompareValues(v, i, w.now.vecs[c], j) != 0 {
			return false
		}
	}
	return true
}

func (w *window) add(p *windowPart, row int, weight int64) {
	width := len(p.rows.Cols)
	for i, c := range p.rows.Cols {
		w.out.Cols[i].AppendRow(c, row)
	}
	for i, v := range p.vecs {
		w.out.Cols[width+i].AppendRow(v, row)
	}
	w.out.EndRowWeight(weight)
}

func (w *window) flush(s *Step, least int) error {
	if w.out.Len() < least {
		return nil
	}
	err := s.Emit(w.out.Build())
	w.out.Reset()
	return err
}
