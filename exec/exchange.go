package exec

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Exchange routes each row to the worker that owns its key, so that equal keys
// meet. Without keys every row goes to worker 0. It is not there with one worker.
//
//	Apply   emits the worker's own rows, and sends copies of the others
//	Finish  nothing
//
// State: none.
type Exchange struct {
	Input Plan
	Keys  []int
}

// Inputs implements Plan.
func (p *Exchange) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *Exchange) Schema() *types.Schema { return p.Input.Schema() }

// String implements Plan.
func (p *Exchange) String() string {
	if len(p.Keys) == 0 {
		return "Exchange to one worker"
	}
	names := make([]string, len(p.Keys))
	for i, k := range p.Keys {
		names[i] = p.Schema().Fields[k].Name
	}
	return fmt.Sprintf("Exchange by hash of %s", strings.Join(names, ", "))
}

// Open implements Plan.
func (p *Exchange) Open(env *Env) (Operator, error) {
	return &exchange{plan: p, sel: make([][]int32, env.Workers)}, nil
}

type exchange struct {
	plan   *Exchange
	worker *worker
	node   int
	hash   []uint64
	sel    [][]int32

	mu    sync.Mutex
	spare []*zset.Builder // that have arrived, to be filled again
}

const (
	// maxSpare is how many builders an exchange keeps for the next rows: as many as are on their
	// way to others who keep up.
	maxSpare = 4
	// maxSpareBytes is how many bytes of rows a builder has had at most that is kept.
	maxSpareBytes = 4 << 20
)

// builder returns an empty one for rows to be sent, which have the schema that they come with: those
// of the branches of a union differ.
func (x *exchange) builder(s *types.Schema) *zset.Builder {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i, b := range x.spare {
		if b.Schema == s {
			x.spare = slices.Delete(x.spare, i, i+1)
			return b
		}
	}
	return zset.NewBuilder(s)
}

// arrived takes back a builder whose rows are not needed any more. It is called by who received them.
func (x *exchange) arrived(b *zset.Builder) {
	small := b.Size() <= maxSpareBytes
	b.Reset()
	x.mu.Lock()
	defer x.mu.Unlock()
	if small && len(x.spare) < maxSpare {
		x.spare = append(x.spare, b)
	}
}

func (x *exchange) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	x.route(delta)
	if len(x.sel[x.worker.index]) == delta.Len { // they have come by the same keys
		return s.Emit(delta)
	}
	for to, sel := range x.sel {
		switch {
		case len(sel) == 0:
		case to == x.worker.index:
			if err := s.Emit(delta.Gather(s.Mem, sel)); err != nil {
				return err
			}
		default:
			rows := x.builder(delta.Schema)
			rows.Append(delta, sel)
			x.worker.circuit.workers[to].deliver(parcel{from: x, rows: rows})
		}
	}
	return nil
}

// route sorts the rows by their owner.
func (x *exchange) route(delta *zset.Batch) {
	for i := range x.sel {
		x.sel[i] = x.sel[i][:0]
	}
	keys := make([]*vec.Vec, len(x.plan.Keys))
	for i, k := range x.plan.Keys {
		keys[i] = delta.Cols[k]
	}
	if cap(x.hash) < delta.Len {
		x.hash = make([]uint64, max(delta.Len, vec.BatchRows))
	}
	hash := x.hash[:delta.Len]
	zset.HashRows(keys, delta.Len, hash)
	for row, h := range hash {
		to := 0
		if len(keys) > 0 {
			to = int(h >> 32 * uint64(len(x.sel)) >> 32)
		}
		x.sel[to] = append(x.sel[to], int32(row))
	}
}

func (x *exchange) Finish(context.Context, *Step) error { return nil }
