package scalar

import (
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

type dayRow = func(c *function.Call, args []*vec.Vec, row int) (day int32, ok bool, err error)

func dateOf(f dayRow, args ...types.Type) function.Overload {
	return function.Overload{Args: function.Params(args...), Returns: function.Always(function.Date), Eval: function.Fixed(f)}
}

// Date is DATE(x).
var Date = function.Scalar{
	Name: "date", Category: ofTime,
	Doc: "The day of a point in time.",
	Examples: []function.Example{
		{Expr: "date('2026-11-25 10:20:30')", Value: "2026-11-25"},
		{Expr: "date(TIMESTAMP '1969-12-31 23:59:59')", Value: "1969-12-31"},
		{Expr: "date(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		{Args: function.Params(function.Date), Returns: first, Eval: func(_ *function.Call, args []*vec.Vec) (*vec.Vec, error) { return args[0], nil }},
		dateOf(func(_ *function.Call, args []*vec.Vec, row int) (int32, bool, error) {
			return dayAt(args[0], row), true, nil
		}, function.Timestamp),
	},
}

// Time is TIME(x).
var Time = function.Scalar{
	Name: "time", Category: ofTime,
	Doc: "The time of day of a point in time.",
	Examples: []function.Example{
		{Expr: "time(TIMESTAMP '2026-11-25 10:20:30.5')", Value: "10:20:30.5"},
		{Expr: "time('10:20:30') = TIME '10:20:30'", Value: "true"},
		{Expr: "time(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		{
			Args: function.Params(function.Timestamp),
			Returns: func(args []types.Type) types.Type {
				return types.Type{Kind: types.Time, Precision: args[0].Precision}
			},
			Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
				_, ofDay := types.Split(intAt(args, 0, row))
				return ofDay, true, nil
			}),
		},
		{Args: function.Params(function.Time), Returns: first, Eval: func(_ *function.Call, args []*vec.Vec) (*vec.Vec, error) { return args[0], nil }},
	},
}

// LastDay is LAST_DAY(x).
var LastDay = function.Scalar{
	Name: "last_day", Category: ofTime,
	Doc: "The last day of a date's month.",
	Examples: []function.Example{
		{Expr: "last_day('2024-02-05')", Value: "2024-02-29"},
		{Expr: "last_day(TIMESTAMP '2026-11-25 10:20:30')", Value: "2026-11-30"},
		{Expr: "last_day(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{dateOf(lastDay, function.Date), dateOf(lastDay, function.Timestamp)},
}

func lastDay(_ *function.Call, args []*vec.Vec, row int) (int32, bool, error) {
	y, m, _ := types.Civil(dayAt(args[0], row))
	return types.Days(y, m, types.DaysIn(y, m)), true, nil
}

// MakeDate is MAKEDATE(year, day).
var MakeDate = function.Scalar{
	Name: "makedate", Category: ofTime,
	Doc: "The date of a year's n-th day; n may lie beyond the year's end. Years 0 to 69 are 2000 to 2069, 70 to 99 are 1970 to 1999. NULL where n is not positive or the year beyond 9999.",
	Examples: []function.Example{
		{Expr: "makedate(2026, 32)", Value: "2026-02-01"},
		{Expr: "makedate(24, 366)", Value: "2024-12-31"},
		{Expr: "makedate(2026, 0)", Value: "NULL"},
		{Expr: "makedate(NULL, 1)", Value: "NULL"},
	},
	Overloads: []function.Overload{dateOf(func(_ *function.Call, args []*vec.Vec, row int) (int32, bool, error) {
		y, n := intAt(args, 0, row), intAt(args, 1, row)
		switch {
		case y >= 0 && y < 70:
			y += 2000
		case y >= 70 && y < 100:
			y += 1900
		}
		if y < 0 || y > 9999 || n < 1 || n > 366*10000 {
			return 0, false, nil
		}
		day := types.Days(int(y), 1, 1) + int32(n-1)
		return day, day < types.Days(10000, 1, 1), nil
	}, function.Int, function.Int)},
}

// DateDiff is DATEDIFF(a, b).
var DateDiff = function.Scalar{
	Name: "datediff", Category: ofTime,
	Doc: "The days from the second date to the first, whatever the times of day.",
	Examples: []function.Example{
		{Expr: "datediff('2026-11-25 23:59:59', '2026-11-24')", Value: "1"},
		{Expr: "datediff(DATE '2026-01-01', DATE '2026-12-31')", Value: "-364"},
		{Expr: "datediff('2026-01-01', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		return int64(dayAt(args[0], row)) - int64(dayAt(args[1], row)), true, nil
	}, function.Timestamp, function.Timestamp)},
}

// monthUnits and microUnits are the units of time: those of a fixed length and those
// of months.
var (
	monthUnits = map[string]int64{"month": 1, "quarter": 3, "year": 12}
	microUnits = map[string]int64{
		"microsecond": 1, "millisecond": 1000, "second": types.MicrosPerSecond, "minute": types.MicrosPerMinute,
		"hour": types.MicrosPerHour, "day": types.MicrosPerDay, "week": 7 * types.MicrosPerDay,
	}
)

func errUnit(unit []byte) error {
	return fmt.Errorf("'%s' is not a unit of time; there are year, quarter, month, week, day, hour, minute, second, millisecond and microsecond", unit)
}

// TimestampDiff is TIMESTAMPDIFF(unit, a, b).
var TimestampDiff = function.Scalar{
	Name: "timestampdiff", Category: ofTime,
	Doc: "The whole units (MICROSECOND to YEAR) from the first point in time to the second.",
	Examples: []function.Example{
		{Expr: "timestampdiff(MONTH, '2026-01-31', '2026-03-30')", Value: "1"},
		{Expr: "timestampdiff(HOUR, '2026-11-25 10:30:00', '2026-11-26 10:29:59')", Value: "23"},
		{Expr: "timestampdiff(YEAR, DATE '2026-11-25', DATE '2024-11-25')", Value: "-2"},
		{Expr: "timestampdiff(DAY, NULL, '2026-01-01')", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		return timeDiff(args[0].Bytes(row), intAt(args, 1, row), intAt(args, 2, row))
	}, function.Text, function.Timestamp, function.Timestamp), {
		Args: function.Params(function.Text, function.Moment, function.Moment), Returns: function.Always(function.Int),
		Eval: momentDiff,
	}},
}

