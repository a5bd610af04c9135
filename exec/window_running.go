package exec

import (
	"encoding/binary"
	"unsafe"

	"github.com/zeebo/xxh3"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// runningStates keeps what goes from row to row of a partition, for one row of many: a
// change is computed from the last such row before it on. Which rows these are is a matter
// of their keys, so that they need not be told again when others come and go. What is kept
// is the number of rows before one, that of groups of peers before its own, and the sums
// of the rows before it.
type runningStates struct {
	states state.Map // key of a row -> state
	calls  []*windowCall
	width  int
	key    *vec.Builder
	gids   []int32

	kept *vec.Builder // keys of states to keep
	data []byte       // the states
	gone *vec.Builder // keys of rows that are no longer there
}

// sampleEvery is how many rows there are to one whose state is kept.
const sampleEvery = 64

func sampled(key []byte) bool { return xxh3.Hash(key)%sampleEvery == 0 }

func openRunning(env *Env, calls []*windowCall) (*runningStates, error) {
	r := &runningStates{width: 16, gids: make([]int32, 1)}
	for _, c := range calls {
		if c.sum != nil && c.sum.runs {
			c.sum.at = r.width - 16
			r.width += c.sum.width
			r.calls = append(r.calls, c)
		}
	}
	key := types.Of(types.Binary)
	r.key, r.kept, r.gone = vec.NewBuilder(key), vec.NewBuilder(key), vec.NewBuilder(key)
	var err error
	r.states, err = env.State.Map(env.Name+"/running", state.MapShape{Keys: []types.Type{key}, Width: r.width})
	return r, err
}

// find puts the state before a row into the block, and returns where it is, -1 where none
// is kept.
func (r *runningStates) find(key []byte, b *windowBlock) (int, error) {
	if !sampled(key) {
		return -1, nil
	}
	r.key.Reset()
	r.key.AppendBytes(key)
	if err := r.states.Find([]*vec.Vec{r.key.Vec()}, 1, r.gids); err != nil || r.gids[0] < 0 {
		return -1, err
	}
	rows := r.states.Rows()
	at := len(b.bases)
	b.bases = append(b.bases, unsafe.Slice((*byte)(rows.Ptr(r.gids[0])), r.width)...)
	return at, nil
}

// stateAt reads a state that is in the block.
func (r *runningStates) stateAt(b *windowBlock, at int) runState {
	if at < 0 {
		return runState{}
	}
	data := b.bases[at : at+r.width]
	return runState{int64(binary.NativeEndian.Uint64(data)), int64(binary.NativeEndian.Uint64(data[8:])), data[16:]}
}

// note takes down the states before rows of a span from the first change on.
func (r *runningStates) note(b *windowBlock, span windowSpan, p *windowPart) error {
	for _, c := range r.calls {
		c.sum.kept.set(p.before.sums, c.sum.at)
	}
	done, groups := 0, int64(-1)
	for place, row := range p.rows {
		if int(p.peers[place]) == place {
			groups++
		}
		if int(row) < span.touched || place > 0 && p.rows[place-1] == row || !sampled(b.key(int(row))) {
			continue
		}
		for _, c := range r.calls {
			if err := c.sum.add(&c.sum.kept, c.args.vecs, c.among(p, done, place), 1); err != nil {
				return err
			}
		}
		done = place
		r.kept.AppendBytes(b.key(int(row)))
		r.data = binary.NativeEndian.AppendUint64(r.data, uint64(p.before.rows+int64(place)))
		r.data = binary.NativeEndian.AppendUint64(r.data, uint64(p.before.groups+groups))
		for _, c := range r.calls {
			r.data = append(r.data, c.sum.kept.data...)
		}
	}
	for row := max(span.touched, span.first); row < span.end; row++ {
		if b.rows[row].is == 0 && sampled(b.key(row)) {
			r.gone.AppendBytes(b.key(row))
		}
	}
	return nil
}

// settle keeps the states that were taken down.
func (r *runningStates) settle() error {
	for _, keys := range []*vec.Builder{r.kept, r.gone} {
		n := keys.Len()
		r.gids = grow(r.gids, n)
		if err := r.states.Groups([]*vec.Vec{keys.Vec()}, n, r.gids); err != nil {
			return err
		}
		if keys == r.gone {
			r.states.Delete(r.gids[:n])
			break
		}
		rows := r.states.Rows()
		for i, g := range r.gids[:n] {
			copy(unsafe.Slice((*byte)(rows.Ptr(g)), r.width), r.data[i*r.width:])
		}
	}
	r.states.Clean()
	r.kept.Reset()
	r.gone.Reset()
	r.data = r.data[:0]
	r.gids = grow(r.gids, 1)
	return nil
}
