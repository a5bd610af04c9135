package naive

import (
	"errors"
	"time"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

var errBeyond = errors.New("a window lies beyond the times there are")

// timeWindows answers TUMBLE, HOP and CUMULATE for one time: known is false for any other
// function. It counts windows on a calendar, one after the other.
func timeWindows(name string, t types.Type, args Row) (rows []Row, known bool, err error) {
	if name != "tumble" && name != "hop" && name != "cumulate" {
		return nil, false, nil
	}
	at, ok := args[0].(int64)
	if !ok { // NULL
		return nil, true, nil
	}
	lengths := []vec.IntervalValue{}
	for _, a := range args[1:] {
		lengths = append(lengths, a.(vec.IntervalValue))
	}
	if name == "tumble" {
		lengths = append(lengths[:1:1], lengths...)
	}
	lengths = append(lengths, vec.IntervalValue{})
	every, size, c := lengths[0], lengths[1], calendar{time.UTC, lengths[2]}
	if t.Zoned && ofDays(size) && (ofDays(every) || name == "cumulate") {
		c.loc = t.Zone.Location()
	}
	ends := c.hop
	if name == "cumulate" {
		ends = c.cumulate
	}
	for _, w := range ends(at, every, size) {
		if start, end := w[0].(int64), w[1].(int64); start < types.MinTimestamp || end-1000 < types.MinTimestamp || end >= types.EndTimestamp {
			return nil, true, errBeyond
		}
		rows = append(rows, append(w, w[1].(int64)-1000))
	}
	return rows, true, nil
}

// hop goes back from the window that began last while they hold t.
func (c calendar) hop(t int64, every, size vec.IntervalValue) (rows []Row) {
	for i := c.last(t, every); c.plus(c.shown(i, every), size) > t; i-- {
		rows = append(rows, Row{c.at(i, every), c.plus(c.shown(i, every), size)})
	}
	return rows
}

// cumulate lets the window that holds t grow until another begins.
func (c calendar) cumulate(t int64, step, most vec.IntervalValue) (rows []Row) {
	i := c.last(t, most)
	start, limit := c.at(i, most), c.at(i+1, most)
	for k := int64(1); ; k++ {
		end := start + k*step.Micros
		if ofDays(step) {
			end = c.plus(c.shown(i, most), vec.IntervalValue{Months: k * step.Months, Micros: k * step.Micros})
		}
		if end = min(end, limit); end > t {
			rows = append(rows, Row{start, end})
		}
		if end == limit {
			return rows
		}
	}
}

func ofDays(s vec.IntervalValue) bool { return s.Months != 0 || s.Micros%day == 0 }

// A calendar is that of a zone, and where in it windows begin.
type calendar struct {
	loc    *time.Location
	offset vec.IntervalValue
}

// shown is what the clock shows at the i-th of the moments that lie a step apart, from 1970
// and the offset on.
func (c calendar) shown(i int64, every vec.IntervalValue) time.Time {
	month := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, int(i*every.Months+c.offset.Months), 0)
	return time.UnixMicro(month.UnixMicro() + i*every.Micros + c.offset.Micros).UTC()
}

func (c calendar) at(i int64, every vec.IntervalValue) int64 {
	return firstShown(c.shown(i, every).UnixMicro(), c.loc)
}

// plus is the moment a length of time after the clock showed a time, on the last day of a
// month that has no such day.
func (c calendar) plus(shown time.Time, s vec.IntervalValue) int64 {
	months := time.Month(s.Months)
	days := time.Date(shown.Year(), shown.Month()+months+1, 0, 0, 0, 0, 0, time.UTC).Day()
	date := time.Date(shown.Year(), shown.Month()+months, min(shown.Day(), days), shown.Hour(), shown.Minute(), shown.Second(), shown.Nanosecond(), time.UTC)
	return firstShown(date.UnixMicro()+s.Micros, c.loc)
}

// last is the number of the last of the moments that is not after t.
func (c calendar) last(t int64, every vec.IntervalValue) int64 {
	per := every.Micros + 31*day*every.Months
	i := t / per
	for c.at(i, every) > t {
		i -= 1 + (c.at(i, every)-t)/per
	}
	for c.at(i+1, every) <= t {
		i += 1 + (t-c.at(i+1, every))/per
	}
	return i
}
