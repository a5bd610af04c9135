package logical

import (
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// derived are the watermarks of expressions, which become the columns of a node.
func derived(es []expr.Expr, marks []Watermark) []Watermark {
	var out []Watermark
	for i, e := range es {
		if w, ok := derive(e, marks); ok {
			f := types.Field{Name: e.String(), Type: e.Type(), NotNull: e.NotNull()}
			out = append(out, Watermark{&expr.Column{Index: i, Field: f}, w.Of, w.Padded, w.Later})
		}
	}
	return out
}

// derive returns the watermark of an expression that has one, or is computed of one that has
// by a function that does not decrease.
func derive(e expr.Expr, marks []Watermark) (Watermark, bool) {
	print := expr.Fingerprint(e)
	for _, m := range marks {
		if expr.Fingerprint(m.Expr) == print {
			return m, true
		}
	}
	arg := increasing(e)
	if arg == nil {
		return Watermark{}, false
	}
	w, ok := derive(arg, marks)
	if !ok {
		return Watermark{}, false
	}
	print = expr.Fingerprint(arg)
	out := Watermark{Expr: e, Padded: w.Padded, Later: w.Later}
	for _, t := range w.Of {
		inner := t.value()
		t.Func = expr.Transform(e, func(x expr.Expr) expr.Expr {
			if x.Type().Equal(arg.Type()) && expr.Fingerprint(x) == print {
				return inner
			}
			return x
		})
		out.Of = append(out.Of, t)
	}
	return out, true
}

// increasing returns the argument of a function that does not decrease in it, all others
// being constant; nil for any other expression.
func increasing(e expr.Expr) expr.Expr {
	switch x := e.(type) {
	case *expr.Cast:
		if from := x.Arg.Type(); plainTime(from) && plainTime(x.To) || exact(from) && exact(x.To) {
			return x.Arg
		}
	case *expr.Arith:
		if increasingArith(x) {
			return x.L
		}
		if x.Op == expr.Add && expr.IsConst(x.L) && !expr.IsConst(x.R) && increasingArith(&expr.Arith{Op: expr.Add, L: x.R, R: x.L, T: x.T}) {
			return x.R
		}
	case *expr.Call:
		return increasingCall(x)
	}
	return nil
}

// plainTime is a DATE or TIMESTAMP without a zone: there are hours that a zone has twice.
func plainTime(t types.Type) bool {
	return t.Kind == types.Date || t.Kind == types.Timestamp && !t.Zoned
}

// exact is an integer or a DECIMAL.
func exact(t types.Type) bool { return t.IsNumeric() && !t.IsFloat() }

func increasingArith(x *expr.Arith) bool {
	if !expr.IsConst(x.R) || x.L.Type().IsFloat() {
		return false
	}
	switch x.Op {
	case expr.Add, expr.Sub:
		return !x.L.Type().IsUnsigned()
	case expr.Div, expr.IntDiv, expr.Mul:
		l, err := expr.EvalConst(x.R)
		return err == nil && positive(l.Value)
	}
	return false
}

func positive(v any) bool {
	switch x := v.(type) {
	case int64:
		return x > 0
	case uint64:
		return x > 0
	case types.DecimalValue:
		return x.Sign() > 0
	}
	return false
}

// increasingNames are the functions that do not decrease in their one argument.
var increasingNames = map[string]bool{
	"date": true, "year": true, "to_days": true, "to_seconds": true, "last_day": true, "unix_timestamp": true,
	"floor": true, "ceil": true, "from_unixtime": true, "to_timestamp": true,
}

func increasingCall(x *expr.Call) expr.Expr {
	if len(x.Args) == 0 || x.Func.StabilityOf(x.Overload) != function.Pure {
		return nil
	}
	at := 0
	switch x.Func.Name {
	case "date_format":
		if len(x.Args) != 2 || !sortableFormat(x.Args[1]) {
			return nil
		}
	case "date_trunc":
		at = 1
	default:
		if !increasingNames[x.Func.Name] || len(x.Args) > 1 || x.Args[0].Type().IsText() {
			return nil
		}
	}
	if at >= len(x.Args) || x.Args[at].Type().Zoned {
		return nil
	}
	for i, a := range x.Args {
		if i != at && !expr.IsConst(a) {
			return nil
		}
	}
	return x.Args[at]
}

// sortableFormat reports that texts of a DATE_FORMAT order as the times do: year, month,
// day, hour, minute, second, each in so many digits, as many of them as there are.
func sortableFormat(e expr.Expr) bool {
	l, ok := e.(*expr.Literal)
	format, isText := "", false
	if ok {
		format, isText = l.Value.(string)
	}
	if !isText {
		return false
	}
	parts, at := []string{"Y", "m", "d", "H", "i", "s", "f"}, 0
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		if i++; i == len(format) || at == len(parts) {
			return false
		}
		c := format[i : i+1]
		switch {
		case c == parts[at], c == "S" && parts[at] == "s":
			at++
		case c == "T" && parts[at] == "H":
			at += 3
		default:
			return false
		}
	}
	return at > 0
}

// leastCall is the least value that column i of a table function may have where its
// first argument is at least e.
func leastCall(f *function.BoundTable, i int, e expr.Expr) expr.Expr {
	s := f.LeastOf(i)
	return &expr.Call{Func: s, Overload: &s.Overloads[0], Args: []expr.Expr{e}, T: f.Columns[i].Type}
}
