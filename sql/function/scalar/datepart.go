package scalar

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// momentAt returns a row of a DATE or TIMESTAMP in microseconds.
func momentAt(v *vec.Vec, row int) int64 {
	if v.Type.Kind == types.Date {
		return int64(vec.Slice[int32](v)[v.At(row)]) * types.MicrosPerDay
	}
	return function.IntAt(v, row)
}

func dayAt(v *vec.Vec, row int) int32 {
	if v.Type.Kind == types.Date {
		return vec.Slice[int32](v)[v.At(row)]
	}
	day, _ := types.Split(function.IntAt(v, row))
	return day
}

// datePart declares a number that is read off a day.
func datePart(name, doc string, f func(day int32) int64, aliases []string, examples ...function.Example) function.Scalar {
	row := func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		return f(dayAt(args[0], row)), true, nil
	}
	return function.Scalar{
		Name: name, Aliases: aliases, Category: ofTime, Doc: doc,
		Examples:  append(examples, function.Example{Expr: name + "(NULL)", Value: "NULL"}),
		Overloads: []function.Overload{intOf(row, function.Date), intOf(row, function.Timestamp)},
	}
}

// clockPart declares a number that is read off a time of day.
func clockPart(name, doc string, f func(micros int64) int64, examples ...function.Example) function.Scalar {
	return function.Scalar{
		Name: name, Category: ofTime, Doc: doc,
		Examples: append(examples, function.Example{Expr: name + "(NULL)", Value: "NULL"}),
		Overloads: []function.Overload{
			intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
				_, ofDay := types.Split(intAt(args, 0, row))
				return f(ofDay), true, nil
			}, function.Timestamp),
			intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
				t := intAt(args, 0, row)
				return f(max(t, -t)), true, nil
			}, function.Time),
		},
	}
}

func yearOf(day int32) int64 {
	y, _, _ := types.Civil(day)
	return int64(y)
}

func monthOf(day int32) int64 {
	_, m, _ := types.Civil(day)
	return int64(m)
}

func dayOfYear(day int32) int64 { return int64(day-types.Days(int(yearOf(day)), 1, 1)) + 1 }

// weekdayOf returns 0 for Monday. The first of January 1970 was a Thursday.
func weekdayOf(day int32) int64 { return ((int64(day)+3)%7 + 7) % 7 }

// The parts of a date and of a time of day.
var (
	Year = datePart("year", "The year of a date.", yearOf, nil,
		function.Example{Expr: "year('2026-11-25')", Value: "2026"}, function.Example{Expr: "EXTRACT(YEAR FROM DATE '0099-01-01')", Value: "99"})
	Quarter = datePart("quarter", "The quarter of a date's year, 1 to 4.", func(d int32) int64 { return (monthOf(d)-1)/3 + 1 }, nil,
		function.Example{Expr: "quarter('2026-11-25')", Value: "4"}, function.Example{Expr: "EXTRACT(QUARTER FROM DATE '2026-03-31')", Value: "1"})
	Month = datePart("month", "The month of a date, 1 to 12.", monthOf, nil,
		function.Example{Expr: "month('2026-11-25 10:20:30')", Value: "11"}, function.Example{Expr: "month(DATE '2026-01-31')", Value: "1"})
	Day = datePart("day", "The day of a date's month, 1 to 31.", func(d int32) int64 { _, _, day := types.Civil(d); return int64(day) }, []string{"dayofmonth"},
		function.Example{Expr: "day('2026-11-25')", Value: "25"}, function.Example{Expr: "dayofmonth(TIMESTAMP '2026-11-25 23:59:59')", Value: "25"})
	DayOfYear = datePart("dayofyear", "The day of a date's year, 1 to 366.", dayOfYear, nil,
		function.Example{Expr: "dayofyear('2024-12-31')", Value: "366"}, function.Example{Expr: "dayofyear('2026-02-01')", Value: "32"})
	DayOfWeek = datePart("dayofweek", "The day of the week: 1 is Sunday, 7 Saturday.", func(d int32) int64 { return (weekdayOf(d)+1)%7 + 1 }, nil,
		function.Example{Expr: "dayofweek('2026-11-25')", Value: "4"}, function.Example{Expr: "dayofweek('1969-12-28')", Value: "1"})
	Weekday = datePart("weekday", "The day of the week: 0 is Monday, 6 Sunday.", weekdayOf, nil,
		function.Example{Expr: "weekday('2026-11-25')", Value: "2"}, function.Example{Expr: "weekday('1969-12-29')", Value: "0"})
	WeekOfYear = datePart("weekofyear", "The week of the year as ISO 8601 counts it, 1 to 53: week(date, 3).", func(d int32) int64 { w, _ := weekOf(d, 3); return w }, nil,
		function.Example{Expr: "weekofyear('2026-01-01')", Value: "1"}, function.Example{Expr: "weekofyear('2027-01-01')", Value: "53"})

	Hour = clockPart("hour", "The hour of a time; of a TIME it may exceed 23.", func(t int64) int64 { return t / types.MicrosPerHour },
		function.Example{Expr: "hour('2026-11-25 10:20:30')", Value: "10"}, function.Example{Expr: "hour(TIME '100:20:30')", Value: "100"})
	Minute = clockPart("minute", "The minute of a time.", func(t int64) int64 { return t / types.MicrosPerMinute % 60 },
		function.Example{Expr: "minute('10:20:30')", Value: "20"}, function.Example{Expr: "EXTRACT(MINUTE FROM TIMESTAMP '1969-12-31 23:59:01')", Value: "59"})
	Second = clockPart("second", "The second of a time.", func(t int64) int64 { return t / types.MicrosPerSecond % 60 },
		function.Example{Expr: "second('2026-11-25 10:20:30.9')", Value: "30"}, function.Example{Expr: "second(DATE '2026-11-25')", Value: "0"})
	Microsecond = clockPart("microsecond", "The microseconds of a time's second.", func(t int64) int64 { return t % types.MicrosPerSecond },
		function.Example{Expr: "microsecond('2026-11-25 10:20:30.123')", Value: "123000"}, function.Example{Expr: "microsecond(TIMESTAMP '2026-11-25 10:20:30')", Value: "0"})
)

