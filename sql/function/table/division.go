package table

import (
	"github.com/sqlstream/sqlstream/sql/types"
)

// A span is a length of time: months of the calendar, or microseconds. One of them is 0.
type span struct{ months, micros int64 }

// whole reports that a span is of whole days, which the clocks of a zone may make longer or
// shorter than 24 hours each.
func (s span) whole() bool { return s.months != 0 || s.micros%types.MicrosPerDay == 0 }

// A grid is moments without end in both directions, numbered from that at 1970-01-01 plus
// the offset on: a span lies between each and the next.
type grid struct {
	every, offset span
	zone          *types.Zone // whose clock and calendar count; nil for UTC
}

// local is what the clock shows at moment i.
func (g *grid) local(i int64) int64 {
	if g.every.months == 0 {
		return i*g.every.micros + g.offset.micros
	}
	m := i*g.every.months + g.offset.months
	year := floorDiv(m, 12)
	return int64(types.Days(int(1970+year), int(m-12*year)+1, 1))*types.MicrosPerDay + g.offset.micros
}

// at is moment i.
func (g *grid) at(i int64) int64 { return g.zone.Moment(g.local(i)) }

// index is the number of the last moment that is not after t.
func (g *grid) index(t int64) int64 {
	shown := g.zone.Local(t) - g.offset.micros
	var i int64
	if g.every.months == 0 {
		i = floorDiv(shown, g.every.micros)
	} else {
		day, _ := types.Split(shown)
		year, month, _ := types.Civil(day)
		i = floorDiv(int64(year-1970)*12+int64(month-1)-g.offset.months, g.every.months)
	}
	if g.zone == nil {
		return i
	}
	for g.at(i+1) <= t { // where clocks are put back a time is shown twice
		i++
	}
	for g.at(i) > t {
		i--
	}
	return i
}

// A division is the windows that time is divided into: [start, end) each.
type division struct {
	starts grid // where windows begin
	size   span // of TUMBLE and HOP
	step   span // by which those of CUMULATE grow, each up to where the next begin; 0 else
}

// hop calls f for each window that holds t, in the order of the windows; without any for
// nothing. f returns false to stop.
func (d *division) hop(t int64, f func(start, end int64) bool) bool {
	for i, last := d.first(t), d.starts.index(t); i <= last; i++ {
		if !f(d.starts.at(i), d.end(i)) {
			return false
		}
	}
	return true
}

// first is the number of the first window that ends after t.
func (d *division) first(t int64) int64 {
	if d.starts.zone == nil && d.starts.every.months == 0 && d.size.months == 0 {
		return floorDiv(t-d.size.micros-d.starts.offset.micros, d.starts.every.micros) + 1
	}
	i := d.starts.index(t)
	for d.end(i-1) > t {
		i--
	}
	for d.end(i) <= t { // between two windows
		i++
	}
	return i
}

// end is where window i ends, of those that do not grow.
func (d *division) end(i int64) int64 { return d.after(d.starts.local(i), d.size) }

// after is the moment at which a span is over that began when the clock showed a time.
func (d *division) after(local int64, s span) int64 {
	if s.months == 0 {
		return d.starts.zone.Moment(local + s.micros)
	}
	end, ok := types.AddInterval(local, s.months, 0)
	if !ok { // beyond all times there are
		end = local + s.months*31*types.MicrosPerDay
	}
	return d.starts.zone.Moment(end)
}

// cumulate is hop for windows that grow.
func (d *division) cumulate(t int64, f func(start, end int64) bool) bool {
	i := d.starts.index(t)
	start, limit := d.starts.at(i), d.starts.at(i+1)
	for k := d.grown(i, t); ; k++ {
		end := min(d.mark(i, k), limit)
		if !f(start, end) {
			return false
		}
		if end == limit {
			return true
		}
	}
}

// mark is where window i has grown k times, as if there were no end to it. Steps of whole
// days end when the clock shows a time, others when so much time is over.
func (d *division) mark(i, k int64) int64 {
	if d.step.months == 0 && !d.step.whole() {
		return d.starts.at(i) + k*d.step.micros
	}
	return d.after(d.starts.local(i), span{d.step.months * k, d.step.micros * k})
}

// grown is how often window i has grown when it first holds t.
func (d *division) grown(i, t int64) int64 {
	k := int64(1)
	if d.step.months == 0 {
		k = max(1, (t-d.starts.at(i))/d.step.micros)
	}
	for k > 1 && d.mark(i, k-1) > t {
		k--
	}
	for d.mark(i, k) <= t {
		k++
	}
	return k
}

// windowEnd is the least end of a window that holds t, or where none does, as between those
// of a HOP with gaps, of a window of later times. It never falls as t grows.
func (d *division) windowEnd(t int64) int64 {
	if d.step != (span{}) {
		i := d.starts.index(t)
		return min(d.mark(i, d.grown(i, t)), d.starts.at(i+1))
	}
	return d.end(d.first(t))
}

// least are the least columns that the windows of t and later times have.
func (d *division) least(t int64) []int64 {
	end := d.windowEnd(t)
	start := d.starts.index(t)
	if d.step == (span{}) {
		start = d.first(t)
	}
	return []int64{d.starts.at(start), end, end - 1000}
}

// floorDiv is a / b, rounded down; b is positive.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
