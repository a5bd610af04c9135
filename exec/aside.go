package exec

import (
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// aside holds rows of an epoch on which an expression has no value. Deltas are not
// consolidated, so such a row may be taken back within the epoch, and then it never was
// in any result. It is an error only where it is still there at the epoch's end.
type aside struct {
	// f computes the expressions over a batch and does nothing else. Its errors are
	// those of rows.
	f    func(s *Step, b *zset.Batch) error
	off  bool // rows are only ever added: an error need not wait
	rows *zset.Builder
	err  error // of the first row
}

// aside makes a place for the rows on which f fails. The circuit looks into it at the
// epoch's end, in those of all workers at once.
func (e *Env) aside(f func(s *Step, b *zset.Batch) error, appendOnly bool) *aside {
	a := &aside{f: f, off: appendOnly}
	*e.asides = append(*e.asides, a)
	return a
}

// eval evaluates a delta and returns it without the rows that have no value, which are
// held. What was evaluated last is what is returned.
func (a *aside) eval(s *Step, delta *zset.Batch) (*zset.Batch, error) {
	err := a.f(s, delta)
	if err == nil || a.off {
		return delta, err
	}
	delta = delta.Gather(s.Mem, a.divide(s, delta, err))
	return delta, a.f(s, delta)
}

// divide holds the rows of a batch that have no value, and returns the others. The
// error is that of the whole batch.
func (a *aside) divide(s *Step, b *zset.Batch, err error) []int32 {
	var good []int32
	var search func(from, to int, err error)
	search = func(from, to int, err error) {
		switch {
		case err == nil:
			for row := from; row < to; row++ {
				good = append(good, int32(row))
			}
		case to-from == 1:
			a.hold(b, from, err)
		default:
			for _, half := range [][2]int{{from, (from + to) / 2}, {(from + to) / 2, to}} {
				mark := s.Mem.Mark()
				err := a.f(s, between(s, b, half[0], half[1]))
				s.Mem.Release(mark)
				search(half[0], half[1], err)
			}
		}
	}
	search(0, b.Len, err)
	return good
}

// between copies the rows from one to before another: a Part begins at a multiple of 64.
func between(s *Step, b *zset.Batch, from, to int) *zset.Batch {
	sel := vec.Alloc[int32](s.Mem, to-from)
	for i := range sel {
		sel[i] = int32(from + i)
	}
	return b.Gather(s.Mem, sel)
}

func (a *aside) hold(b *zset.Batch, row int, err error) {
	if a.rows == nil {
		a.rows = zset.NewBuilder(b.Schema)
	}
	if a.err == nil {
		a.err = err
	}
	a.rows.AppendRow(b, row, b.Weight(row))
}

// look returns the error of a row that is still there at the epoch's end.
func (c *Circuit) look() error {
	for i, a := range c.workers[0].asides {
		var held []*zset.Batch
		first := a.err
		for _, w := range c.workers {
			x := w.asides[i]
			if x.rows == nil || x.rows.Len() == 0 {
				continue
			}
			if first == nil {
				first = x.err
			}
			held = append(held, x.rows.Build())
		}
		if held == nil {
			continue
		}
		left := zset.Consolidate(held...)
		for _, w := range c.workers {
			if x := w.asides[i]; x.rows != nil {
				x.rows.Reset()
				x.err = nil
			}
		}
		if left.Len == 0 {
			continue
		}
		if err := a.f(&c.workers[0].steps[0], left.Part(0, 1)); err != nil {
			return err
		}
		return first // of another row: the expression is not the same each time
	}
	return nil
}
