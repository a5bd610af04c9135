package exec

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// fullPartitions knows of partitions that have all the rows that TopN keeps how the key of
// the last of these begins. Rows that only come, behind it, are never among the first.
type fullPartitions struct {
	columns []int
	lasts   state.Map // partition -> 1, the beginning of the last row's key behind the partition
	keys    []*vec.Vec
	gids    []int32
	sel     []int32
	prefix  []byte

	parts []*vec.Builder // of Finish: the partitions whose last row is another
	words []uint64       // the beginnings
}

func openFullPartitions(env *Env, in *types.Schema, columns []int, expire bool) (*fullPartitions, error) {
	f := &fullPartitions{columns: columns}
	shape := state.MapShape{Width: 24}
	if expire {
		shape.Expiry = 1
	}
	for _, c := range columns {
		shape.Keys = append(shape.Keys, in.Fields[c].Type)
		f.parts = append(f.parts, vec.NewBuilder(in.Fields[c].Type))
	}
	var err error
	f.lasts, err = env.State.Map(env.Name+"/full", shape)
	return f, err
}

// A lastKept is what is known of a partition.
type lastKept struct{ full, hi, lo uint64 }

// before selects the rows of a delta that may be among the first.
func (f *fullPartitions) before(delta *zset.Batch, rows *partitions) ([]int32, error) {
	f.keys = f.keys[:0]
	for _, c := range f.columns {
		f.keys = append(f.keys, delta.Cols[c])
	}
	f.gids = grow(f.gids, delta.Len)
	if err := f.lasts.Find(f.keys, delta.Len, f.gids); err != nil {
		return nil, err
	}
	kept := f.lasts.Rows()
	f.sel = grow(f.sel, delta.Len)[:0]
	for row, g := range f.gids {
		if g >= 0 {
			last := (*lastKept)(kept.Ptr(g))
			f.prefix = rows.appendOrder(f.prefix[:0], delta, row, 16)
			hi, lo := beginning(f.prefix)
			if last.full != 0 && (hi > last.hi || hi == last.hi && lo > last.lo) {
				continue
			}
		}
		f.sel = append(f.sel, int32(row))
	}
	return f.sel, nil
}

// set notes the last row that a partition keeps.
func (f *fullPartitions) set(partition, key []byte) {
	hi, lo := beginning(key[len(partition) : len(key)-trailer])
	f.words = append(f.words, hi, lo)
	for _, b := range f.parts {
		partition = vec.DecodeOrdered(partition, b)
	}
}

// settle keeps what was noted, and forgets the partitions below a watermark, nil for none.
func (f *fullPartitions) settle(passed *vec.Vec) error {
	n := len(f.words) / 2
	f.keys = f.keys[:0]
	for _, b := range f.parts {
		f.keys = append(f.keys, b.Vec())
	}
	f.gids = grow(f.gids, n)
	if err := f.lasts.Groups(f.keys, n, f.gids); err != nil {
		return err
	}
	rows := f.lasts.Rows()
	for i, g := range f.gids[:n] {
		*(*lastKept)(rows.Ptr(g)) = lastKept{1, f.words[2*i], f.words[2*i+1]}
	}
	if passed != nil {
		f.lasts.Delete(f.lasts.Below(passed, f.gids[:0]))
	}
	f.lasts.Clean()
	f.words = f.words[:0]
	for _, b := range f.parts {
		b.Reset()
	}
	return nil
}
