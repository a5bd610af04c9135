package exec

import (
	"encoding/binary"
	"time"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// ageSteps is how many times a key that is touched all the while is noted anew until it
// would be forgotten: it is kept for longer than was asked by no more than one such step.
const ageSteps = 16

// ages knows when each of an operator's keys was last touched, by the clock of the epochs,
// and so which of them nothing has touched for a time. Times are counted in steps, that
// what is touched in every epoch is noted anew in few of them.
//
// State: key -> the step of the last touch; and step, key, in order.
type ages struct {
	after int64 // microseconds
	epoch int64 // the last that has begun, counted from 1
	last  state.Map
	order state.Ordered

	keys []*vec.Builder
	gids []int32
	key  []byte
}

func openAges(env *Env, name string, keys []types.Type, after int64) (*ages, error) {
	a := &ages{after: after}
	for _, t := range keys {
		a.keys = append(a.keys, vec.NewBuilder(t))
	}
	var err error
	if a.last, err = env.State.Map(name, state.MapShape{Keys: keys, Width: 8}); err != nil {
		return nil, err
	}
	a.order, err = env.State.Ordered(name + "-order")
	return a, err
}

// ageStep is the step that a time is in.
func ageStep(at, after int64) int64 {
	width := max(after/ageSteps, 1)
	step := at / width
	if at%width < 0 {
		step--
	}
	return step
}

// stepWord is a step in the order of its bytes as of its value, and never 0.
func stepWord(step int64) uint64 { return uint64(step) ^ 1<<63 }

// begins reports, once an epoch, that it begins: what is to be forgotten is so before it
// takes anything in, and does not depend on whether an epoch ran meanwhile.
func (a *ages) begins(s *Step) bool {
	begins := a.epoch != s.Epoch+1
	a.epoch = s.Epoch + 1
	return begins
}

// touch notes that some keys are touched in this epoch.
func (a *ages) touch(keys []*vec.Vec, n int) error {
	a.gids = grow(a.gids, n)
	return a.last.Groups(keys, n, a.gids)
}

// set keeps some keys, which are not there, as touched in given steps.
func (a *ages) set(keys []*vec.Vec, steps []uint64) error {
	if err := a.touch(keys, len(steps)); err != nil {
		return err
	}
	rows := a.last.Rows()
	for i, step := range steps {
		*(*uint64)(rows.Ptr(a.gids[i])) = step
		a.order.Add(a.keyAt(step, keys, i), 1)
	}
	a.last.Clean()
	return nil
}

// settle takes in what was touched.
func (a *ages) settle(now int64) {
	dirty, rows, step := a.last.Dirty(), a.last.Rows(), stepWord(ageStep(now, a.after))
	for len(dirty) > 0 {
		part := dirty[:min(len(dirty), vec.BatchRows)]
		dirty = dirty[len(part):]
		keys := a.keysOf(part)
		for i, g := range part {
			was := (*uint64)(rows.Ptr(g))
			if *was >= step { // also where the clock was set back
				continue
			}
			if *was != 0 {
				a.order.Add(a.keyAt(*was, keys, i), -1)
			}
			a.order.Add(a.keyAt(step, keys, i), 1)
			*was = step
		}
	}
	a.last.Clean()
}

func (a *ages) keysOf(gids []int32) []*vec.Vec {
	for _, b := range a.keys {
		b.Reset()
	}
	a.last.Keys(gids, a.keys)
	return a.built()
}

func (a *ages) built() []*vec.Vec {
	out := make([]*vec.Vec, len(a.keys))
	for i, b := range a.keys {
		out[i] = b.Vec()
	}
	return out
}

func (a *ages) keyAt(step uint64, keys []*vec.Vec, row int) []byte {
	a.key = binary.BigEndian.AppendUint64(a.key[:0], step)
	for _, k := range keys {
		a.key = vec.AppendOrdered(a.key, k, row)
	}
	return a.key
}

// forget calls each for the keys that nothing has touched for the time, some at a time, and
// forgets them.
func (a *ages) forget(now int64, each func(keys []*vec.Vec, n int) error) error {
	bound := binary.BigEndian.AppendUint64(nil, stepWord(ageStep(now-a.after, a.after)))
	var from []byte
	for n := vec.BatchRows; n == vec.BatchRows; {
		for _, b := range a.keys {
			b.Reset()
		}
		n = 0
		a.order.Ascend(from, bound, func(key []byte, _ int64) bool {
			from = append(append(from[:0], key...), 0)
			rest := key[8:]
			for _, b := range a.keys {
				rest = vec.DecodeOrdered(rest, b)
			}
			n++
			return n < vec.BatchRows
		})
		if n == 0 {
			break
		}
		keys := a.built()
		a.gids = grow(a.gids, n)
		if err := a.last.Find(keys, n, a.gids); err != nil {
			return err
		}
		a.last.Delete(a.gids)
		if err := each(keys, n); err != nil {
			return err
		}
	}
	a.order.EvictBelow(bound)
	return nil
}

// next is when the next key is forgotten, false for none.
func (a *ages) next() (at int64, ok bool) {
	a.order.Ascend(nil, nil, func(key []byte, _ int64) bool {
		step := int64(binary.BigEndian.Uint64(key) ^ 1<<63)
		at, ok = (step+1)*max(a.after/ageSteps, 1)+a.after, true
		return false
	})
	return at, ok
}

// untouched says how long what nothing touches is kept, for printing.
func untouched(after int64) string {
	if after == 0 {
		return ""
	}
	return " FORGETS after " + (time.Duration(after) * time.Microsecond).String()
}