// momentDiff counts months in the calendar of the zone, and other units by the clock that
// nobody puts back.
func momentDiff(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
	clock := types.NewClock(args[1].Type.Zone)
	return function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		from, to := intAt(args, 1, row), intAt(args, 2, row)
		if _, months := monthUnits[string(args[0].Bytes(row))]; months {
			from, to = clock.Local(from), clock.Local(to)
		}
		return timeDiff(args[0].Bytes(row), from, to)
	})(c, args)
}

func timeDiff(unit []byte, from, to int64) (int64, bool, error) {
	if micros, ok := microUnits[string(unit)]; ok {
		return (to - from) / micros, true, nil
	}
	months, ok := monthUnits[string(unit)]
	if !ok {
		return 0, false, errUnit(unit)
	}
	if to < from {
		return -monthsBetween(to, from) / months, true, nil
	}
	return monthsBetween(from, to) / months, true, nil
}

// monthsBetween counts whole months; from is not beyond to.
func monthsBetween(from, to int64) int64 {
	d1, t1 := types.Split(from)
	d2, t2 := types.Split(to)
	y1, m1, day1 := types.Civil(d1)
	y2, m2, day2 := types.Civil(d2)
	n := int64(y2-y1)*12 + int64(m2-m1)
	if day2 < day1 || day2 == day1 && t2 < t1 {
		n--
	}
	return n
}

var errTime = errors.New("the point in time is out of range")

// TimestampAdd is TIMESTAMPADD(unit, n, t).
var TimestampAdd = function.Scalar{
	Name: "timestampadd", Category: ofTime,
	Doc: "The point in time n units (MICROSECOND to YEAR) later. A month's last days stay within the month that is reached.",
	Examples: []function.Example{
		{Expr: "timestampadd(MONTH, 1, TIMESTAMP '2026-01-31 10:20:30')", Value: "2026-02-28 10:20:30"},
		{Expr: "timestampadd(MINUTE, -1, DATE '2026-01-01')", Value: "2025-12-31 23:59:00"},
		{Expr: "timestampadd(DAY, NULL, DATE '2026-01-01')", Value: "NULL"},
	},
	Overloads: []function.Overload{
		{
			Args: function.Params(function.Text, function.Int, function.Date), Returns: function.Always(types.TimestampOf(0)),
			ReturnsOf: func(_ []types.Type, constant func(int) any) types.Type {
				if constant(0) == "microsecond" {
					return function.Timestamp
				}
				return types.TimestampOf(0)
			},
			Eval: function.Fixed(timestampAdd),
		},
		{
			Args: function.Params(function.Text, function.Int, function.Timestamp),
			ReturnsOf: func(args []types.Type, constant func(int) any) types.Type {
				if constant(0) == "microsecond" {
					return function.Timestamp
				}
				return args[2]
			},
			Eval: function.Fixed(timestampAdd),
		},
		{
			Args: function.Params(function.Text, function.Int, function.Moment),
			ReturnsOf: func(args []types.Type, constant func(int) any) types.Type {
				if constant(0) == "microsecond" {
					return function.Moment
				}
				return args[2]
			},
			Eval: function.Fixed(timestampAdd),
		},
	},
}

