package expr

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Apart takes a time apart into a value and the microseconds that are added to it: ts -
// INTERVAL 5 SECOND is ts and -5,000,000. Conversions that keep all digits are left out.
func Apart(e Expr) (Expr, int64) {
	switch x := e.(type) {
	case *Cast:
		from := x.Arg.Type()
		if from.Kind == types.Timestamp && x.To.Kind == types.Timestamp && from.Zoned == x.To.Zoned && from.Precision <= x.To.Precision {
			return Apart(x.Arg)
		}
	case *Arith:
		if x.R.Type().Kind != types.Interval || !IsConst(x.R) || x.Op != Add && x.Op != Sub {
			break
		}
		l, err := EvalConst(x.R)
		if err != nil {
			break
		}
		if v, ok := l.Value.(vec.IntervalValue); ok && v.Months == 0 {
			inner, by := Apart(x.L)
			if x.Op == Sub {
				return inner, by - v.Micros
			}
			return inner, by + v.Micros
		}
	}
	return e, 0
}

// Later is a time plus so many microseconds, which may be negative.
func Later(e Expr, micros int64) Expr {
	op := Add
	if micros < 0 {
		op, micros = Sub, -micros
	}
	return &Arith{Op: op, L: e, R: &Literal{T: types.Of(types.Interval), Value: vec.IntervalValue{Micros: micros}}, T: e.Type()}
}
