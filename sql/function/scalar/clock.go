package scalar

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Now is NOW([digits]).
var Now = function.Scalar{
	Name: "now", Aliases: []string{"current_timestamp", "localtime", "localtimestamp", "utc_timestamp"}, Category: ofTime, Stability: function.PerEpoch,
	Doc: "The time at which the epoch began, in UTC; with an argument, with so many digits of a second's fraction.",
	Examples: []function.Example{
		{Expr: "now()", Value: "2026-11-25 10:20:30"},
		{Expr: "current_timestamp(3)", Value: "2026-11-25 10:20:30.123"},
		{Expr: "CURRENT_TIMESTAMP", Value: "2026-11-25 10:20:30"},
		{Expr: "nullif(now(), now())", Value: "NULL"},
	},
	Overloads: clocks(types.Timestamp),
}

// CurrentTime is CURRENT_TIME([digits]).
var CurrentTime = function.Scalar{
	Name: "current_time", Aliases: []string{"curtime", "utc_time"}, Category: ofTime, Stability: function.PerEpoch,
	Doc: "The time of day at which the epoch began, in UTC.",
	Examples: []function.Example{
		{Expr: "current_time()", Value: "10:20:30"},
		{Expr: "curtime(6)", Value: "10:20:30.123456"},
		{Expr: "nullif(current_time, current_time)", Value: "NULL"},
	},
	Overloads: clocks(types.Time),
}

// CurrentDate is CURRENT_DATE().
var CurrentDate = function.Scalar{
	Name: "current_date", Aliases: []string{"curdate", "utc_date"}, Category: ofTime, Stability: function.PerEpoch,
	Doc: "The day on which the epoch began, in UTC.",
	Examples: []function.Example{
		{Expr: "current_date()", Value: "2026-11-25"},
		{Expr: "CURRENT_DATE - INTERVAL 1 DAY", Value: "2026-11-24"},
		{Expr: "nullif(curdate(), current_date)", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Returns: function.Always(function.Date),
		Eval: func(c *function.Call, _ []*vec.Vec) (*vec.Vec, error) {
			day, _ := types.Split(c.Now)
			return constant(c, day), nil
		},
	}},
}

// Proctime is PROCTIME().
var Proctime = function.Scalar{
	Name: "proctime", Category: ofTime, Stability: function.PerEpoch,
	Doc: "The moment at which the epoch began. Beside a TIMESTAMP WITH LOCAL TIME ZONE it means the same in every time_zone, which NOW(), a TIMESTAMP in UTC, does not.",
	Examples: []function.Example{
		{Expr: "proctime()", Value: "2026-11-25 10:20:30.123"},
		{Expr: "proctime() - INTERVAL 1 HOUR", Value: "2026-11-25 09:20:30.123"},
		{Expr: "nullif(proctime(), proctime())", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Returns: function.Always(types.TimestampLTZ(3, nil)),
		Eval: func(c *function.Call, _ []*vec.Vec) (*vec.Vec, error) {
			return constant(c, floorTo(c.Now, 1000)), nil
		},
	}},
}

func clocks(kind types.Kind) []function.Overload {
	overload := func(args ...types.Type) function.Overload {
		return function.Overload{
			Args: function.Params(args...),
			ReturnsOf: func(args []types.Type, value func(int) any) types.Type {
				t := types.Type{Kind: kind}
				if len(args) > 0 {
					t.Precision = types.MaxFraction
					if n, ok := value(0).(int64); ok {
						t.Precision = int(min(max(n, 0), types.MaxFraction))
					}
				}
				return t
			},
			Eval: func(c *function.Call, _ []*vec.Vec) (*vec.Vec, error) {
				now := c.Now
				if kind == types.Time {
					_, now = types.Split(now)
				}
				unit := int64(1)
				for range types.MaxFraction - c.Returns.Precision {
					unit *= 10
				}
				return constant(c, floorTo(now, unit)), nil
			},
		}
	}
	return []function.Overload{overload(), overload(function.Int)}
}

// constant makes a result that is the same for all rows.
func constant[T vec.Fixed](c *function.Call, value T) *vec.Vec {
	out := vec.New(c.Mem, c.Returns, 1)
	vec.Slice[T](out)[0] = value
	out.Const, out.Len = true, c.Rows
	return out
}

// floorTo returns the greatest multiple of unit that is not beyond v.
func floorTo(v, unit int64) int64 {
	rest := v % unit
	if rest < 0 {
		rest += unit
	}
	return v - rest
}
