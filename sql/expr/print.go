package expr

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

var opNames = [...]string{
	Eq: "=", Ne: "<>", Lt: "<", Le: "<=", Gt: ">", Ge: ">=", NullSafeEq: "<=>", Add: "+", Sub: "-", Mul: "*",
	Div: "/", IntDiv: "DIV", Mod: "%", BitAnd: "&", BitOr: "|", BitXor: "^", ShiftLeft: "<<", ShiftRight: ">>",
}

// String gives the operator as SQL writes it.
func (o Op) String() string { return opNames[o] }

// String prints the column's name.
func (e *Column) String() string { return e.Field.Name }

// String prints the constant as SQL.
func (e *Literal) String() string {
	switch v := e.Value.(type) {
	case nil:
		return "NULL"
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	case string:
		if e.T.Kind == types.Binary {
			return fmt.Sprintf("x'%x'", v)
		}
		if e.T.IsNested() {
			break
		}
		return quote(v)
	case vec.IntervalValue:
		return interval(v)
	}
	if e.T.Zoned { // said in UTC it is told from every other
		return "TIMESTAMP_LTZ " + quote(string(types.AppendTimestamp(nil, e.Value.(int64), e.T.Precision))+"Z")
	}
	b := vec.NewBuilder(e.T)
	AppendLiteral(b, e)
	text := string(vec.AppendText(nil, b.Vec(), 0))
	if e.T.IsTemporal() {
		return e.T.Kind.String() + " " + quote(text)
	}
	if e.T.IsFloat() && !strings.ContainsAny(text, ".e") {
		text += "e0"
	}
	return text
}

// interval prints an INTERVAL in the largest unit of which it is a whole number.
func interval(v vec.IntervalValue) string {
	if v.Months != 0 {
		return fmt.Sprintf("INTERVAL %d MONTH", v.Months)
	}
	for _, u := range []struct {
		name   string
		micros int64
	}{{"DAY", types.MicrosPerDay}, {"HOUR", types.MicrosPerHour}, {"MINUTE", types.MicrosPerMinute}, {"SECOND", types.MicrosPerSecond}} {
		if v.Micros != 0 && v.Micros%u.micros == 0 {
			return fmt.Sprintf("INTERVAL %d %s", v.Micros/u.micros, u.name)
		}
	}
	return fmt.Sprintf("INTERVAL %d MICROSECOND", v.Micros)
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// operand prints a child in parentheses where it is an operator itself.
func operand(e Expr) string {
	switch x := e.(type) {
	case *Compare, *Arith, *And, *Or, *Not, *IsNull, *IsTruth, *In, *Like, *Regexp:
		return "(" + e.String() + ")"
	case *Cast:
		if x.Implicit {
			return operand(x.Arg)
		}
	case *Neg:
		return "(" + e.String() + ")"
	case *Column:
		if compound(x.Field.Name) {
			return "(" + x.Field.Name + ")"
		}
	}
	return e.String()
}

// compound reports that a column's name is the text of an operation: a blank in it
// stands outside brackets.
func compound(name string) bool {
	depth := 0
	for _, c := range name {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ' ':
			if depth == 0 {
				return true
			}
		}
	}
	return false
}

// String prints the comparison.
func (e *Compare) String() string { return operand(e.L) + " " + e.Op.String() + " " + operand(e.R) }

// String prints the operation.
func (e *Arith) String() string { return operand(e.L) + " " + e.Op.String() + " " + operand(e.R) }

// String prints the negation.
func (e *Neg) String() string {
	arg := operand(e.Arg)
	if strings.HasPrefix(arg, "-") { // two of them begin a comment
		arg = "(" + arg + ")"
	}
	return "-" + arg
}

// String prints the complement.
func (e *BitNot) String() string { return "~" + operand(e.Arg) }

// String prints the conjunction.
func (e *And) String() string { return join(e.Args, " AND ") }

// String prints the disjunction.
func (e *Or) String() string { return join(e.Args, " OR ") }

func join(args []Expr, sep string) string {
	parts := make([]string, len(args))
	for i, a := range args {
		switch a.(type) {
		case *And, *Or:
			parts[i] = "(" + a.String() + ")"
		default:
			parts[i] = a.String()
		}
	}
	return strings.Join(parts, sep)
}

// String prints the negation.
func (e *Not) String() string { return "NOT " + operand(e.Arg) }

func negation(negated bool) string {
	if negated {
		return "NOT "
	}
	return ""
}

// String prints the test.
func (e *IsNull) String() string { return operand(e.Arg) + " IS " + negation(e.Negated) + "NULL" }

// String prints the test.
func (e *IsTruth) String() string {
	return operand(e.Arg) + " IS " + negation(e.Negated) + strings.ToUpper(strconv.FormatBool(e.Want))
}

// String prints the test.
func (e *In) String() string {
	parts := make([]string, len(e.List))
	for i, x := range e.List {
		parts[i] = x.String()
	}
	return operand(e.Arg) + " " + negation(e.Negated) + "IN (" + strings.Join(parts, ", ") + ")"
}

// String prints the test.
func (e *Like) String() string {
	word := "LIKE "
	if e.Fold {
		word = "ILIKE "
	}
	s := operand(e.Arg) + " " + negation(e.Negated) + word + operand(e.Pattern)
	if e.Escape != '\\' {
		s += " ESCAPE " + quote(string(e.Escape))
	}
	return s
}

// String prints the test.
func (e *Regexp) String() string {
	return operand(e.Arg) + " " + negation(e.Negated) + "REGEXP " + operand(e.Pattern)
}

// String prints the expression.
func (e *Case) String() string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, w := range e.Whens {
		b.WriteString(" WHEN " + w.Cond.String() + " THEN " + w.Then.String())
	}
	if e.Else != nil {
		b.WriteString(" ELSE " + e.Else.String())
	}
	b.WriteString(" END")
	return b.String()
}

// String prints the conversion; one that the binder added prints as its argument.
func (e *Cast) String() string {
	if e.Implicit {
		return e.Arg.String()
	}
	word := "CAST("
	if e.Try {
		word = "TRY_CAST("
	}
	return word + e.Arg.String() + " AS " + e.To.String() + ")"
}

// String prints the call.
func (e *Call) String() string {
	parts := make([]string, len(e.Args))
	for i, a := range e.Args {
		parts[i] = a.String()
	}
	return e.Func.Name + "(" + strings.Join(parts, ", ") + ")"
}
