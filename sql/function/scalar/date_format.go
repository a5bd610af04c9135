package scalar

import (
	"strconv"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

var (
	monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
)

// DateFormat is DATE_FORMAT(t, format).
var DateFormat = function.Scalar{
	Name: "date_format", Category: ofTime,
	Doc: "A point in time as text. In the format stand, as in MySQL: %Y %y year, %m %c month, %M %b its name, %d %e day, %D day with suffix, %j day of the year, %W %a %w weekday, %U %u %V %v week, %X %x its year, %H %k hour, %h %I %l hour of 12, %p AM or PM, %i minute, %s %S second, %f microseconds, %T %r time, %% a percent sign.",
	Examples: []function.Example{
		{Expr: "date_format('2026-11-25 10:20:30', '%Y-%m-%d %H:%i')", Value: "2026-11-25 10:20"},
		{Expr: "date_format(DATE '2026-03-01', '%Y년 %c월 %e일')", Value: "2026년 3월 1일"},
		{Expr: "date_format('2026-11-22 22:23:00', '%W %M %Y %D %r %%')", Value: "Sunday November 2026 22nd 10:23:00 PM %"},
		{Expr: "date_format('1999-01-01', '%X %V %x %v %j')", Value: "1998 52 1998 53 001"},
		{Expr: "date_format(NULL, '%Y')", Value: "NULL"},
	},
	Overloads: []function.Overload{formatted(func(args []*vec.Vec, row int) (int64, bool) {
		return intAt(args, 0, row), true
	}, function.Timestamp)},
}

// formatted makes an overload whose second argument is the format of the time that at gives,
// NULL where it gives none.
func formatted(at func(args []*vec.Vec, row int) (int64, bool), arg types.Type) function.Overload {
	return function.Overload{
		Args: function.Params(arg, function.Text), Returns: function.Always(function.Text),
		Eval: func(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
			var last formattedTime
			return function.Texts(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
				t, ok := at(args, row)
				if !ok {
					return dst, false, nil
				}
				return last.append(dst, args[1].Str(row), t), true, nil
			})(c, args)
		},
	}
}

// A formattedTime is the text of the row before: that of the next is mostly the same, where a
// format shows no more than minutes or days.
type formattedTime struct {
	format string
	unit   int64 // what it shows, in microseconds; 0 before the first row
	at     int64 // in units
	text   []byte
}

// append is formatTime.
func (f *formattedTime) append(dst []byte, format string, t int64) []byte {
	fresh := f.unit == 0 || f.format != format
	if fresh {
		f.format, f.unit = format, shownUnit(format)
	}
	at := t / f.unit
	if t%f.unit < 0 {
		at--
	}
	if !fresh && at == f.at {
		return append(dst, f.text...)
	}
	n := len(dst)
	dst = formatTime(dst, format, t)
	f.at, f.text = at, append(f.text[:0], dst[n:]...)
	return dst
}

// shownUnit is the finest unit that a format shows, a day at most.
func shownUnit(format string) int64 {
	unit := int64(types.MicrosPerDay)
	for i := 0; i+1 < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		i++
		switch format[i] {
		case 'f':
			unit = 1
		case 's', 'S', 'T', 'r':
			unit = min(unit, types.MicrosPerSecond)
		case 'i':
			unit = min(unit, types.MicrosPerMinute)
		case 'H', 'k', 'h', 'I', 'l', 'p':
			unit = min(unit, types.MicrosPerHour)
		}
	}
	return unit
}

// DayName is DAYNAME(t).
var DayName = function.Scalar{
	Name: "dayname", Category: ofTime,
	Doc: "The English name of a date's day of the week.",
	Examples: []function.Example{
		{Expr: "dayname('2026-11-25')", Value: "Wednesday"},
		{Expr: "dayname(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		return append(dst, dayNames[weekdayOf(dayAt(args[0], row))]...), true, nil
	}, function.Timestamp)},
}

// MonthName is MONTHNAME(t).
var MonthName = function.Scalar{
	Name: "monthname", Category: ofTime,
	Doc: "The English name of a date's month.",
	Examples: []function.Example{
		{Expr: "monthname('2026-11-25')", Value: "November"},
		{Expr: "monthname(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		return append(dst, monthNames[monthOf(dayAt(args[0], row))-1]...), true, nil
	}, function.Timestamp)},
}

