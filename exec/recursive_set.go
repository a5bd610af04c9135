package exec

import (
	"context"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// recursiveSet is the recursion of UNION.
type recursiveSet struct {
	*recursive
	rows    state.Map // row -> member
	gids    []int32
	columns []*vec.Builder
	next    []int32 // rows that go, or come, in the round after this one
}

// A member is what is known of a row.
type member struct {
	count int64 // how often it stands in the base and in what the step makes
	there int64 // 1: it is in the result, and the step has seen it
}

func (r *recursiveSet) open(env *Env) error {
	shape := state.MapShape{Width: 16}
	for _, f := range r.plan.Out.Fields {
		shape.Keys = append(shape.Keys, f.Type)
		r.columns = append(r.columns, vec.NewBuilder(f.Type))
	}
	var err error
	r.rows, err = env.State.Map(env.Name, shape)
	return err
}

func (r *recursiveSet) Finish(ctx context.Context, s *Step) error {
	if r.idle() {
		return nil
	}
	r.next = r.next[:0]
	r.out = r.lose
	for _, b := range r.held[0] {
		if err := b.Parts(r.lose); err != nil {
			return err
		}
	}
	r.drop(r.held[0])
	r.held[0] = nil
	if err := r.first(ctx, s); err != nil {
		return err
	}
	for len(r.next) > 0 {
		if err := r.spread(ctx, s, -1); err != nil {
			return err
		}
	}
	r.out = r.gain
	rows := r.rows.Rows()
	for _, g := range r.rows.Dirty() {
		r.come(rows, g)
	}
	for rounds := 0; len(r.next) > 0; rounds++ {
		if rounds == r.most {
			return r.endless()
		}
		if err := r.spread(ctx, s, 1); err != nil {
			return err
		}
	}
	return r.emit(s)
}

// count adds a delta's weights to the rows' counts.
func (r *recursiveSet) count(delta *zset.Batch) (vec.Rows, error) {
	r.gids = grow(r.gids, delta.Len)
	if err := r.rows.Groups(delta.Cols, delta.Len, r.gids); err != nil {
		return vec.Rows{}, err
	}
	rows := r.rows.Rows()
	count(rows, r.gids, delta.Weights)
	return rows, nil
}

// lose counts a delta and takes away each row that loses a support.
func (r *recursiveSet) lose(delta *zset.Batch) error {
	rows, err := r.count(delta)
	if err != nil || delta.Weights == nil {
		return err
	}
	for i, w := range delta.Weights {
		m := (*member)(rows.Ptr(r.gids[i]))
		if w < 0 && m.there != 0 {
			m.there = 0
			r.next = append(r.next, r.gids[i])
		}
	}
	return nil
}

// gain counts a delta and adds each row that is supported by now.
func (r *recursiveSet) gain(delta *zset.Batch) error {
	rows, err := r.count(delta)
	if err != nil {
		return err
	}
	for _, g := range r.gids {
		r.come(rows, g)
	}
	return nil
}

func (r *recursiveSet) come(rows vec.Rows, g int32) {
	if m := (*member)(rows.Ptr(g)); m.there == 0 && m.count > 0 {
		m.there = 1
		r.next = append(r.next, g)
	}
}

// spread gives the step the rows that go or come.
func (r *recursiveSet) spread(ctx context.Context, s *Step, weight int64) error {
	now := r.next
	r.next = nil
	return r.round(ctx, s, func() error {
		for from := 0; from < len(now); from += vec.BatchRows {
			part := now[from:min(from+vec.BatchRows, len(now))]
			b := &zset.Batch{Schema: r.plan.Out, Len: len(part), Weights: make([]int64, len(part))}
			for i := range b.Weights {
				b.Weights[i] = weight
			}
			for _, c := range r.columns {
				c.Reset()
			}
			r.rows.Keys(part, r.columns)
			for _, c := range r.columns {
				b.Cols = append(b.Cols, c.Vec())
			}
			if err := r.step.Push(ctx, 0, r.plan.Self, b); err != nil {
				return err
			}
		}
		return nil
	})
}

// emit puts out the rows that are there and were not, and the other way round.
func (r *recursiveSet) emit(s *Step) error {
	old, rows := r.rows.Old(), r.rows.Rows()
	var gids, gone []int32
	var weights []int64
	for i, g := range r.rows.Dirty() {
		now := *(*member)(rows.Ptr(g))
		if w := now.there - (*member)(old.Ptr(int32(i))).there; w != 0 {
			gids, weights = append(gids, g), append(weights, w)
		}
		if now == (member{}) {
			gone = append(gone, g)
		}
	}
	for from := 0; from < len(gids); from += vec.BatchRows {
		to := min(from+vec.BatchRows, len(gids))
		if err := emitGroups(s, r.rows, &zset.Batch{Schema: r.plan.Out, Len: to - from, Weights: weights[from:to]}, gids[from:to], r.columns); err != nil {
			return err
		}
	}
	r.rows.Delete(gone)
	r.rows.Clean()
	return nil
}
