package stream

import (
	"context"
	"math/bits"
	"slices"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
)

// A backlog is how many records the splits of a scan have that no epoch has taken in.
type backlog struct {
	splits  []connectors.Split
	records []int64
	total   float64
}

// ahead looks at the source and returns what there is to read, no further than where its twin is,
// another scan of the same table.
func (s *scan) ahead(ctx context.Context, trigger time.Duration, twin *scan) (backlog, error) {
	if err := s.lookBy(ctx, s.latestFor(trigger, twin)); err != nil {
		return backlog{}, err
	}
	if twin != nil {
		s.latest = nearest(s.latest, twin.latest)
	}
	var b backlog
	for split := range s.latest {
		if s.until(split) > s.pos[split] {
			b.splits = append(b.splits, split)
		}
	}
	slices.SortFunc(b.splits, CompareSplits)
	for _, split := range b.splits {
		n := int64(s.until(split) - s.pos[split])
		b.records = append(b.records, n)
		b.total += float64(n)
	}
	return b, nil
}

// limit is how many records an epoch may read: so many, and bytes as far as the records seen tell.
func (s *scan) limit(l Limits) int64 {
	return max(min(l.MaxRows, int64(float64(l.MaxBytes)/s.rowBytes)), 1)
}

// plan returns the ranges of the next epoch: at most limit records, shared among the splits by how
// much each has.
func (s *scan) plan(b backlog, limit, bytes int64) []connectors.Range {
	s.spent.Store(0)
	s.budget = bytes
	share(b.records, limit, s.turn)
	s.turn++
	var ranges []connectors.Range
	for i, split := range b.splits {
		if n := connectors.Offset(b.records[i]); n > 0 {
			at := s.pos[split]
			ranges = append(ranges, connectors.Range{Split: split, From: at, To: at + n})
		}
	}
	return ranges
}

// share cuts down backlogs, all of them above 0, to at most limit together: each gets
// one row and a part of the rest by its size. Where there are not even enough for that,
// they take turns.
func share(backlog []int64, limit int64, turn int) {
	n := int64(len(backlog))
	var total int64
	for _, b := range backlog {
		total += b
	}
	switch {
	case total <= limit:
	case limit < n:
		for i := range backlog {
			backlog[i] = 0
		}
		for k := range limit {
			backlog[(int64(turn)*limit+k)%n] = 1
		}
	default:
		for i, b := range backlog {
			hi, lo := bits.Mul64(uint64(b-1), uint64(limit-n))
			q, _ := bits.Div64(hi, lo, uint64(total-n))
			backlog[i] = 1 + int64(q)
		}
	}
}

// leastShare is the part of an epoch's limit that a table may read however little it has: what is
// small is there at once.
const leastShare = 64

// even cuts limits down to the same part of the backlog for all tables with a watermark that a query
// reads, so that the times of one that has fewer records do not run ahead of those of another when
// both are read from their start. What is ahead would have to be kept until the watermarks of all
// pass it. A table that several queries read is as fast as the one that wants it fastest: one that
// begins does not hold up those that are at the end.
func (d *dataflow) even(backlogs []backlog, limits []int64) {
	parts := map[*member]float64{}
	for i, s := range d.scans {
		if s.time == nil || backlogs[i].total == 0 {
			continue
		}
		for _, u := range s.uses {
			part, ok := parts[u.member]
			if fits := float64(limits[i]) / backlogs[i].total; !ok || fits < part {
				parts[u.member] = fits
			}
		}
	}
	for i, s := range d.scans {
		if s.time == nil {
			continue
		}
		part := 0.0
		for _, u := range s.uses {
			part = max(part, parts[u.member])
		}
		limits[i] = min(limits[i], max(int64(part*backlogs[i].total), limits[i]/leastShare, 1))
	}
}