func timestampAdd(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
	unit, n, t := args[0].Bytes(row), intAt(args, 1, row), momentAt(args[2], row)
	per, isMonths := monthUnits[string(unit)]
	micros, isMicros := microUnits[string(unit)]
	if !isMonths && !isMicros {
		return 0, false, errUnit(unit)
	}
	const most = 10000 * 366 * 24 * 3600 * 1_000_000 // microseconds of all years
	switch n = min(max(n, -most), most); {
	case isMonths:
		n = min(max(n, -most/100), most/100) * per
		micros = 0
	case n > most/micros || n < -most/micros:
		return 0, false, errTime
	default:
		n, micros = 0, n*micros
	}
	t, ok := types.AddIntervalIn(args[2].Type.Zone, t, n, micros)
	if !ok {
		return 0, false, errTime
	}
	return t, true, nil
}

// DateTrunc is DATE_TRUNC(unit, t).
var DateTrunc = function.Scalar{
	Name: "date_trunc", Category: ofTime,
	Doc: "The point in time at which the unit ('year', 'quarter', 'month', 'week', 'day', 'hour' …) began that a point in time lies in. Weeks begin on Monday.",
	Examples: []function.Example{
		{Expr: "date_trunc('hour', TIMESTAMP '2026-11-25 10:20:30')", Value: "2026-11-25 10:00:00"},
		{Expr: "date_trunc('quarter', DATE '2026-11-25')", Value: "2026-10-01 00:00:00"},
		{Expr: "date_trunc('week', TIMESTAMP '2026-11-25 10:20:30')", Value: "2026-11-23 00:00:00"},
		{Expr: "date_trunc('day', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		{Args: function.Params(function.Text, function.Date), Returns: function.Always(types.TimestampOf(0)), Eval: function.Fixed(dateTrunc)},
		{Args: function.Params(function.Text, function.Timestamp), Returns: func(args []types.Type) types.Type { return args[1] }, Eval: function.Fixed(dateTrunc)},
		{Args: function.Params(function.Text, function.Moment), Returns: func(args []types.Type) types.Type { return args[1] }, Eval: momentTrunc},
	},
}

// momentTrunc is dateTrunc by the clock of the zone. Units up to the hour keep its
// offset, so that an hour that is shown twice is two hours.
func momentTrunc(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
	clock := types.NewClock(args[1].Type.Zone)
	return function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		unit, t := args[0].Bytes(row), intAt(args, 1, row)
		local := clock.Local(t)
		began, ok, err := truncated(unit, local)
		if micros := microUnits[string(unit)]; err != nil || micros > 0 && micros <= types.MicrosPerHour {
			return t - (local - began), ok, err
		}
		return clock.Moment(began), ok, err
	})(c, args)
}

func dateTrunc(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
	return truncated(args[0].Bytes(row), momentAt(args[1], row))
}

func truncated(unit []byte, t int64) (int64, bool, error) {
	switch string(unit) {
	case "week":
		day, _ := types.Split(t)
		return int64(day-int32(weekdayOf(day))) * types.MicrosPerDay, true, nil
	case "month", "quarter", "year":
		day, _ := types.Split(t)
		y, m, _ := types.Civil(day)
		per := int(monthUnits[string(unit)])
		return int64(types.Days(y, (m-1)/per*per+1, 1)) * types.MicrosPerDay, true, nil
	}
	micros, ok := microUnits[string(unit)]
	if !ok {
		return 0, false, errUnit(unit)
	}
	return floorTo(t, micros), true, nil
}
