package scalar

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// AtTimeZone is t AT TIME ZONE zone.
var AtTimeZone = function.Scalar{
	Name: "at_time_zone", Category: ofTime,
	Doc: "`t AT TIME ZONE zone`: of a TIMESTAMP WITH LOCAL TIME ZONE, the TIMESTAMP that clocks in the zone show then; of a TIMESTAMP, the moment at which they show it. A zone is a name such as Europe/Berlin or an offset such as +02:00; another is an error.",
	Examples: []function.Example{
		{Expr: "TIMESTAMP_LTZ '2026-11-25 10:20:30Z' AT TIME ZONE 'Europe/Berlin'", Value: "2026-11-25 11:20:30"},
		{Expr: "TIMESTAMP '2026-07-01 12:00:00.5' AT TIME ZONE 'Europe/Berlin'", Value: "2026-07-01 10:00:00.5"},
		{Expr: "TIMESTAMP '2026-07-01 12:00:00' AT TIME ZONE 'Europe/Berlin' AT TIME ZONE 'Asia/Seoul'", Value: "2026-07-01 19:00:00"},
		{Expr: "TIMESTAMP '2026-03-29 02:30:00' AT TIME ZONE 'Europe/Berlin'", Value: "2026-03-29 01:00:00"},
		{Expr: "DATE '2026-07-01' AT TIME ZONE '-05:30'", Value: "2026-07-01 05:30:00"},
		{Expr: "TIMESTAMP '2026-07-01 12:00:00' AT TIME ZONE NULL", Value: "NULL"},
	},
	Overloads: []function.Overload{
		{
			Args:    function.Params(function.Timestamp, function.Text),
			Returns: func(args []types.Type) types.Type { return types.TimestampLTZ(args[0].Precision, nil) },
			Eval:    inZone(func(c *types.Clock, t int64) int64 { return c.Moment(t) }),
		},
		{
			Args:    function.Params(function.Moment, function.Text),
			Returns: func(args []types.Type) types.Type { return types.TimestampOf(args[0].Precision) },
			Eval:    inZone(func(c *types.Clock, t int64) int64 { return c.Local(t) }),
		},
	},
}

// ConvertTz is CONVERT_TZ(t, from, to).
var ConvertTz = function.Scalar{
	Name: "convert_tz", Category: ofTime,
	Doc: "The time that clocks in the third argument's zone show when those in the second's show t. A time that is shown twice is the first one, one that is never shown the moment at which clocks are put forward. NULL where there is no such zone.",
	Examples: []function.Example{
		{Expr: "convert_tz('2026-11-25 12:00:00', 'UTC', 'Asia/Seoul')", Value: "2026-11-25 21:00:00"},
		{Expr: "convert_tz('2026-07-01 12:00:00.25', 'Europe/Berlin', '-03:00')", Value: "2026-07-01 07:00:00.25"},
		{Expr: "convert_tz('2026-10-25 02:30:00', 'Europe/Berlin', 'UTC')", Value: "2026-10-25 00:30:00"},
		{Expr: "convert_tz('2026-03-29 02:30:00', 'Europe/Berlin', 'UTC')", Value: "2026-03-29 01:00:00"},
		{Expr: "convert_tz('2026-11-25 12:00:00', 'UTC', 'Mars/Olympus')", Value: "NULL"},
		{Expr: "convert_tz(NULL, 'UTC', '+01:00')", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Timestamp, function.Text, function.Text), Returns: first,
		Eval: func(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
			var from, to zoneColumn
			return function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
				if from.at(args[1], row) != nil || to.at(args[2], row) != nil {
					return 0, false, nil
				}
				return within(to.clock.Local(from.clock.Moment(intAt(args, 0, row))))
			})(c, args)
		},
	}},
}

// ToTimestampLtz is TO_TIMESTAMP_LTZ(n[, digits]).
var ToTimestampLtz = function.Scalar{
	Name: "to_timestamp_ltz", Category: ofTime,
	Doc: "The moment so many milliseconds after 1970-01-01 00:00:00 UTC, or with 0 as the second argument, so many seconds; a text is read in the setting time_zone unless it names an offset.",
	Examples: []function.Example{
		{Expr: "to_timestamp_ltz(1795602030250)", Value: "2026-11-25 10:20:30.250"},
		{Expr: "to_timestamp_ltz(1795602030, 0)", Value: "2026-11-25 10:20:30.000"},
		{Expr: "to_timestamp_ltz('2026-11-25 19:20:30+09:00')", Value: "2026-11-25 10:20:30.000"},
		{Expr: "to_timestamp_ltz(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		toMoment(func(args []*vec.Vec, row int) (int64, bool) { return scaled(intAt(args, 0, row), 1000) }, function.Int),
		toMoment(func(args []*vec.Vec, row int) (int64, bool) {
			if digits := intAt(args, 1, row); digits == 0 {
				return scaled(intAt(args, 0, row), types.MicrosPerSecond)
			} else if digits != 3 {
				return 0, false
			}
			return scaled(intAt(args, 0, row), 1000)
		}, function.Int, function.Int),
		{Args: function.Params(function.Text), Returns: toMomentType, Eval: func(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
			return function.Fixed(func(c *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
				t, ok := types.ParseMoment(args[0].Bytes(row), c.Returns.Zone)
				if !ok {
					return 0, false, errMomentText(args[0].Bytes(row))
				}
				return within(floorTo(t, 1000))
			})(c, args)
		}},
	},
}

var toMomentType = function.Always(types.TimestampLTZ(3, nil))

func toMoment(f func(args []*vec.Vec, row int) (int64, bool), args ...types.Type) function.Overload {
	return function.Overload{
		Args: function.Params(args...), Returns: toMomentType,
		Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			t, ok := f(args, row)
			if !ok {
				return 0, false, errTime
			}
			return within(t)
		}),
	}
}

// scaled multiplies, false where that overflows.
func scaled(n, by int64) (int64, bool) {
	return n * by, n >= types.MinTimestamp/by && n < types.EndTimestamp/by
}

// within returns a point in time, or the error that it is none.
func within(t int64) (int64, bool, error) {
	if t < types.MinTimestamp || t >= types.EndTimestamp {
		return 0, false, errTime
	}
	return t, true, nil
}

// inZone makes a kernel of (time, zone).
func inZone(f func(c *types.Clock, t int64) int64) function.Kernel {
	return func(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
		var zone zoneColumn
		return function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			if err := zone.at(args[1], row); err != nil {
				return 0, false, err
			}
			return within(f(&zone.clock, intAt(args, 0, row)))
		})(c, args)
	}
}

// A zoneColumn reads a column of zones: one that comes again in the next row is not
// looked up again.
type zoneColumn struct {
	name  string
	read  bool
	clock types.Clock
	err   error
}

func (z *zoneColumn) at(v *vec.Vec, row int) error {
	name := v.Str(row)
	if !z.read || name != z.name {
		var zone *types.Zone
		zone, z.err = types.LoadZone(name)
		z.name, z.read, z.clock = name, true, types.NewClock(zone)
	}
	return z.err
}
