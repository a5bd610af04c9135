package exec

import (
	"encoding/binary"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// fullPartitions knows of partitions that have all the rows that TopN keeps how the key of
// the last of these begins. Rows that only come, behind it, are never among the first.
type fullPartitions struct {
	columns []int
	peers   bool      // peers of the last row are kept, too
	single  bool      // one row fills a partition
	lasts   state.Map // partition -> 1, how the last row that may be kept begins behind the partition
	keys    []*vec.Vec
	some    []*vec.Vec
	gids    []int32
	sel     []int32
	begins  []beginning // of the rows selected
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

// behind reports that a row is behind the last one that is kept.
func (l *lastKept) behind(b beginning) bool {
	return l.full != 0 && (b.hi > l.hi || b.hi == l.hi && b.lo > l.lo)
}

// A beginning is the first 16 bytes of what counts behind the partition in a row's key, filled up
// with zeros. No key begins with another one, so that the beginnings of peers are equal, and that
// of a row is not less than that of one before it.
type beginning struct{ hi, lo uint64 }

func (b beginning) before(hi, lo uint64) bool { return b.hi < hi || b.hi == hi && b.lo < lo }

func beginningOf(key []byte) beginning {
	if len(key) < 16 {
		var b [16]byte
		copy(b[:], key)
		key = b[:]
	}
	return beginning{binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:])}
}

// before selects the rows of a delta that may be among the first.
func (f *fullPartitions) before(mem *vec.Mem, delta *zset.Batch, rows *partitions) ([]int32, error) {
	f.keys = f.keys[:0]
	for _, c := range f.columns {
		f.keys = append(f.keys, delta.Cols[c])
	}
	f.gids = grow(f.gids, delta.Len)
	if err := f.lasts.Find(f.keys, delta.Len, f.gids); err != nil {
		return nil, err
	}
	kept := f.lasts.Rows()
	f.sel, f.begins = grow(f.sel, delta.Len)[:0], f.begins[:0]
	for row, g := range f.gids {
		if g >= 0 || f.single {
			f.prefix = rows.appendOrder(f.prefix[:0], delta, row, 16, f.peers)
			b := beginningOf(f.prefix)
			if g >= 0 && (*lastKept)(kept.Ptr(g)).behind(b) {
				continue
			}
			f.begins = append(f.begins, b)
		}
		f.sel = append(f.sel, int32(row))
	}
	if f.single && len(f.sel) > 0 {
		if err := f.learn(mem); err != nil {
			return nil, err
		}
	}
	return f.sel, nil
}

// learn takes note, where a row fills its partition, of each that was selected, and drops those
// behind it: many rows of a partition may come in one epoch.
func (f *fullPartitions) learn(mem *vec.Mem) error {
	keys := f.keys
	if len(f.sel) < len(f.gids) {
		f.some = f.some[:0]
		for _, k := range f.keys {
			f.some = append(f.some, vec.Gather(mem, k, f.sel))
		}
		keys = f.some
	}
	gids := f.gids[:len(f.sel)]
	if err := f.lasts.Groups(keys, len(gids), gids); err != nil {
		return err
	}
	kept := f.lasts.Rows()
	sel := f.sel[:0]
	for i, g := range gids {
		l, b := (*lastKept)(kept.Ptr(g)), f.begins[i]
		if l.behind(b) {
			continue
		}
		if l.full == 0 || b.before(l.hi, l.lo) {
			*l = lastKept{1, b.hi, b.lo}
		}
		sel = append(sel, f.sel[i])
	}
	f.sel = sel
	return nil
}

// set notes the last row that a partition keeps.
func (f *fullPartitions) set(partition, key []byte) {
	end := len(key) - trailer
	if f.peers {
		end = len(storedRow{key: key}.peers())
	}
	b := beginningOf(key[len(partition):end])
	f.words = append(f.words, b.hi, b.lo)
	for _, part := range f.parts {
		partition = vec.DecodeOrdered(partition, part)
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
