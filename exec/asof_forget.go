package exec

import (
	"bytes"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// asofForgets finds the rows of an asof join of which nothing more will be asked. Left rows
// whose time the watermark has passed change no more, and none comes beside them; of the
// right rows that it has passed each key's latest are met by left rows to come, and no
// others.
//
// It keeps for each side in which keys there are rows of a time, in the order of the times.
type asofForgets struct {
	until  *watermark
	passed []byte // what it was when some were forgotten
	times  [2]state.Ordered
	time   *vec.Builder
	key    []byte
	gone   []storedRow
}

func (p *Asof) openForgets(env *Env) (*asofForgets, error) {
	f := &asofForgets{time: vec.NewBuilder(p.Left.Schema().Fields[p.LeftTime].Type)}
	var err error
	if f.until, err = p.Until.open(env.watermarks); err != nil {
		return nil, err
	}
	for i, name := range []string{"/left/times", "/right/times"} {
		if f.times[i], err = env.State.Ordered(env.Name + name); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// note keeps the times of rows that come.
func (f *asofForgets) note(side int, partition []byte, changes []storedRow) {
	if f == nil {
		return
	}
	for i, c := range changes {
		if c.weight < 0 || i > 0 && changes[i-1].weight > 0 && arePeers(changes[i-1].key, c.key) {
			continue
		}
		f.key = append(append(f.key[:0], c.peers()[len(partition):]...), partition...)
		f.times[side].Add(f.key, 1)
	}
}

// forget drops the rows that the watermark has passed, at a cost that follows their
// number.
func (f *asofForgets) forget(a *asof) error {
	w, err := f.until.value()
	if err != nil || w == nil {
		return err
	}
	bound := vec.AppendOrdered(nil, w, 0)
	if bytes.Equal(bound, f.passed) {
		return nil
	}
	f.passed = bound
	for side, times := range f.times {
		times.Ascend(nil, bound, func(key []byte, _ int64) bool {
			f.time.Reset()
			f.drop(a, side, vec.DecodeOrdered(key, f.time), bound)
			return true
		})
		times.EvictBelow(bound)
	}
	return nil
}

// drop removes the rows of some keys below a time, of the right side all but the latest.
func (f *asofForgets) drop(a *asof, side int, partition, bound []byte) {
	a.data, f.gone = a.data[:0], f.gone[:0]
	rows := a.sides[side].rows
	f.key = append(append(f.key[:0], partition...), bound...)
	to := f.key
	if side == 1 {
		to = nil
		rows.Descend(partition, f.key, func(key []byte, _ int64) bool {
			to = a.keep(storedRow{key: key}.peers())
			return false
		})
		if to == nil {
			return
		}
	}
	rows.Ascend(partition, to, func(key []byte, weight int64) bool {
		f.gone = append(f.gone, storedRow{a.keep(key), weight})
		return true
	})
	for _, g := range f.gone {
		rows.Add(g.key, -g.weight)
	}
}
