package exec

import (
	"bytes"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// openAges begins to forget partitions that nothing touches.
func (t *topN) openAges(env *Env) (err error) {
	if t.plan.Forget == 0 {
		return nil
	}
	var keys []types.Type
	for _, c := range t.plan.Partition {
		keys = append(keys, t.plan.Input.Schema().Fields[c].Type)
	}
	t.ages, err = openAges(env, env.Name+"/ages", keys, t.plan.Forget)
	return err
}

// next implements timed.
func (t *topN) next(int64) (int64, bool) {
	if t.ages == nil {
		return 0, false
	}
	return t.ages.next()
}

// touch notes the partitions of a delta.
func (t *topN) touch(s *Step, delta *zset.Batch) error {
	if err := t.forgetUntouched(s); err != nil || t.ages == nil {
		return err
	}
	var keys []*vec.Vec
	for _, c := range t.plan.Partition {
		keys = append(keys, delta.Cols[c])
	}
	return t.ages.touch(keys, delta.Len)
}

// forgetUntouched takes back, where an epoch begins, the rows of the partitions that nothing
// has touched for long enough, and forgets the partitions.
func (t *topN) forgetUntouched(s *Step) error {
	if t.ages == nil || !t.ages.begins(s) {
		return nil
	}
	return t.ages.forget(s.Now, func(keys []*vec.Vec, n int) error {
		var prefix []byte
		for row := range n {
			prefix = prefix[:0]
			for _, k := range keys {
				prefix = vec.AppendOrdered(prefix, k, row)
			}
			t.first(prefix, &t.before)
			for i, r := range t.before.rows {
				if err := t.emit(s, t.before.key(i), r.number, -r.weight); err != nil {
					return err
				}
			}
			t.rows.drop(prefix)
		}
		if t.full == nil {
			return nil
		}
		return t.full.drop(keys, n)
	})
}

// drop forgets a partition.
func (p *partitions) drop(partition []byte) {
	var found []storedRow
	p.walk(partition, func(key []byte, weight int64) bool {
		found = append(found, storedRow{bytes.Clone(key), weight})
		return true
	})
	for _, r := range found {
		p.rows.Add(r.key, -r.weight)
	}
}

// drop forgets partitions.
func (f *fullPartitions) drop(keys []*vec.Vec, n int) error {
	f.gids = grow(f.gids, n)
	if err := f.lasts.Find(keys, n, f.gids); err != nil {
		return err
	}
	gids := f.gids[:0]
	for _, g := range f.gids {
		if g >= 0 {
			gids = append(gids, g)
		}
	}
	f.lasts.Delete(gids)
	f.lasts.Clean()
	return nil
}
