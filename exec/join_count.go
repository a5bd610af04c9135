package exec

import (
	"unsafe"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A verdict is what a row's matches make of it: whether it stands in the output by
// itself, and of a mark join its mark.
type verdict uint8

const (
	absent verdict = iota
	isFalse
	isTrue
	isNull
)

// verdicts are rows to put out by themselves.
type verdicts struct {
	rows    []int32
	weights []int64
	marks   []verdict
}

func (c *verdicts) reset() { c.rows, c.weights, c.marks = c.rows[:0], c.weights[:0], c.marks[:0] }

func (c *verdicts) add(row int32, weight int64, v verdict) {
	c.rows, c.weights, c.marks = append(c.rows, row), append(c.weights, weight), append(c.marks, v)
}

// verdict reads the counts of a stored row.
func (j *join) verdict(row unsafe.Pointer) verdict {
	matches := *(*int64)(unsafe.Add(row, matchesAt))
	switch j.plan.Kind {
	case SemiJoin:
		if matches != 0 {
			return isTrue
		}
		return absent
	case MarkJoin:
		switch {
		case matches != 0:
			return isTrue
		case *(*int64)(unsafe.Add(row, unknownAt)) != 0:
			return isNull
		}
		return isFalse
	}
	if matches == 0 {
		return isFalse
	}
	return absent
}

// matched counts a match of a stored row.
func (j *join) matched(row unsafe.Pointer, pair int, weight int64) {
	at := matchesAt
	if j.any != nil {
		switch j.truths[pair] {
		case 0:
			return
		case -1:
			at = unknownAt
		}
	}
	*(*int64)(unsafe.Add(row, at)) += weight
}

// countMine counts the matches of those rows of the delta that are new.
func (j *join) countMine(port int) {
	mine := j.sides[port]
	if !mine.counts {
		return
	}
	rows, others := mine.index.Rows(), j.sides[1-port].index.Rows()
	for i, k := range j.keys {
		if mine.fresh[k] {
			j.matched(rows.Ptr(mine.rows[k]), i, *(*int64)(others.Ptr(j.rows[i])))
		}
	}
}

// countOther counts the rows of the delta as matches of the other side's, and puts out
// what that makes of these.
func (j *join) countOther(s *Step, port int, delta *zset.Batch) error {
	other := j.sides[1-port]
	rows := other.index.Rows()
	other.index.Touch(j.rows)
	c := &j.changed
	c.reset()
	for i, r := range j.rows {
		p := rows.Ptr(r)
		before := j.verdict(p)
		j.matched(p, i, delta.Weight(int(j.keys[i])))
		after, weight := j.verdict(p), *(*int64)(p)
		if before == after || weight == 0 {
			continue
		}
		if before != absent {
			c.add(r, -weight, before)
		}
		if after != absent {
			c.add(r, weight, after)
		}
	}
	if len(c.rows) == 0 {
		return nil
	}
	cols := make([]*vec.Vec, len(other.columns))
	other.load(c.rows, cols)
	return j.emitAlone(s, 1-port, cols, c)
}

// emitVerdicts puts out rows of a delta by themselves.
func (j *join) emitVerdicts(s *Step, port int, delta *zset.Batch, c *verdicts) error {
	if len(c.rows) == 0 {
		return nil
	}
	mark := s.Mem.Mark()
	defer s.Mem.Release(mark)
	cols := make([]*vec.Vec, len(delta.Cols))
	for i, v := range delta.Cols {
		cols[i] = vec.Gather(s.Mem, v, c.rows)
	}
	return j.emitAlone(s, port, cols, c)
}

// emitAlone puts out rows of one side, in more than one batch where they are many: with
// NULLs for the other side, with their marks, or as they are.
func (j *join) emitAlone(s *Step, port int, cols []*vec.Vec, c *verdicts) error {
	n := len(c.rows)
	out := &zset.Batch{Schema: j.plan.Out, Len: n, Weights: c.weights}
	switch {
	case j.plan.Kind == MarkJoin:
		out.Cols = append(cols[:len(cols):len(cols)], marks(s.Mem, c.marks))
	case !j.paired:
		out.Cols = cols
	default:
		fields := j.plan.Out.Fields
		if port == 0 {
			out.Cols = append(cols[:len(cols):len(cols)], nulls(fields[j.right:], n)...)
		} else {
			out.Cols = append(nulls(fields[:j.right], n), cols...)
		}
	}
	return out.Parts(s.Emit)
}

func nulls(fields []types.Field, n int) []*vec.Vec {
	out := make([]*vec.Vec, len(fields))
	for i, f := range fields {
		out[i] = vec.NullConst(f.Type, n)
	}
	return out
}

// marks makes a column of verdicts.
func marks(m *vec.Mem, vs []verdict) *vec.Vec {
	v := vec.New(m, types.Of(types.Boolean), len(vs))
	bits := v.Bits()
	clear(bits)
	valid := vec.AllocWords(m, len(vs))
	some := false
	for i, x := range vs {
		vec.SetBit(bits, i, x == isTrue)
		vec.SetBit(valid, i, x != isNull)
		some = some || x == isNull
	}
	if some {
		v.Valid = valid
	}
	return v
}
