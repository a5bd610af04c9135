package scalar

import (
	"errors"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

var errClock = errors.New("the result is out of range of TIME")

// clockWithin returns a TIME, or the error that it is none.
func clockWithin(t int64) (int64, bool, error) {
	if t <= -839*types.MicrosPerHour || t >= 839*types.MicrosPerHour {
		return 0, false, errClock
	}
	return t, true, nil
}

// finest returns the first argument's type with the most digits of a fraction that an
// argument has.
func finest(args []types.Type) types.Type {
	t := args[0]
	t.Precision = max(t.Precision, args[1].Precision)
	return t
}

// timeSum declares a TIME that is added to a point in time or to a TIME, with a sign.
func timeSum(sign int64) []function.Overload {
	overload := func(to types.Type, in func(int64) (int64, bool, error)) function.Overload {
		return function.Overload{
			Args: function.Params(to, function.Time), Returns: finest,
			Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
				return in(intAt(args, 0, row) + sign*intAt(args, 1, row))
			}),
		}
	}
	return []function.Overload{overload(function.Timestamp, within), overload(function.Time, clockWithin)}
}

// AddTime is ADDTIME(t, time).
var AddTime = function.Scalar{
	Name: "addtime", Category: ofTime,
	Doc: "A TIMESTAMP or TIME and a TIME added up.",
	Examples: []function.Example{
		{Expr: "addtime('2026-12-31 23:59:59', '00:00:01.5')", Value: "2027-01-01 00:00:00.5"},
		{Expr: "addtime(TIME '23:00:00', TIME '02:30:00')", Value: "25:30:00"},
		{Expr: "addtime(TIMESTAMP '2026-11-25 10:20:30', '-100:00:00')", Value: "2026-11-21 06:20:30"},
		{Expr: "addtime(NULL, '01:00:00')", Value: "NULL"},
	},
	Overloads: timeSum(1),
}

// SubTime is SUBTIME(t, time).
var SubTime = function.Scalar{
	Name: "subtime", Category: ofTime,
	Doc: "A TIME taken from a TIMESTAMP or TIME.",
	Examples: []function.Example{
		{Expr: "subtime('2027-01-01 00:00:00', '00:00:01.5')", Value: "2026-12-31 23:59:58.5"},
		{Expr: "subtime(TIME '01:00:00', TIME '02:30:00')", Value: "-01:30:00"},
		{Expr: "subtime('01:00:00', NULL)", Value: "NULL"},
	},
	Overloads: timeSum(-1),
}

// TimeDiff is TIMEDIFF(a, b).
var TimeDiff = function.Scalar{
	Name: "timediff", Category: ofTime,
	Doc: "The TIME from the second argument to the first, both points in time or both TIMEs; at most 838:59:59, beyond which timestampdiff counts.",
	Examples: []function.Example{
		{Expr: "timediff('2026-11-26 10:00:00', '2026-11-25 08:30:00.25')", Value: "25:29:59.75"},
		{Expr: "timediff(TIME '08:00:00', TIME '10:30:00')", Value: "-02:30:00"},
		{Expr: "timediff('10:00:00', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{timeDiffOf(function.Timestamp), timeDiffOf(function.Moment), timeDiffOf(function.Time)},
}

func timeDiffOf(t types.Type) function.Overload {
	return function.Overload{
		Args: function.Params(t, t),
		Returns: func(args []types.Type) types.Type {
			return types.Type{Kind: types.Time, Precision: finest(args).Precision}
		},
		Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			return clockWithin(intAt(args, 0, row) - intAt(args, 1, row))
		}),
	}
}
