package sqlstream

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/stream"
)

// showWatermarks tells of each running query how far the event time of the tables has
// come that it reads itself, by partition, and up to where its result is final, by column, as
// of its last epoch.
func (db *DB) showWatermarks(keep func(string) bool) *Rows {
	l := newListing("query", "table", "column", "partition", "watermark", "state", "late_rows#", "holds_since", "table_watermark")
	for _, q := range db.Queries() {
		p := q.Progress()
		if status, _ := q.Status(); status != Running || !keep(q.Name()) {
			continue
		}
		for _, s := range p.Sources {
			if s.EventTime == nil || !s.ReadBy(q.Name()) {
				continue
			}
			e, column := s.EventTime, db.timeColumn(s.Description)
			for _, split := range slices.SortedFunc(maps.Keys(e.Splits), stream.CompareSplits) {
				l.add(q.Name(), s.Description, column, split, shownMoment(e.Splits[split]), timeState(e, split), e.LateBy[split],
					holdsSince(e, split), shownMoment(e.Watermark))
			}
		}
		for _, f := range q.Schema().Fields {
			if w, ok := p.FinalBelow[f.Name]; ok {
				l.add(q.Name(), nil, f.Name, nil, w, "result", nil, nil, nil)
			}
		}
	}
	return l.result()
}

// timeColumn is the column of a table, or of what is late of it, that has its watermark; nil
// where the table is no more.
func (db *DB) timeColumn(table string) any {
	if of, ok := strings.CutPrefix(table, "LATE("); ok {
		table = strings.TrimSuffix(of, ")")
	}
	e, ok := db.catalog.Lookup(table)
	if !ok || e.Watermark == nil {
		return nil
	}
	return e.Schema.Fields[e.Watermark.Column].Name
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