// A moment is a point in time taken apart.
type moment struct {
	day                  int32
	year, month, ofMonth int
	ofDay                int64
}

func momentOf(t int64) moment {
	var m moment
	m.day, m.ofDay = types.Split(t)
	m.year, m.month, m.ofMonth = types.Civil(m.day)
	return m
}

// formatTime appends a point in time in MySQL's format.
func formatTime(dst []byte, format string, t int64) []byte {
	m := momentOf(t)
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			dst = append(dst, format[i])
			continue
		}
		i++
		var ok bool
		if dst, ok = m.date(dst, format[i]); ok {
			continue
		}
		if dst, ok = m.clock(dst, format[i]); !ok {
			dst = append(dst, format[i])
		}
	}
	return dst
}

func (m *moment) date(dst []byte, c byte) ([]byte, bool) {
	switch c {
	case 'Y':
		return padded(dst, m.year, 4), true
	case 'y':
		return padded(dst, m.year%100, 2), true
	case 'm':
		return padded(dst, m.month, 2), true
	case 'c':
		return padded(dst, m.month, 1), true
	case 'M':
		return append(dst, monthNames[m.month-1]...), true
	case 'b':
		return append(dst, monthNames[m.month-1][:3]...), true
	case 'd':
		return padded(dst, m.ofMonth, 2), true
	case 'e':
		return padded(dst, m.ofMonth, 1), true
	case 'D':
		return append(padded(dst, m.ofMonth, 1), ordinal(m.ofMonth)...), true
	case 'j':
		return padded(dst, int(dayOfYear(m.day)), 3), true
	case 'W':
		return append(dst, dayNames[weekdayOf(m.day)]...), true
	case 'a':
		return append(dst, dayNames[weekdayOf(m.day)][:3]...), true
	case 'w':
		return padded(dst, int(weekdayOf(m.day)+1)%7, 1), true
	}
	return m.week(dst, c)
}

func (m *moment) week(dst []byte, c byte) ([]byte, bool) {
	mode, isYear := int64(0), false
	switch c {
	case 'U':
	case 'u':
		mode = 1
	case 'V':
		mode = 2
	case 'v':
		mode = 3
	case 'X':
		mode, isYear = 2, true
	case 'x':
		mode, isYear = 3, true
	default:
		return dst, false
	}
	week, year := weekOf(m.day, mode)
	if isYear {
		return padded(dst, year, 4), true
	}
	return padded(dst, int(week), 2), true
}

func (m *moment) clock(dst []byte, c byte) ([]byte, bool) {
	hour := int(m.ofDay / types.MicrosPerHour)
	half := (hour+11)%12 + 1
	switch c {
	case 'H':
		return padded(dst, hour, 2), true
	case 'k':
		return padded(dst, hour, 1), true
	case 'h', 'I':
		return padded(dst, half, 2), true
	case 'l':
		return padded(dst, half, 1), true
	case 'p':
		if hour%24 < 12 {
			return append(dst, "AM"...), true
		}
		return append(dst, "PM"...), true
	case 'i':
		return padded(dst, int(m.ofDay/types.MicrosPerMinute%60), 2), true
	case 's', 'S':
		return padded(dst, int(m.ofDay/types.MicrosPerSecond%60), 2), true
	case 'f':
		return padded(dst, int(m.ofDay%types.MicrosPerSecond), 6), true
	case 'T':
		return types.AppendTime(dst, m.ofDay, 0), true
	case 'r':
		dst = append(padded(dst, half, 2), types.AppendTime(nil, m.ofDay%types.MicrosPerHour, 0)[2:]...)
		return m.clock(append(dst, ' '), 'p')
	}
	return dst, false
}

func ordinal(n int) string {
	if n/10 != 1 {
		switch n % 10 {
		case 1:
			return "st"
		case 2:
			return "nd"
		case 3:
			return "rd"
		}
	}
	return "th"
}

// padded appends a number with zeros before it.
func padded(dst []byte, v, width int) []byte {
	if v < 0 {
		dst, v = append(dst, '-'), -v
	}
	for limit := 10; width > 1; width-- {
		if v < limit {
			dst = append(dst, '0')
		}
		limit *= 10
	}
	return strconv.AppendInt(dst, int64(v), 10)
}
