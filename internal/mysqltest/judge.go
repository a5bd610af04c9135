package mysqltest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

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
	e, err := evaltest.Bind(text, nil)
	if err != nil {
		return Verdict{Text: refused, Err: err}, nil
	}
	plain := value(e, nil)
	for _, other := range []struct {
		how string
		is  Verdict
	}{
		{"folded", value(expr.Transform(e, rule.FoldConstants.Expr), nil)},
		{"over columns", value(overColumns(e))},
	} {
		if other.is.Text != plain.Text {
			return plain, fmt.Errorf("%s is %s (%v), and %s %s (%v)", text, plain.Text, plain.Err, other.how, other.is.Text, other.is.Err)
		}
	}
	return plain, nil
}

// at is the row whose value is asked for: not the first, so that a kernel that looks
// there is found out.
const at = 1

func value(e expr.Expr, cols []*vec.Vec) Verdict {
	out := Verdict{Type: e.Type()}
	v, err := evaltest.Eval(e, cols, at+1, []int32{at}, false)
	if err != nil {
		return Verdict{Text: failing, Err: err}
	}
	out.Text = escape.Replace(evaltest.Text(v, at))
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

// Agrees reports that an answer of the server says what we say. A truth is a number
// there, floats are equal within 1e-9 of their size, a fraction of a second may end in
// zeros, and JSON is compared by its values.
func (v Verdict) Agrees(answer string) bool {
	if v.Text == failing || v.Text == refused {
		return strings.HasPrefix(answer, "error ")
	}
	theirs, _, _ := strings.Cut(answer, " (warning ")
	if v.Text == theirs {
		return true
	}
	switch t := v.Type; {
	case t.Kind == types.Boolean:
		return v.Text == "true" && theirs == "1" || v.Text == "false" && theirs == "0"
	case t.IsFloat():
		return closeTo(v.Text, theirs)
	case t.Kind == types.Timestamp || t.Kind == types.Time:
		return trimFraction(v.Text) == trimFraction(theirs)
	case t.Kind == types.JSON:
		return sameJSON(v.Text, theirs)
	case t.Kind == types.Binary:
		return strings.EqualFold(v.Text, theirs) || v.Text == "0x"+hex.EncodeToString([]byte(unescape.Replace(theirs)))
	case t.Kind == types.Varchar && strings.HasPrefix(theirs, "0x"):
		b, err := hex.DecodeString(theirs[2:])
		return err == nil && v.Text == escape.Replace(string(b))
	}
	return false
}

var unescape = strings.NewReplacer("\\\\", "\\", "\\t", "\t", "\\n", "\n", "\\0", "\x00")

func closeTo(a, b string) bool {
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return err1 == nil && err2 == nil && math.Abs(x-y) <= 1e-9*max(math.Abs(x), math.Abs(y))
}

func trimFraction(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func sameJSON(a, b string) bool {
	x, ok1 := parseJSON(a)
	y, ok2 := parseJSON(b)
	return ok1 && ok2 && reflect.DeepEqual(x, y)
}

func parseJSON(text string) (out any, ok bool) {
	d := json.NewDecoder(bytes.NewReader([]byte(unescape.Replace(text))))
	err := d.Decode(&out)
	return out, err == nil && !d.More()
}
