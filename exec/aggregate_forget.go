package exec

import (
	"bytes"
	"fmt"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// openAges begins to forget groups that nothing touches.
func (a *aggregate) openAges(env *Env, keys []types.Type) (err error) {
	if a.plan.Forget == 0 {
		return nil
	}
	for i, d := range a.sets {
		var of []types.Type
		for _, b := range d.keys {
			of = append(of, b.Type())
		}
		if d.ages, err = openAges(env, fmt.Sprintf("%s/ages%d", env.Name, i), of, a.plan.Forget); err != nil {
			return err
		}
	}
	a.ages, err = openAges(env, env.Name+"/ages", keys, a.plan.Forget)
	return err
}

// next implements timed.
func (a *aggregate) next(int64) (int64, bool) {
	if a.ages == nil || len(a.calls) == 0 {
		return 0, false
	}
	return a.ages.next()
}

// forgetUntouched takes back, where an epoch begins, the rows of the groups that nothing has
// touched for long enough, and forgets the groups. Of DISTINCT the rows stand.
func (a *aggregate) forgetUntouched(s *Step) error {
	if a.ages == nil || !a.ages.begins(s) {
		return nil
	}
	err := a.ages.forget(s.Now, func(keys []*vec.Vec, n int) error {
		gids := a.room(n)
		if err := a.groups.Find(keys, n, gids); err != nil {
			return err
		}
		if len(a.calls) > 0 {
			if err := a.emitGroups(s, gids, -1); err != nil {
				return err
			}
		}
		for _, m := range a.multisets {
			m.drop(keys, n)
		}
		a.groups.Delete(gids)
		return nil
	})
	for _, d := range a.sets {
		if err == nil {
			err = d.forget(s.Now, a.ages)
		}
	}
	a.groups.Clean()
	return err
}

// drop forgets what groups have.
func (m *multiset) drop(groups []*vec.Vec, n int) {
	type entry struct {
		key    []byte
		weight int64
	}
	var found []entry
	for row := range n {
		prefix := m.appendGroup(nil, groups, row)
		found = found[:0]
		m.rows.Ascend(prefix, after(bytes.Clone(prefix)), func(key []byte, weight int64) bool {
			found = append(found, entry{bytes.Clone(key), weight})
			return true
		})
		for _, e := range found {
			m.rows.Add(e.key, -e.weight)
		}
	}
}

// forget forgets the values that nothing has touched for long enough, in groups that are
// forgotten. Those of other groups still count, and are kept for as long as their group: as
// if they had been touched when it was.
func (d *distinctSet) forget(now int64, groups *ages) error {
	var gids, owners, alive []int32
	var steps []uint64
	stay := zset.NewBuilder(d.schema())
	err := d.ages.forget(now, func(keys []*vec.Vec, n int) error {
		gids, owners, alive = grow(gids, n), grow(owners, n), alive[:0]
		if err := groups.last.Find(keys[:d.groupBy], n, owners); err != nil {
			return err
		}
		if err := d.seen.Find(keys, n, gids); err != nil {
			return err
		}
		var gone []int32
		rows := groups.last.Rows()
		for i, g := range gids {
			switch {
			case g < 0: // it never counted
			case owners[i] >= 0:
				alive = append(alive, int32(i))
				steps = append(steps, *(*uint64)(rows.Ptr(owners[i])))
			default:
				gone = append(gone, g)
			}
		}
		stay.Append(&zset.Batch{Schema: d.schema(), Len: n, Cols: keys}, alive)
		d.seen.Delete(gone)
		return nil
	})
	d.seen.Clean()
	if err != nil || stay.Len() == 0 {
		return err
	}
	return d.ages.set(stay.Build().Cols, steps)
}

// schema is that of the keys.
func (d *distinctSet) schema() *types.Schema {
	s := &types.Schema{}
	for _, b := range d.keys {
		s.Fields = append(s.Fields, types.Field{Type: b.Type()})
	}
	return s
}
