package scalar

import (
	"errors"
	"fmt"
	"math"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// UnixTimestamp is UNIX_TIMESTAMP([t]).
var UnixTimestamp = function.Scalar{
	Name: "unix_timestamp", Category: ofTime,
	Doc: "The seconds from 1970-01-01 00:00:00 UTC to a point in time, or to when the epoch began. They have as many digits behind the point as the argument.",
	Examples: []function.Example{
		{Expr: "unix_timestamp('2026-11-25 10:20:30')", Value: "1795602030"},
		{Expr: "unix_timestamp(TIMESTAMP '2026-11-25 10:20:30.250')", Value: "1795602030.250"},
		{Expr: "unix_timestamp()", Value: "1795602030"},
		{Expr: "unix_timestamp(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		{Returns: function.Always(function.Int), Stability: function.PerEpoch, Eval: func(c *function.Call, _ []*vec.Vec) (*vec.Vec, error) {
			return constant(c, floorTo(c.Now, types.MicrosPerSecond)/types.MicrosPerSecond), nil
		}},
		intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			return int64(dayAt(args[0], row)) * (types.MicrosPerDay / types.MicrosPerSecond), true, nil
		}, function.Date),
		{Args: function.Params(function.Timestamp), Returns: unixSeconds, Eval: unixTimestamp},
		{Args: function.Params(function.Moment), Returns: unixSeconds, Eval: unixTimestamp},
	},
}

func unixSeconds(args []types.Type) types.Type {
	if args[0].Precision == 0 {
		return function.Int
	}
	return types.DecimalOf(12+args[0].Precision, args[0].Precision)
}

func unixTimestamp(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
	if c.Returns.Kind == types.BigInt {
		return function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			return floorTo(intAt(args, 0, row), types.MicrosPerSecond) / types.MicrosPerSecond, true, nil
		})(c, args)
	}
	return function.Fixed(func(c *function.Call, args []*vec.Vec, row int) (vec.Decimal, bool, error) {
		d, ok := types.Rescale(types.DecimalFromInt(intAt(args, 0, row)), types.MaxFraction, c.Returns.Scale)
		return d, ok, nil
	})(c, args)
}

// FromUnixtime is FROM_UNIXTIME(seconds[, format]).
var FromUnixtime = function.Scalar{
	Name: "from_unixtime", Category: ofTime,
	Doc: "The point in time so many seconds after 1970-01-01 00:00:00 UTC; with a format, as the text that date_format makes of it. NULL where it lies outside the years 1970 to 9999.",
	Examples: []function.Example{
		{Expr: "from_unixtime(1795602030)", Value: "2026-11-25 10:20:30"},
		{Expr: "from_unixtime(1795602030.25)", Value: "2026-11-25 10:20:30.25"},
		{Expr: "from_unixtime(1795602030, '%Y년 %c월')", Value: "2026년 11월"},
		{Expr: "from_unixtime(-1)", Value: "NULL"},
		{Expr: "from_unixtime(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		fromUnixtime(function.Int, func([]types.Type) types.Type { return types.TimestampOf(0) }),
		fromUnixtime(function.Numeric, func(args []types.Type) types.Type {
			return types.TimestampOf(min(args[0].Scale, types.MaxFraction))
		}),
		fromUnixtime(function.Float, function.Always(function.Timestamp)),
		fromUnixtimeText(function.Int), fromUnixtimeText(function.Numeric), fromUnixtimeText(function.Float),
	},
}

func fromUnixtime(arg types.Type, returns func([]types.Type) types.Type) function.Overload {
	return function.Overload{
		Args: function.Params(arg), Returns: returns,
		Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			t, ok := epochMicros(args[0], row)
			return t, ok, nil
		}),
	}
}

func fromUnixtimeText(arg types.Type) function.Overload {
	return formatted(func(args []*vec.Vec, row int) (int64, bool) { return epochMicros(args[0], row) }, arg)
}

// epochMicros turns seconds into microseconds, false outside of 1970 to 9999.
func epochMicros(v *vec.Vec, row int) (int64, bool) {
	switch v.Type.Kind {
	case types.BigInt:
		s := function.IntAt(v, row)
		return s * types.MicrosPerSecond, s >= 0 && s < types.EndTimestamp/types.MicrosPerSecond
	case types.Decimal:
		d, ok := types.Rescale(function.DecimalAt(v, row), v.Type.Scale, types.MaxFraction)
		t := int64(d.LowBits())
		return t, ok && d.HighBits() == 0 && t >= 0 && t < types.EndTimestamp
	}
	f := math.Round(function.FloatAt(v, row) * float64(types.MicrosPerSecond))
	return int64(f), f >= 0 && f < float64(types.EndTimestamp)
}

