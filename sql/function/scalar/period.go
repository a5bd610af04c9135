package scalar

import (
	"fmt"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// PeriodAdd is PERIOD_ADD(period, months).
var PeriodAdd = function.Scalar{
	Name: "period_add", Category: ofTime,
	Doc: "The month so many months after another, both as numbers such as 202611. Of a year of two digits, 0 to 69 are 2000 to 2069 and 70 to 99 are 1970 to 1999. What is no month is an error.",
	Examples: []function.Example{
		{Expr: "period_add(202611, 2)", Value: "202701"},
		{Expr: "period_add(2601, -1)", Value: "202512"},
		{Expr: "period_add(7001, 0)", Value: "197001"},
		{Expr: "period_add(202611, NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		months, err := periodMonths(intAt(args, 0, row))
		if err != nil {
			return 0, false, err
		}
		const most = 10000 * 12
		n := intAt(args, 1, row)
		if n < -most || n > most || months+n < 100*12 || months+n >= most {
			return 0, false, errTime
		}
		months += n
		return months/12*100 + months%12 + 1, true, nil
	}, function.Int, function.Int)},
}

// PeriodDiff is PERIOD_DIFF(a, b).
var PeriodDiff = function.Scalar{
	Name: "period_diff", Category: ofTime,
	Doc: "The months from the second month to the first, both as numbers such as 202611, or 2611.",
	Examples: []function.Example{
		{Expr: "period_diff(202701, 202611)", Value: "2"},
		{Expr: "period_diff(2611, 202701)", Value: "-2"},
		{Expr: "period_diff(NULL, 202611)", Value: "NULL"},
	},
	Overloads: []function.Overload{intOf(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		a, err := periodMonths(intAt(args, 0, row))
		if err != nil {
			return 0, false, err
		}
		b, err := periodMonths(intAt(args, 1, row))
		return a - b, true, err
	}, function.Int, function.Int)},
}

// periodMonths counts the months before a period of the form YYYYMM or YYMM.
func periodMonths(p int64) (int64, error) {
	year, month := p/100, p%100
	if p <= 0 || month < 1 || month > 12 || year > 9999 {
		return 0, fmt.Errorf("%d is not a month (YYYYMM or YYMM)", p)
	}
	switch {
	case year < 70:
		year += 2000
	case year < 100:
		year += 1900
	}
	return year*12 + month - 1, nil
}
