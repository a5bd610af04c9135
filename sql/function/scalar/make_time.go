package scalar

import (
	"math"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// MakeTime is MAKETIME(hour, minute, second).
var MakeTime = function.Scalar{
	Name: "maketime", Category: ofTime,
	Doc: "The TIME of hours, of which there may be more than a day or fewer than none, minutes and seconds. NULL where minutes or seconds are not below 60.",
	Examples: []function.Example{
		{Expr: "maketime(12, 15, 30)", Value: "12:15:30"},
		{Expr: "maketime(-100, 0, 1.25)", Value: "-100:00:01.25"},
		{Expr: "maketime(12, 60, 0)", Value: "NULL"},
		{Expr: "maketime(NULL, 15, 30)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		makeTime(function.Int, func([]types.Type) types.Type { return types.Type{Kind: types.Time} },
			func(v *vec.Vec, row int) (int64, bool) {
				s := function.IntAt(v, row)
				return s * types.MicrosPerSecond, s >= 0 && s < 60
			}),
		makeTime(function.Numeric, func(args []types.Type) types.Type {
			return types.Type{Kind: types.Time, Precision: min(args[2].Scale, types.MaxFraction)}
		}, func(v *vec.Vec, row int) (int64, bool) {
			d, ok := types.Rescale(function.DecimalAt(v, row), v.Type.Scale, min(v.Type.Scale, types.MaxFraction))
			if ok {
				d, ok = types.Rescale(d, min(v.Type.Scale, types.MaxFraction), types.MaxFraction)
			}
			return int64(d.LowBits()), ok && d.HighBits() == 0 && d.LowBits() < uint64(types.MicrosPerMinute)
		}),
		makeTime(function.Float, function.Always(function.Time), func(v *vec.Vec, row int) (int64, bool) {
			f := math.Round(function.FloatAt(v, row) * float64(types.MicrosPerSecond))
			return int64(f), f >= 0 && f < float64(types.MicrosPerMinute)
		}),
	},
}

func makeTime(seconds types.Type, returns func([]types.Type) types.Type, micros func(*vec.Vec, int) (int64, bool)) function.Overload {
	return function.Overload{
		Args: function.Params(function.Int, function.Int, seconds), Returns: returns,
		Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			h, m := intAt(args, 0, row), intAt(args, 1, row)
			s, ok := micros(args[2], row)
			switch {
			case !ok || m < 0 || m > 59:
				return 0, false, nil
			case h < -838 || h > 838:
				return 0, false, errClock
			case h < 0:
				return clockWithin(h*types.MicrosPerHour - m*types.MicrosPerMinute - s)
			}
			return clockWithin(h*types.MicrosPerHour + m*types.MicrosPerMinute + s)
		}),
	}
}

// TimeFormat is TIME_FORMAT(t, format).
var TimeFormat = function.Scalar{
	Name: "time_format", Category: ofTime,
	Doc: "A TIME as text, in the parts of date_format's formats that are of a time; %H and %k may exceed 23. As in MySQL a year, month or day is 0, and a name of one or a week makes it NULL.",
	Examples: []function.Example{
		{Expr: "time_format('10:20:30', '%l:%i %p')", Value: "10:20 AM"},
		{Expr: "time_format(TIME '100:05:06.7', '%H %k %h %I %l | %f')", Value: "100 100 04 04 4 | 700000"},
		{Expr: "time_format(TIME '-01:02:03', '%T')", Value: "-01:02:03"},
		{Expr: "time_format(TIMESTAMP '2026-11-25 22:20:30', '%r %Y-%m-%d %%')", Value: "10:20:30 PM 0000-00-00 %"},
		{Expr: "time_format('10:20:30', '%W')", Value: "NULL"},
		{Expr: "time_format(NULL, '%H')", Value: "NULL"},
	},
	Overloads: []function.Overload{
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			return formatClock(dst, args[1].Str(row), intAt(args, 0, row))
		}, function.Time, function.Text),
		textOf(func(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
			_, ofDay := types.Split(intAt(args, 0, row))
			return formatClock(dst, args[1].Str(row), ofDay)
		}, function.Timestamp, function.Text),
	},
}

// formatClock appends a TIME in MySQL's format; false is NULL.
func formatClock(dst []byte, format string, t int64) ([]byte, bool, error) {
	if t < 0 {
		dst, t = append(dst, '-'), -t
	}
	m := moment{ofDay: t}
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c != '%' || i+1 == len(format) {
			dst = append(dst, c)
			continue
		}
		i++
		ok := false
		switch c = format[i]; c {
		case 'M', 'b', 'a', 'W', 'w', 'j', 'U', 'u', 'V', 'v', 'X', 'x':
			return dst, false, nil
		case 'Y', 'y', 'm', 'c', 'd', 'e', 'D':
			dst, ok = m.date(dst, c)
		default:
			dst, ok = m.clock(dst, c)
		}
		if !ok {
			dst = append(dst, c)
		}
	}
	return dst, true, nil
}
