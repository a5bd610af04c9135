package exec

import (
	"bytes"
	"context"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// TimeFilter keeps the rows that compare in a way with the clock, at every time: as it
// goes on, rows leave (ts > NOW() - INTERVAL 1 HOUR) or come in (ts <= NOW()) without
// being touched. The clock's value never goes back, so that a row which has left does not
// come again.
//
//	Apply   emits the rows that are in; keeps those that are in and will leave, or those
//	        that are out and will come in
//	Finish  emits the kept rows that the clock has passed, taken back or added
//
// State: time, row -> weight, of the rows that the clock has not passed; and where it was.
type TimeFilter struct {
	Input      Plan
	Arg        expr.Expr // of each row
	Op         expr.Op   // compares Arg with Clock: one of <, <=, > and >=
	Clock      expr.Expr // of Arg's type; it reads no column, and does not decrease with time
	AppendOnly bool      // the input only ever adds rows
}

// Inputs implements Plan.
func (p *TimeFilter) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *TimeFilter) Schema() *types.Schema { return p.Input.Schema() }

// String implements Plan.
func (p *TimeFilter) String() string {
	return "Time filter " + (&expr.Compare{Op: p.Op, L: p.Arg, R: p.Clock}).String()
}

// Open implements Plan.
func (p *TimeFilter) Open(env *Env) (Operator, error) {
	f := &timeFilter{leaves: p.Op == expr.Gt || p.Op == expr.Ge, passesEqual: p.Op == expr.Gt || p.Op == expr.Le, out: zset.NewBuilder(p.Schema()), time: vec.NewBuilder(p.Arg.Type())}
	var err error
	if f.arg, err = compileColumns([]expr.Expr{p.Arg}, env); err != nil {
		return nil, err
	}
	if f.clock, err = expr.Compile(p.Clock, false); err != nil {
		return nil, err
	}
	f.aside = env.aside(f.arg.eval, p.AppendOnly)
	if f.rows, err = env.State.Ordered(env.Name); err != nil {
		return nil, err
	}
	f.reached, err = env.State.Ordered(env.Name + "/clock")
	return f, err
}

type timeFilter struct {
	leaves      bool // rows leave; else they come in
	passesEqual bool // the clock has passed a row when it is equal to it

	arg     columns
	clock   *expr.Program
	aside   *aside
	rows    state.Ordered
	reached state.Ordered // one key: the bound

	bound []byte // rows below it the clock has passed
	epoch int64  // of the bound; counted from 1
	sel   []int32
	out   *zset.Builder
	time  *vec.Builder
	mem   vec.Mem
	key   []byte
}

func (f *timeFilter) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	if err := f.advance(s); err != nil {
		return err
	}
	delta, err := f.aside.eval(s, delta)
	if err != nil {
		return err
	}
	arg := f.arg.vecs[0]
	f.sel = f.sel[:0]
	for row := range delta.Len {
		if !matchable(arg, row) {
			continue
		}
		f.key = vec.AppendOrdered(f.key[:0], arg, row)
		passed := bytes.Compare(f.key, f.bound) < 0
		if passed != f.leaves {
			f.sel = append(f.sel, int32(row))
		}
		if passed {
			continue
		}
		for _, c := range delta.Cols {
			f.key = vec.AppendOrdered(f.key, c, row)
		}
		f.rows.Add(f.key, delta.Weight(row))
	}
	switch len(f.sel) {
	case 0:
		return nil
	case delta.Len:
		return s.Emit(delta)
	}
	return s.Emit(delta.Gather(s.Mem, f.sel))
}

// advance sets the bound to that of the epoch.
func (f *timeFilter) advance(s *Step) error {
	if f.epoch == s.Epoch+1 {
		return nil
	}
	f.reached.Ascend(nil, nil, func(key []byte, _ int64) bool {
		f.bound = append(f.bound[:0], key...)
		return false
	})
	bound, err := f.boundAt(s.Now)
	if err != nil {
		return err
	}
	f.epoch = s.Epoch + 1
	if bytes.Compare(bound, f.bound) > 0 { // else the clock was set back
		if len(f.bound) > 0 {
			f.reached.Add(f.bound, -1)
		}
		f.reached.Add(bound, 1)
		f.bound = bound
	}
	return nil
}

// boundAt is the bound at a time: the least key that is not passed.
func (f *timeFilter) boundAt(now int64) ([]byte, error) {
	f.mem.Reset()
	v, err := f.clock.Eval(&expr.Context{Mem: &f.mem, Now: now}, &zset.Batch{Schema: &types.Schema{}, Len: 1}, nil)
	if err != nil {
		return nil, err
	}
	bound := vec.AppendOrdered(nil, v, 0)
	if f.passesEqual {
		bound = after(bound)
	}
	return bound, nil
}

func (f *timeFilter) Finish(_ context.Context, s *Step) error {
	if err := f.advance(s); err != nil {
		return err
	}
	var err error
	f.rows.Ascend(nil, f.bound, func(key []byte, weight int64) bool {
		if f.leaves {
			weight = -weight
		}
		f.time.Reset()
		rest := vec.DecodeOrdered(key, f.time)
		for _, b := range f.out.Cols {
			rest = vec.DecodeOrdered(rest, b)
		}
		f.out.EndRowWeight(weight)
		if f.out.Len() == vec.BatchRows {
			err = f.flush(s)
		}
		return err == nil
	})
	if err != nil {
		return err
	}
	f.rows.EvictBelow(f.bound)
	return f.flush(s)
}

func (f *timeFilter) flush(s *Step) error {
	if f.out.Len() == 0 {
		return nil
	}
	err := s.Emit(f.out.Build())
	f.out.Reset()
	return err
}

// farthest is how far ahead of the clock a next time is looked for: 1000 years.
const farthest = 1000 * 366 * types.MicrosPerDay

// next implements timed. The clock's value does not decrease, so that the first time at
// which it has passed a row is found by halves.
func (f *timeFilter) next(now int64) (int64, bool) {
	var first []byte
	f.rows.Ascend(nil, nil, func(key []byte, _ int64) bool {
		first = append(first, key...)
		return false
	})
	passed := func(at int64) bool {
		bound, err := f.boundAt(at)
		return err == nil && bytes.Compare(first, bound) < 0
	}
	low, high := now, now+farthest
	if first == nil || !passed(high) {
		return 0, false
	}
	for low+1 < high {
		if mid := low + (high-low)/2; passed(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high, true
}
