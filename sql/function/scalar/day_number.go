package scalar

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// daysTo1970 are the days from the year 0 to 1970-01-01, as MySQL counts them.
const daysTo1970 = 719528

// ToDays is TO_DAYS(date).
var ToDays = function.Scalar{
	Name: "to_days", Category: ofTime,
	Doc: "The days from the year 0 to a date.",
	Examples: []function.Example{
		{Expr: "to_days('2026-11-25')", Value: "740310"},
		{Expr: "to_days(TIMESTAMP '1970-01-01 10:00:00')", Value: "719528"},
		{Expr: "to_days(DATE '0001-01-01')", Value: "366"},
		{Expr: "to_days(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(toDays, function.Date), intOf(toDays, function.Timestamp)},
}

func toDays(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
	return int64(dayAt(args[0], row)) + daysTo1970, true, nil
}

// FromDays is FROM_DAYS(n).
var FromDays = function.Scalar{
	Name: "from_days", Category: ofTime,
	Doc: "The date so many days after the year 0: the inverse of to_days. NULL outside of the years 1 to 9999.",
	Examples: []function.Example{
		{Expr: "from_days(740310)", Value: "2026-11-25"},
		{Expr: "from_days(366)", Value: "0001-01-01"},
		{Expr: "from_days(365)", Value: "NULL"},
		{Expr: "from_days(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{dateOf(func(_ *function.Call, args []*vec.Vec, row int) (int32, bool, error) {
		n := intAt(args, 0, row)
		return int32(n - daysTo1970), n >= 366 && n < types.EndTimestamp/types.MicrosPerDay+daysTo1970, nil
	}, function.Int)},
}

// ToSeconds is TO_SECONDS(t).
var ToSeconds = function.Scalar{
	Name: "to_seconds", Category: ofTime,
	Doc: "The whole seconds from the year 0 to a point in time.",
	Examples: []function.Example{
		{Expr: "to_seconds('2026-11-25 10:20:30')", Value: "63962821230"},
		{Expr: "to_seconds(DATE '1970-01-01')", Value: "62167219200"},
		{Expr: "to_seconds(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(toSeconds, function.Date), intOf(toSeconds, function.Timestamp)},
}

func toSeconds(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
	t := momentAt(args[0], row)
	return floorTo(t, types.MicrosPerSecond)/types.MicrosPerSecond + daysTo1970*(types.MicrosPerDay/types.MicrosPerSecond), true, nil
}
