package expr

import "github.com/sqlstream/sqlstream/vec"

// MonthsOf returns the months of a constant INTERVAL, which a calendar makes days of; false
// for any other expression.
func MonthsOf(e Expr) (int64, bool) {
	if !IsConst(e) {
		return 0, false
	}
	l, err := EvalConst(e)
	if err != nil {
		return 0, false
	}
	v, ok := l.Value.(vec.IntervalValue)
	return v.Months, ok
}
