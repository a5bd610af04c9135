package naive

import (
	"time"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// day is 24 hours in microseconds.
const day = int64(24 * time.Hour / time.Microsecond)

// zoned converts between moments and what clocks show, in microseconds or days, by
// package time alone; other conversions it does not know.
func zoned(x *expr.Cast, v any) (out any, known bool) {
	from, to := x.Arg.Type(), x.To
	at, isTime := v.(int64)
	if !isTime || from.Zoned == to.Zoned || from.Kind == types.Timestamp && to.Kind == types.Timestamp && from.Precision > to.Precision {
		return nil, false
	}
	switch {
	case from.Zoned && to.Kind == types.Timestamp:
		return wall(at, to, from.Zone.Location())
	case from.Zoned && to.Kind == types.Date:
		return wall(at, to, from.Zone.Location())
	case to.Zoned && from.Kind == types.Date:
		return firstShown(at*day, to.Zone.Location()), true
	case to.Zoned && from.Kind == types.Timestamp:
		return firstShown(at, to.Zone.Location()), true
	}
	return nil, false
}

// wall is what a clock shows at a moment: a time, or its day.
func wall(at int64, as types.Type, loc *time.Location) (any, bool) {
	t := time.UnixMicro(at).In(loc)
	shown := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC).UnixMicro()
	if as.Kind == types.Date {
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60), true
	}
	return shown, true
}

// firstShown is the first moment at which a clock shows a time, or the moment at which it
// is put forward beyond it.
func firstShown(local int64, loc *time.Location) int64 {
	before := time.UnixMicro(local - day).In(loc)
	_, early := before.Zone()
	_, late := time.UnixMicro(local + day).In(loc).Zone()
	for _, offset := range []int{max(early, late), min(early, late)} {
		at := local - int64(offset)*1_000_000
		if shown, _ := wall(at, types.Of(types.Timestamp), loc); shown == local {
			return at
		}
	}
	_, forward := before.ZoneBounds()
	return forward.UnixMicro()
}
