package exec

import (
	"context"

	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// tileRows is how many rows go to their groups at a time: what the calls touch of
// those groups stays in the nearest caches from one call to the next.
const tileRows = 1024

func (a *aggregate) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	if err := a.forgetUntouched(s); err != nil {
		return err
	}
	delta, err := a.aside.eval(s, delta)
	if err != nil {
		return err
	}
	for from := 0; from < delta.Len; from += tileRows {
		if err := a.applyTile(delta, from, min(from+tileRows, delta.Len)); err != nil {
			return err
		}
	}
	if a.ages != nil {
		if err := a.ages.touch(a.keys.vecs, delta.Len); err != nil {
			return err
		}
	}
	return nil
}

// eval computes keys and arguments.
func (a *aggregate) eval(s *Step, b *zset.Batch) error {
	if err := a.keys.eval(s, b); err != nil {
		return err
	}
	for _, c := range a.calls {
		for _, cols := range []*columns{&c.filter, &c.args, &c.order} {
			if err := cols.eval(s, b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *aggregate) applyTile(delta *zset.Batch, from, to int) error {
	weights := delta.Weights
	gids := a.room(to - from)
	if err := a.groups.Groups(a.keys.part(from, to), to-from, gids); err != nil {
		return err
	}
	if weights != nil {
		weights = weights[from:to]
	}
	rows := a.groups.Rows()
	count(rows, gids, weights)
	for _, d := range a.sets {
		if err := d.add(a.keys.part(from, to), gids, from, to, weights); err != nil {
			return err
		}
	}
	for _, c := range a.calls {
		if c.slot == nil || c.given || c.plan.Distinct {
			continue
		}
		if err := c.slot.Add(rows.At(rows.Base+c.at), gids, c.args.part(from, to), weights); err != nil {
			return err
		}
	}
	for _, m := range a.multisets {
		m.hold(a.closingFirst(a.keys.vecs), delta, from, to, gids)
	}
	return nil
}

func (a *aggregate) room(n int) []int32 {
	if cap(a.gids) < n {
		a.gids = make([]int32, max(n, tileRows))
	}
	return a.gids[:n]
}

// count adds the weights to the groups' counts of rows.
func count(rows vec.Rows, gids []int32, weights []int64) {
	if weights == nil {
		for _, g := range gids {
			*(*int64)(rows.Ptr(g))++
		}
		return
	}
	for i, g := range gids {
		*(*int64)(rows.Ptr(g)) += weights[i]
	}
}
