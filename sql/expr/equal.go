package expr

import (
	"reflect"

	"github.com/sqlstream/sqlstream/sql/function"
)

// Equal reports whether two expressions over the same input always give the same.
func Equal(a, b Expr) bool {
	if a == b {
		return true
	}
	if reflect.TypeOf(a) != reflect.TypeOf(b) || !a.Type().Equal(b.Type()) || !sameNode(a, b) {
		return false
	}
	x, y := a.Children(), b.Children()
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if !Equal(x[i], y[i]) {
			return false
		}
	}
	return true
}

// sameNode compares what two expressions of one Go type are beside their children.
func sameNode(a, b Expr) bool {
	switch x := a.(type) {
	case *Column:
		return x.Index == b.(*Column).Index
	case *Literal:
		return x.Value == b.(*Literal).Value
	case *Compare:
		return x.Op == b.(*Compare).Op
	case *Arith:
		return x.Op == b.(*Arith).Op
	case *IsNull:
		return x.Negated == b.(*IsNull).Negated
	case *IsTruth:
		y := b.(*IsTruth)
		return x.Want == y.Want && x.Negated == y.Negated
	case *In:
		return x.Negated == b.(*In).Negated
	case *Like:
		y := b.(*Like)
		return x.Escape == y.Escape && x.Fold == y.Fold && x.Negated == y.Negated
	case *Regexp:
		return x.Negated == b.(*Regexp).Negated
	case *Case:
		return (x.Else == nil) == (b.(*Case).Else == nil)
	case *Cast:
		return x.Try == b.(*Cast).Try
	case *Call:
		y := b.(*Call)
		return x.Func == y.Func && x.Overload == y.Overload && x.Draw == y.Draw && (x.Draw > 0 || x.Func.StabilityOf(x.Overload) != function.Volatile)
	case Identified:
		return x.Identity() == b.(Identified).Identity()
	}
	return true
}

// Identified is an expression of another package that is more than its type and its
// children: two that have these in common are equal where their identities are.
type Identified interface{ Identity() string }
