package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Upsert makes changes of what arrives by key: a row of weight +1 takes the place of the
// one that has its key, a row of weight -1 takes that away and need hold no more than
// the key. With c(k) as the row of key k, the last of an epoch counts:
//
//	Apply   notes the last row of each key
//	Finish  emits c(k) now - c(k) before, for each key noted
//
// Taking away what is not there changes nothing and is counted.
//
// State: key -> row.
type Upsert struct {
	Input Plan
	Keys  []int
}

// Inputs implements Plan.
func (p *Upsert) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *Upsert) Schema() *types.Schema { return p.Input.Schema() }

// String implements Plan.
func (p *Upsert) String() string {
	names := make([]string, len(p.Keys))
	for i, k := range p.Keys {
		names[i] = p.Schema().Fields[k].Name
	}
	return fmt.Sprintf("Upsert by %s", strings.Join(names, ", "))
}

// Open implements Plan.
func (p *Upsert) Open(env *Env) (Operator, error) {
	u := &upsert{plan: p, pending: zset.NewBuilder(p.Schema()), probe: state.NewProbe(vec.BatchRows), keys: make([]*vec.Vec, len(p.Keys))}
	shape := state.IndexShape{}
	for _, k := range p.Keys {
		shape.Keys = append(shape.Keys, p.Schema().Fields[k].Type)
	}
	for _, f := range p.Schema().Fields {
		shape.Columns = append(shape.Columns, f.Type)
		u.old = append(u.old, vec.NewBuilder(f.Type))
	}
	var err error
	if u.rows, err = env.State.Index(env.Name, shape); err != nil {
		return nil, err
	}
	u.last, err = env.State.Map(env.Name+"/last", state.MapShape{Keys: shape.Keys, Width: 8})
	return u, err
}

type upsert struct {
	plan    *Upsert
	rows    state.Index
	last    state.Map     // of this epoch: key -> its last row in pending, counted from 1; of one taken away, negative
	pending *zset.Builder // the rows of this epoch
	ignored int64         // rows taken away that were not there

	keys  []*vec.Vec
	gids  []int32
	probe *state.Probe
	old   []*vec.Builder
}

// upsertPending is how many rows wait at most: an epoch that reads a whole topic has
// no other bound.
const upsertPending = 1 << 20

func (u *upsert) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	for i, k := range u.plan.Keys {
		u.keys[i] = delta.Cols[k]
	}
	u.gids = grow(u.gids, delta.Len)
	if err := u.last.Groups(u.keys, delta.Len, u.gids); err != nil {
		return err
	}
	rows, at := u.last.Rows(), int64(u.pending.Len())
	for i, g := range u.gids {
		at++
		*(*int64)(rows.Ptr(g)) = at
		if delta.Weights != nil && delta.Weights[i] < 0 {
			*(*int64)(rows.Ptr(g)) = -at
		}
	}
	u.pending.Append(delta, nil)
	if u.pending.Len() < upsertPending {
		return nil
	}
	return u.Finish(context.Background(), s)
}

func (u *upsert) Finish(_ context.Context, s *Step) error {
	dirty := u.last.Dirty()
	pending := u.pending.Build()
	for from := 0; from < len(dirty); from += vec.BatchRows {
		mark := s.Mem.Mark()
		if err := u.put(s, pending, dirty[from:min(from+vec.BatchRows, len(dirty))]); err != nil {
			return err
		}
		s.Mem.Release(mark)
	}
	u.rows.Settle()
	u.last.Delete(dirty)
	u.last.Clean()
	u.pending.Reset()
	return nil
}