// Week is WEEK(date[, mode]).
var Week = function.Scalar{
	Name: "week", Category: ofTime,
	Doc: "The week of the year in one of MySQL's modes 0 to 7; 0 if none is given: weeks begin on Sunday, days before the first Sunday are week 0.",
	Examples: []function.Example{
		{Expr: "week('2008-02-20')", Value: "7"},
		{Expr: "week('2008-02-20', 1)", Value: "8"},
		{Expr: "week('2008-12-31', 1)", Value: "53"},
		{Expr: "week(NULL)", Value: "NULL"},
	},
	Overloads: weeks(func(day int32, mode int64) int64 {
		w, _ := weekOf(day, mode)
		return w
	}),
}

// YearWeek is YEARWEEK(date[, mode]).
var YearWeek = function.Scalar{
	Name: "yearweek", Category: ofTime,
	Doc: "The year and the week together, as the number 202648. The modes are week's, but the days before week 1 belong to the year before.",
	Examples: []function.Example{
		{Expr: "yearweek('1987-01-01')", Value: "198652"},
		{Expr: "yearweek('2027-01-01', 3)", Value: "202653"},
		{Expr: "yearweek(NULL)", Value: "NULL"},
	},
	Overloads: weeks(func(day int32, mode int64) int64 {
		w, year := weekOf(day, mode|2)
		return int64(year)*100 + w
	}),
}

func weeks(f func(day int32, mode int64) int64) []function.Overload {
	one := func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		return f(dayAt(args[0], row), 0), true, nil
	}
	two := func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		return f(dayAt(args[0], row), intAt(args, 1, row)&7), true, nil
	}
	return []function.Overload{
		intOf(one, function.Date), intOf(one, function.Timestamp),
		intOf(two, function.Date, function.Int), intOf(two, function.Timestamp, function.Int),
	}
}

// weekOf returns the week and the year that it belongs to, in a mode of MySQL. Weeks
// begin on Sunday in the even modes and on Monday in the odd ones. Week 1 is the first
// with four days in the year in modes 1, 3, 4 and 6, else the first whole one. In modes
// 2, 3, 6 and 7 there is no week 0: the days before week 1 belong to the year before,
// the last ones perhaps to the next.
func weekOf(day int32, mode int64) (week int64, year int) {
	year = int(yearOf(day))
	if day >= firstWeek(year+1, mode) && mode&2 != 0 {
		return 1, year + 1
	}
	first := firstWeek(year, mode)
	if day < first {
		if mode&2 == 0 {
			return 0, year
		}
		year--
		first = firstWeek(year, mode)
	}
	return int64(day-first)/7 + 1, year
}

// firstWeek returns the day on which week 1 of a year begins.
func firstWeek(year int, mode int64) int32 {
	newYear := types.Days(year, 1, 1)
	into := int32(weekdayOf(newYear)) // days since the week began
	if mode&1 == 0 {
		into = (into + 1) % 7
	}
	fourDays := mode == 1 || mode == 3 || mode == 4 || mode == 6
	if into == 0 || fourDays && into <= 3 {
		return newYear - into
	}
	return newYear - into + 7
}
