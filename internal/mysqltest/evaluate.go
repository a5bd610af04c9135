package mysqltest

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/sqlstream/sqlstream/internal/evaltest"
	"github.com/sqlstream/sqlstream/planner/rule"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A Verdict is what we make of an expression.
type Verdict struct {
	Text string // the value's text, escaped as the server's client does, "error" or "refused"
	Type types.Type
	Err  error // why it is refused or fails
}

const (
	failing = "error"
	refused = "refused"
)

// Evaluate computes an expression in three ways, which are to agree: as it stands, as
// the rules of the planner fold it, and over a row of a table that holds its constants.
func Evaluate(text string) (Verdict, error) {
	if strings.HasPrefix(text, isQuery) {
		return evaluateQuery(text)
	}
	if text, row, ok := strings.Cut(text, atRow); ok {
		return evaluateAt(text, row)
	}
	e, err := evaltest.Bind(text, nil)
	if err != nil {
		return Verdict{Text: refused, Err: err}, nil
	}
	columns, cols := overColumns(e)
	return same(text, value(e, nil, at), map[string]Verdict{
		"folded":       value(fold(e), nil, at),
		"over columns": value(columns, cols, at),
	})
}

// evaluateAt computes an expression in a row of the table: in it, with the row's values
// in the places of the columns, and that folded.
func evaluateAt(text, row string) (Verdict, error) {
	t, err := theTable()
	if err != nil {
		return Verdict{}, err
	}
	n, err := strconv.Atoi(row)
	if err != nil || n < 1 || n > tableRows {
		return Verdict{}, fmt.Errorf("%s: there is no row %s", text, row)
	}
	e, err := evaltest.Bind(text, t.schema)
	if err != nil {
		return Verdict{Text: refused, Err: err}, nil
	}
	constants := t.constants(e, n-1)
	return same(text, value(e, t.cols, n-1), map[string]Verdict{
		"with constants":       value(constants, nil, at),
		"folded at row " + row: value(fold(constants), nil, at),
	})
}

var theTable = sync.OnceValues(newTable)

func fold(e expr.Expr) expr.Expr { return expr.Transform(e, rule.FoldConstants.Expr) }

// same returns a verdict that others have to agree with.
func same(text string, v Verdict, others map[string]Verdict) (Verdict, error) {
	for how, o := range others {
		if o.Text != v.Text {
			return v, fmt.Errorf("%s is %s (%v), and %s %s (%v)", text, v.Text, v.Err, how, o.Text, o.Err)
		}
	}
	return v, nil
}

// at is the row that holds an expression's constants: not the first, so that a kernel
// that looks there is found out.
const at = 1

// value computes an expression in a row, and in no other.
func value(e expr.Expr, cols []*vec.Vec, row int) Verdict {
	out := Verdict{Type: e.Type()}
	rows := at + 1
	if len(cols) > 0 {
		rows = cols[0].Len
	}
	v, err := evaltest.Eval(e, cols, rows, []int32{int32(row)}, false)
	if err != nil {
		return Verdict{Text: failing, Err: err}
	}
	out.Text = escape.Replace(evaltest.Text(v, row))
	return out
}

var escape = strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\x00", "\\0")

// overColumns puts columns in the places of constants, which are NULL in the other row.
func overColumns(e expr.Expr) (expr.Expr, []*vec.Vec) {
	var cols []*vec.Vec
	e = expr.Transform(e, func(x expr.Expr) expr.Expr {
		l, ok := x.(*expr.Literal)
		if !ok || l.T.Kind == types.Interval {
			return x
		}
		b := vec.NewBuilder(l.T)
		for range at {
			b.AppendNull()
		}
		expr.AppendLiteral(b, l)
		cols = append(cols, b.Vec())
		return &expr.Column{Index: len(cols) - 1, Field: types.Field{Name: "c", Type: l.T}}
	})
	return e, cols
}
