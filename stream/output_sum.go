package stream

import (
	"slices"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A summing adds up the hashes of the rows that a query puts out in an epoch.
type summing struct {
	columns []int // all but those of floats, whose last bits may depend on the order of additions
	sum     uint64
	hashes  []uint64
	cols    []*vec.Vec
}

func newSumming(schema *types.Schema) *summing {
	s := &summing{}
	for i, f := range schema.Fields {
		if !hasFloat(f.Type) {
			s.columns = append(s.columns, i)
		}
	}
	return s
}

func hasFloat(t types.Type) bool {
	return t.IsFloat() || t.Key != nil && hasFloat(*t.Key) || t.Elem != nil && hasFloat(*t.Elem) ||
		slices.ContainsFunc(t.Fields, func(f types.Field) bool { return hasFloat(f.Type) })
}

// add takes in rows. How often a row is there counts, and not in how many parts.
func (s *summing) add(b *zset.Batch) error {
	if s == nil {
		return nil
	}
	return b.Parts(func(part *zset.Batch) error {
		if cap(s.hashes) < part.Len {
			s.hashes = make([]uint64, max(part.Len, vec.BatchRows))
		}
		s.cols = s.cols[:0]
		for _, c := range s.columns {
			s.cols = append(s.cols, part.Cols[c])
		}
		hashes := s.hashes[:part.Len]
		zset.HashRows(s.cols, part.Len, hashes)
		if part.Weights == nil {
			for _, h := range hashes {
				s.sum += h
			}
			return nil
		}
		for i, h := range hashes {
			s.sum += h * uint64(part.Weights[i])
		}
		return nil
	})
}

// take returns the sum and begins anew.
func (s *summing) take() uint64 {
	sum := s.sum
	s.sum = 0
	return sum
}