// put stores the last rows of some keys and puts out what that changes.
func (u *upsert) put(s *Step, pending *zset.Batch, groups []int32) error {
	rows := u.last.Rows()
	sel := vec.Alloc[int32](s.Mem, len(groups))
	gone := make([]bool, len(groups))
	for i, g := range groups {
		at := *(*int64)(rows.Ptr(g))
		if gone[i] = at < 0; gone[i] {
			at = -at
		}
		sel[i] = int32(at - 1)
	}
	before := u.find(s, pending, sel)
	was := u.columns(before)
	fresh := vec.Alloc[int32](s.Mem, len(groups))[:0]
	for i := range sel {
		switch {
		case !gone[i]:
			fresh = append(fresh, sel[i])
		case before[i] < 0:
			u.ignored++
		}
	}
	added := pending.Gather(s.Mem, fresh)
	added.Weights = nil
	now := vec.Alloc[int32](s.Mem, added.Len)
	u.rows.Add(u.keysOf(added.Cols), added.Cols, nil, now)
	if err := u.takeBack(s, was, before, gone, now); err != nil {
		return err
	}
	return u.emitAdded(s, added, before, gone, now)
}

// find returns the row stored under each key, -1 for none.
func (u *upsert) find(s *Step, pending *zset.Batch, sel []int32) []int32 {
	before := vec.Alloc[int32](s.Mem, len(sel))
	for i := range before {
		before[i] = -1
	}
	for i, k := range u.plan.Keys {
		u.keys[i] = vec.Gather(s.Mem, pending.Cols[k], sel)
	}
	u.rows.Probe(u.keys, len(sel), u.probe)
	for u.rows.Next(u.probe) {
		stored := u.rows.Rows()
		for i, row := range u.probe.Row {
			if *(*int64)(stored.Ptr(row)) > 0 {
				before[u.probe.Key[i]] = row
			}
		}
	}
	return before
}

// columns are the stored rows among those found, in order. They hold until the next
// call.
func (u *upsert) columns(before []int32) *zset.Batch {
	var rows []int32
	for _, row := range before {
		if row >= 0 {
			rows = append(rows, row)
		}
	}
	out := &zset.Batch{Schema: u.plan.Schema(), Len: len(rows)}
	for _, b := range u.old {
		b.Reset()
	}
	u.rows.Columns(rows, u.old)
	for _, b := range u.old {
		out.Cols = append(out.Cols, b.Vec())
	}
	return out
}

func (u *upsert) keysOf(cols []*vec.Vec) []*vec.Vec {
	for i, k := range u.plan.Keys {
		u.keys[i] = cols[k]
	}
	return u.keys
}

// takeBack removes the rows that there were, and puts out those that did not come
// again.
func (u *upsert) takeBack(s *Step, was *zset.Batch, before []int32, gone []bool, now []int32) error {
	if was.Len == 0 {
		return nil
	}
	weights := vec.Alloc[int64](s.Mem, was.Len)
	differ := vec.Alloc[int32](s.Mem, was.Len)[:0]
	at, next := 0, 0
	for i, row := range before {
		same := false
		if !gone[i] {
			same = now[next] == row
			next++
		}
		if row < 0 {
			continue
		}
		weights[at] = -1
		if !same {
			differ = append(differ, int32(at))
		}
		at++
	}
	u.rows.Add(u.keysOf(was.Cols), was.Cols, weights, vec.Alloc[int32](s.Mem, was.Len))
	if len(differ) == 0 {
		return nil
	}
	was.Weights = weights
	return s.Emit(was.Gather(s.Mem, differ))
}

// emitAdded puts out the rows that were not there before.
func (u *upsert) emitAdded(s *Step, added *zset.Batch, before []int32, gone []bool, now []int32) error {
	differ := vec.Alloc[int32](s.Mem, added.Len)[:0]
	next := 0
	for i, row := range before {
		if gone[i] {
			continue
		}
		if now[next] != row {
			differ = append(differ, int32(next))
		}
		next++
	}
	switch len(differ) {
	case 0:
		return nil
	case added.Len:
		return s.Emit(added)
	}
	return s.Emit(added.Gather(s.Mem, differ))
}
