package expr

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Walk calls f for e and everything below it, until f returns false.
func Walk(e Expr, f func(Expr) bool) bool {
	if !f(e) {
		return false
	}
	for _, c := range e.Children() {
		if !Walk(c, f) {
			return false
		}
	}
	return true
}

// Transform rebuilds e from the leaves up, with f applied to each node.
func Transform(e Expr, f func(Expr) Expr) Expr {
	children := e.Children()
	var changed []Expr
	for i, c := range children {
		n := Transform(c, f)
		if n != c && changed == nil {
			changed = append(make([]Expr, 0, len(children)), children[:i]...)
		}
		if changed != nil {
			changed = append(changed, n)
		}
	}
	if changed != nil {
		e = e.WithChildren(changed)
	}
	return f(e)
}

// Columns adds the input columns that e reads to set.
func Columns(e Expr, set map[int]bool) {
	Walk(e, func(x Expr) bool {
		if c, ok := x.(*Column); ok {
			set[c.Index] = true
		}
		return true
	})
}

// CanFail reports whether evaluating e may raise an error on some row.
func CanFail(e Expr) bool {
	return !Walk(e, func(x Expr) bool { return !nodeCanFail(x) })
}

func nodeCanFail(e Expr) bool {
	switch x := e.(type) {
	case *Arith:
		return x.Op <= Mod
	case *Neg, *Regexp, *Call:
		return true
	case *Cast:
		return !x.Try && !widening(x.Arg.Type(), x.To)
	}
	return false
}

// widening reports that every value of one type is one of the other.
func widening(from, to types.Type) bool {
	if from.Kind == types.Null || from.Equal(to) {
		return true
	}
	fd, ok1 := types.DecimalDigits(from)
	switch {
	case to.Kind == types.Double:
		return ok1 || from.Kind == types.Float
	case to.Kind == types.Decimal && ok1:
		return to.Precision-to.Scale >= fd.Precision-fd.Scale
	case to.Kind == types.Varchar || to.Kind == types.Binary:
		return to.Length == 0 && from.Kind != types.Binary
	case to.Kind == types.BigInt:
		return from.Kind == types.Boolean || from.IsInteger() && from.Kind != types.UBigInt
	case to.Kind == types.Timestamp:
		return from.Kind == types.Date && !to.Zoned || from.Kind == types.Timestamp && from.Zoned == to.Zoned && from.Precision <= to.Precision
	}
	return false
}

// Stability returns how lasting e's value is.
func Stability(e Expr) function.Stability {
	s := function.Pure
	Walk(e, func(x Expr) bool {
		if c, ok := x.(*Call); ok {
			s = max(s, c.Func.StabilityOf(c.Overload))
		}
		return true
	})
	return s
}

// Conjuncts returns the arguments of nested ANDs, e itself where it is none.
func Conjuncts(e Expr) []Expr {
	a, ok := e.(*And)
	if !ok {
		return []Expr{e}
	}
	var out []Expr
	for _, x := range a.Args {
		out = append(out, Conjuncts(x)...)
	}
	return out
}

// AndOf returns the conjunction of the conditions, TRUE for none.
func AndOf(conds ...Expr) Expr {
	var flat []Expr
	for _, c := range conds {
		flat = append(flat, Conjuncts(c)...)
	}
	switch len(flat) {
	case 0:
		return &Literal{boolean, true}
	case 1:
		return flat[0]
	}
	return &And{flat}
}

// IsConst reports whether e reads no column and is the same for ever.
func IsConst(e Expr) bool {
	set := map[int]bool{}
	Columns(e, set)
	return len(set) == 0 && Stability(e) == function.Pure
}

// NewCast converts e to a type on the binder's behalf, or returns e where it has it.
func NewCast(e Expr, to types.Type) Expr {
	if e.Type().Equal(to) {
		return e
	}
	if l, ok := e.(*Literal); ok && l.Value == nil {
		return &Literal{T: to}
	}
	return &Cast{Arg: e, To: to, Implicit: true}
}
