package exec

import (
	"slices"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A keyReach tells of frames that end at a distance of the key how far they reach. It
// computes their ends for single rows, which is dear: so it is asked when some rows have
// been passed, and then when there are twice as many.
type keyReach struct {
	step  *Step
	calls []*windowCall // those with such frames
	pair  *zset.Builder
}

// probeRows is how many rows are passed before keys are looked at.
const probeRows = 8

// A keyQuestion is asked of a row and another. Where the answer is yes it is so for rows
// that lie farther away, too.
type keyQuestion uint8

const (
	seesNotBehind keyQuestion = iota // the row's frame ends before the other
	seesNotBefore                    // the row's frame begins behind the other
	notSeenBefore                    // the other's frame begins behind the row
	notSeenBehind                    // the other's frame ends before the row
)

func newKeyReach(in *types.Schema, calls []*windowCall) *keyReach {
	k := &keyReach{pair: zset.NewBuilder(in)}
	for _, c := range calls {
		if c.plan.Frame.Key != nil {
			k.calls = append(k.calls, c)
		}
	}
	if len(k.calls) == 0 {
		return nil
	}
	return k
}

// all reports that the answer is yes for the frames of all calls.
func (k *keyReach) all(q keyQuestion, row, other []byte) bool {
	mark := k.step.Mem.Mark()
	defer k.step.Mem.Release(mark)
	k.pair.Reset()
	for _, key := range [][]byte{row, other} {
		storedRow{key: key}.columns(k.pair.Cols)
		k.pair.EndRow()
	}
	rows := k.pair.Build()
	return !slices.ContainsFunc(k.calls, func(c *windowCall) bool {
		return c.bounds.eval(k.step, rows) != nil || !c.answer(q) // an error shows where the row is computed
	})
}

// answer is the answer for the two rows whose ends were computed last. A row without a key
// sees its peers alone, and no others see it.
func (c *windowCall) answer(q keyQuestion) bool {
	const row, other = 0, 1
	key, from, to := c.ends()
	switch {
	case key.IsNull(row) || key.IsNull(other):
		return true
	case q == seesNotBehind:
		return to == nil || !to.IsNull(row) && c.before(to, row, key, other)
	case q == seesNotBefore:
		return from == nil || !from.IsNull(row) && c.before(key, other, from, row)
	case q == notSeenBefore:
		return from == nil || !from.IsNull(other) && c.before(key, row, from, other)
	}
	return to == nil || !to.IsNull(other) && c.before(to, other, key, row)
}
