package exec

import (
	"encoding/binary"

	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A givenRow is an entry of the rows that left rows were given.
type givenRow struct {
	key    []byte
	weight int64 // as stored
	gone   int64 // as much of it as goes
}

// note keeps what left rows are given in an epoch.
func (l *lookup) note(epoch int64, pairs *zset.Batch) {
	width := l.plan.Left.Schema().Len()
	for row := range pairs.Len {
		l.key = append(l.row(pairs.Cols[:width], row, epoch), 1)
		for _, c := range pairs.Cols[width:] {
			l.key = vec.AppendOrdered(l.key, c, row)
		}
		l.given.Add(l.key, pairs.Weight(row))
	}
}

// row begins the key of what a left row was given in an epoch.
func (l *lookup) row(cols []*vec.Vec, row int, epoch int64) []byte {
	l.key = l.key[:0]
	for _, c := range cols {
		l.key = vec.AppendOrdered(l.key, c, row)
	}
	l.key = binary.BigEndian.AppendUint64(l.key, uint64(epoch))
	return l.key
}

// epochBytes is the length of the epoch in a key.
const epochBytes = 8

// takeBack puts out what left rows that go were given, taken back.
func (l *lookup) takeBack(s *Step, left *zset.Batch) error {
	for row := range left.Len {
		w := -left.Weight(row)
		if w <= 0 {
			continue
		}
		begin := l.row(left.Cols, row, 0)
		begin = begin[:len(begin)-epochBytes]
		if err := l.takeRow(s, begin, w); err != nil {
			return err
		}
	}
	return l.flush(s)
}

// takeRow takes back what so many rows were given, of which the key begins alike.
func (l *lookup) takeRow(s *Step, begin []byte, w int64) error {
	l.found = l.found[:0]
	came, going := int64(0), int64(0)
	l.given.Ascend(begin, after(append([]byte(nil), begin...)), func(key []byte, weight int64) bool {
		if key[len(begin)+epochBytes] == 0 {
			if w == 0 {
				return false
			}
			came, going = weight, min(weight, w)
			w -= going
			l.found = append(l.found, givenRow{append([]byte(nil), key...), weight, going})
			return true
		}
		l.found = append(l.found, givenRow{append([]byte(nil), key...), weight, weight / came * going})
		return true
	})
	width := l.plan.Left.Schema().Len()
	for i, f := range l.found {
		l.given.Add(f.key, -f.gone)
		rest, lonely := f.key[len(begin)+epochBytes:], false
		if rest[0] == 0 {
			lonely = i+1 == len(l.found) || l.found[i+1].key[len(begin)+epochBytes] == 0
			if !lonely || !l.plan.Outer {
				continue
			}
		}
		at := f.key
		for _, b := range l.out.Cols[:width] {
			at = vec.DecodeOrdered(at, b)
		}
		rest = rest[1:]
		for _, b := range l.out.Cols[width:] {
			if lonely {
				b.AppendNull()
			} else {
				rest = vec.DecodeOrdered(rest, b)
			}
		}
		l.out.EndRowWeight(-f.gone)
		if l.out.Len() == vec.BatchRows {
			if err := l.flush(s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *lookup) flush(s *Step) error {
	if l.out.Len() == 0 {
		return nil
	}
	err := s.Emit(l.out.Build())
	l.out.Reset()
	return err
}
