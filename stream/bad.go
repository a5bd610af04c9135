package stream

import (
	"fmt"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/zset"
)

// ErrorsName is how the records of a table that cannot be read are written.
func ErrorsName(table string) string { return "ERRORS(" + table + ")" }

// decoder returns what makes rows of the scan's records.
func (s *scan) decoder() (format.Decoder, error) {
	if s.spec.Errors {
		return format.NewBadDecoder(s.spec.Format, s.spec.Table, s.columns)
	}
	return s.spec.Format.NewDecoder(format.DecodeSpec{Table: s.table, Columns: s.columns, OnError: s.spec.OnError})
}

// addBad takes note of records of a batch that could not be read, and keeps them where
// some member writes them elsewhere.
func (l *lane) addBad(records []connectors.Record, bad []connectors.BadRecord) {
	if len(bad) == 0 {
		return
	}
	l.bad = append(l.bad, bad...)
	if l.dead != nil {
		format.EachBad(records, bad, func(rec *connectors.Record, reason string) { format.AppendDeadLetter(l.dead, rec, reason) })
	}
}

// openDead has a lane keep the records that cannot be read where somebody wants them.
func (s *scan) openDead(l *lane) {
	if !s.spec.plain() {
		return
	}
	for _, u := range s.uses {
		for _, out := range u.member.spec.Sinks {
			if out.DeadLetters == s.spec.Table {
				l.dead = zset.NewBuilder(format.DeadLetterSchema())
				return
			}
		}
	}
}

// countBad ends the epoch for the records that could not be read.
func (s *scan) countBad() error {
	s.badNow = s.badNow[:0]
	var dead []*zset.Batch
	for _, l := range s.lanes {
		s.badNow = append(s.badNow, l.bad...)
		l.bad = l.bad[:0]
		if l.dead != nil && l.dead.Len() > 0 {
			dead = append(dead, l.dead.Build())
			l.dead = zset.NewBuilder(l.dead.Schema)
		}
	}
	for _, u := range s.uses {
		if s.spec.plain() {
			u.member.setDead(s.spec.Table, dead)
		}
	}
	s.bad += int64(len(s.badNow))
	if most := s.spec.MaxBad; most != nil && s.bad > *most && len(s.badNow) > 0 {
		return s.wrap(fmt.Errorf("%d of its records could not be read, more than max_bad_records (%d); the last: %w", s.bad, *most, &s.badNow[len(s.badNow)-1]))
	}
	return nil
}

// tellBad has people know of the first record of an epoch that could not be read.
func (s *scan) tellBad(notice func(string)) {
	if len(s.badNow) > 0 {
		notice(fmt.Sprintf("table %s: bad record %v (%d so far)", s.spec.Table.Name, s.spec.Table.Hide(&s.badNow[0]), s.bad))
	}
}

// setDead gives the member the records of a table that could not be read in this epoch.
func (m *member) setDead(of *connectors.Table, records []*zset.Batch) {
	if m.dead == nil {
		m.dead = map[*connectors.Table][]*zset.Batch{}
	}
	m.dead[of] = records
}
