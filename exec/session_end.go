package exec

import (
	"encoding/binary"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// sessionEnds knows the sessions in the order of their ends, so that those below a
// watermark are found at a cost that follows their number.
type sessionEnds struct {
	rows  *partitions
	gap   int64
	until *watermark
	ends  state.Ordered // end, start, partition
	key   []byte
	bound []byte
	gone  []storedRow
	data  []byte
}

func openSessionEnds(env *Env, rows *partitions, p *Session) (*sessionEnds, error) {
	e := &sessionEnds{rows: rows, gap: p.Gap}
	var err error
	if e.until, err = p.Until.open(env.watermarks); err != nil {
		return nil, err
	}
	e.ends, err = env.State.Ordered(env.Name + "/ends")
	return e, err
}

// appendTime appends a time so that times order as their bytes.
func appendTime(dst []byte, t int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(t)^1<<63)
}

// note takes down the sessions of a stretch: those that were go, those that are come.
func (e *sessionEnds) note(partition []byte, stretch []sessionRow) {
	for _, old := range []bool{true, false} {
		w := sessions{rows: stretch, gap: e.gap, old: old}
		for i := range stretch {
			if i < w.next || !w.there(i) {
				continue
			}
			w.at(i)
			e.key = append(appendTime(appendTime(e.key[:0], w.end), w.start), partition...)
			weight := int64(1)
			if old {
				weight = -1
			}
			e.ends.Add(e.key, weight)
		}
	}
}

// forget drops the sessions that end below the watermark, and their rows.
func (e *sessionEnds) forget() error {
	w, err := e.until.value()
	if err != nil || w == nil {
		return err
	}
	bound := appendTime(nil, vec.Int(w, w.At(0)))
	e.data, e.gone = e.data[:0], e.gone[:0]
	e.ends.Ascend(nil, bound, func(key []byte, _ int64) bool {
		end, start, partition := key[:8], key[8:16], key[16:]
		last := int64(binary.BigEndian.Uint64(end)^1<<63) - e.gap
		e.key = append(append(append(e.key[:0], partition...), 1), start...)
		e.bound = appendTime(append(append(e.bound[:0], partition...), 1), last+1)
		e.rows.rows.Ascend(e.key, e.bound, func(row []byte, weight int64) bool {
			from := len(e.data)
			e.data = append(e.data, row...)
			e.gone = append(e.gone, storedRow{e.data[from:], -weight})
			return true
		})
		return true
	})
	e.rows.apply(e.gone)
	e.ends.EvictBelow(bound)
	return nil
}
