package expr

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Fingerprint prints an expression so that two over the same input are equal
// exactly when their fingerprints are: columns by position, literals and
// conversions with their types. They are the same in every process and for ever: state is
// named by them.
func Fingerprint(e Expr) string {
	var b strings.Builder
	fingerprint(&b, e)
	return b.String()
}

func fingerprint(b *strings.Builder, e Expr) {
	switch x := e.(type) {
	case *Column:
		b.WriteString("#" + strconv.Itoa(x.Index))
		return
	case *Literal:
		b.WriteString(exact(x.Value) + ":" + x.T.Exact())
		return
	}
	fmt.Fprintf(b, "%T:%s(", e, e.Type().Exact())
	switch x := e.(type) {
	case *Compare:
		b.WriteString(x.Op.String())
	case *Arith:
		b.WriteString(x.Op.String())
	case *IsNull:
		b.WriteString(negation(x.Negated))
	case *IsTruth:
		fmt.Fprint(b, x.Want, x.Negated)
	case *In:
		b.WriteString(negation(x.Negated))
	case *Like:
		fmt.Fprint(b, x.Escape, x.Fold, x.Negated)
	case *Regexp:
		b.WriteString(negation(x.Negated))
	case *Case:
		fmt.Fprint(b, x.Else != nil)
	case *Cast:
		fmt.Fprint(b, x.Try)
	case *Call:
		b.WriteString(x.Func.Name + x.Overload.Signature())
		if l, ok := x.Func.Made.(function.Least); ok {
			fmt.Fprint(b, l.Column, " of ", l.Of.Exact())
		}
		if x.Draw > 0 {
			fmt.Fprint(b, "/", x.Draw)
		}
	case Identified:
		b.WriteString(x.Identity())
	}
	for _, c := range e.Children() {
		b.WriteByte(' ')
		fingerprint(b, c)
	}
	b.WriteByte(')')
}

// exact prints the value of a literal so that no two print alike.
func exact(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case float64:
		return strconv.FormatFloat(v, 'x', -1, 64)
	case types.DecimalValue:
		return v.BigInt().String()
	case vec.IntervalValue:
		return fmt.Sprint(v.Months, "m", v.Micros)
	case nil:
		return "NULL"
	}
	return fmt.Sprint(v)
}