// ToTimestamp is TO_TIMESTAMP(x).
var ToTimestamp = function.Scalar{
	Name: "to_timestamp", Aliases: []string{"timestamp"}, Category: ofTime,
	Doc: "A point in time: from milliseconds since 1970-01-01 00:00:00 UTC, or from a text such as 2026-11-25 10:20:30.5 or 2026-11-25T10:20:30Z. A text that is none is an error. A TIME as a second argument is added.",
	Examples: []function.Example{
		{Expr: "to_timestamp(1795602030250)", Value: "2026-11-25 10:20:30.250"},
		{Expr: "to_timestamp('2026-11-25T19:20:30+09:00')", Value: "2026-11-25 10:20:30.000000"},
		{Expr: "timestamp(DATE '2026-11-25')", Value: "2026-11-25 00:00:00"},
		{Expr: "timestamp('2026-11-25', '10:20:30')", Value: "2026-11-25 10:20:30"},
		{Expr: "to_timestamp(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		{Args: function.Params(function.Int), Returns: function.Always(types.TimestampOf(3)), Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			ms := intAt(args, 0, row)
			if ms < types.MinTimestamp/1000 || ms >= types.EndTimestamp/1000 {
				return 0, false, errTime
			}
			return ms * 1000, true, nil
		})},
		{Args: function.Params(function.Date), Returns: function.Always(types.TimestampOf(0)), Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			return momentAt(args[0], row), true, nil
		})},
		{Args: function.Params(function.Timestamp), Returns: first, Eval: func(_ *function.Call, args []*vec.Vec) (*vec.Vec, error) { return args[0], nil }},
		{Args: function.Params(function.Text), Returns: function.Always(function.Timestamp), Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			t, ok := types.ParseTimestamp(args[0].Bytes(row))
			if !ok {
				return 0, false, errMomentText(args[0].Bytes(row))
			}
			return within(t)
		})},
		timeSum(1)[0],
	},
}

func errMomentText(text []byte) error {
	return fmt.Errorf("'%s' is not a TIMESTAMP (YYYY-MM-DD HH:MM:SS)", text)
}

// SecToTime is SEC_TO_TIME(n).
var SecToTime = function.Scalar{
	Name: "sec_to_time", Category: ofTime,
	Doc: "The TIME of so many seconds, at most 838:59:59.",
	Examples: []function.Example{
		{Expr: "sec_to_time(3725)", Value: "01:02:05"},
		{Expr: "sec_to_time(-1)", Value: "-00:00:01"},
		{Expr: "sec_to_time(90.25)", Value: "00:01:30.25"},
		{Expr: "sec_to_time(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		secToTime(function.Int, func([]types.Type) types.Type { return types.Type{Kind: types.Time} },
			func(v *vec.Vec, row int) float64 { return float64(function.IntAt(v, row)) * 1e6 }),
		secToTime(function.Numeric, func(args []types.Type) types.Type {
			return types.Type{Kind: types.Time, Precision: min(args[0].Scale, types.MaxFraction)}
		}, func(v *vec.Vec, row int) float64 {
			return types.DecimalFloat(function.DecimalAt(v, row), v.Type.Scale) * 1e6
		}),
		secToTime(function.Float, function.Always(function.Time),
			func(v *vec.Vec, row int) float64 { return function.FloatAt(v, row) * 1e6 }),
	},
}

// secToTime is an overload of SEC_TO_TIME; micros gives the time in microseconds, which
// are exact as far as a TIME goes.
func secToTime(seconds types.Type, returns func([]types.Type) types.Type, micros func(v *vec.Vec, row int) float64) function.Overload {
	return function.Overload{
		Args: function.Params(seconds), Returns: returns,
		Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			t := math.Round(micros(args[0], row))
			if !(math.Abs(t) < 839*3600*1e6) {
				return 0, false, errors.New("the result is out of range of TIME")
			}
			return int64(t), true, nil
		}),
	}
}

// TimeToSec is TIME_TO_SEC(t).
var TimeToSec = function.Scalar{
	Name: "time_to_sec", Category: ofTime,
	Doc: "The whole seconds of a TIME.",
	Examples: []function.Example{
		{Expr: "time_to_sec('01:02:05')", Value: "3725"},
		{Expr: "time_to_sec(TIME '-00:00:01')", Value: "-1"},
		{Expr: "time_to_sec(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		return intAt(args, 0, row) / types.MicrosPerSecond, true, nil
	}, function.Time)},
}
