package sqlstream

import (
	"maps"
	"slices"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/stream"
)

// showWatermarks tells of each running query how far the event time of the tables has
// come that it reads itself, by partition, as of its last epoch.
func (db *DB) showWatermarks(keep func(string) bool) *Rows {
	l := newListing("query", "table", "partition", "watermark", "state", "late_rows#", "holds_since", "table_watermark")
	for _, q := range db.Queries() {
		if status, _ := q.Status(); status != Running || !keep(q.Name()) {
			continue
		}
		for _, s := range q.Progress().Sources {
			if s.EventTime == nil || !s.ReadBy(q.Name()) {
				continue
			}
			e := s.EventTime
			for _, split := range slices.SortedFunc(maps.Keys(e.Splits), stream.CompareSplits) {
				l.add(q.Name(), s.Description, split, shownMoment(e.Splits[split]), timeState(e, split), e.LateBy[split],
					holdsSince(e, split), shownMoment(e.Watermark))
			}
		}
	}
	return l.result()
}

func timeState(e *stream.EventTime, split connectors.Split) string {
	switch {
	case slices.Contains(e.Idle, split):
		return "idle"
	case slices.Contains(e.Silent, split):
		return "no rows"
	}
	return "active"
}

// holdsSince is since when the table's watermark stands at that of a split, nil where the
// split does not hold it back.
func holdsSince(e *stream.EventTime, split connectors.Split) any {
	if e.HeldBy == "" || slices.Contains(e.Idle, split) {
		return nil
	}
	own, least := e.Splits[split], e.Splits[e.HeldBy]
	if (own == nil) != (least == nil) || own != nil && !own.Equal(*least) {
		return nil
	}
	return shownMoment(e.HeldSince)
}

// shownMoment is a time in UTC, nil where there is none.
func shownMoment(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Format("2006-01-02 15:04:05.999999")
}
