package logical

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
)

// Fingerprint returns 16 hexadecimal digits that are the same for a node that prints
// the same, has columns of the same types, and inputs of the fingerprints given: in
// every process and wherever in a plan it stands. It names state, and so must not
// depend on how a plan is run.
func Fingerprint(n Node, inputs []string) string {
	var b strings.Builder
	b.WriteString(n.String())
	for _, f := range n.Schema().Fields {
		b.WriteString("\x00" + f.Type.String())
	}
	for _, in := range inputs {
		b.WriteString("\n" + in)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:8])
}

// Identity returns a text that two nodes over the same inputs have in common only where
// they always have the same rows, so that one can be run for both. A call that draws lots
// is the same as itself alone: so a WITH query that is read twice is drawn once. It is
// false where a call has no number to be known by.
func Identity(n Node) (string, bool) {
	var b strings.Builder
	switch x := n.(type) {
	case *Scan:
		fmt.Fprintf(&b, "%T %q %v", x, strings.ToLower(x.Relation.Name), x.Columns)
	case *Values:
		fmt.Fprintf(&b, "%T %p", x, x.Rows)
	default:
		fmt.Fprintf(&b, "%T %s", x, details(x))
	}
	for _, e := range Exprs(n) {
		if !numbered(e) {
			return "", false
		}
		b.WriteString("; " + expr.Fingerprint(e))
	}
	return b.String(), true
}

func numbered(e expr.Expr) bool {
	return expr.Walk(e, func(x expr.Expr) bool {
		c, ok := x.(*expr.Call)
		return !ok || c.Draw > 0 || c.Func.StabilityOf(c.Overload) != function.Volatile
	})
}

// details are what a node is beside its inputs and expressions.
func details(n Node) string {
	switch x := n.(type) {
	case *Aggregate:
		out := fmt.Sprint(len(x.Group), x.Sets, x.Sets == nil, x.Forget)
		for _, c := range x.Calls {
			out += fmt.Sprintf(" %s/%d %t %t", c.Func.Name, len(c.Args), c.Distinct, c.Filter != nil)
			for _, o := range c.Order {
				out += fmt.Sprint(" ", o.Desc)
			}
		}
		return out
	case *Join:
		return fmt.Sprint(x.Kind, x.On != nil, x.Any != nil, len(x.Params), x.Forget)
	case *Asof:
		return fmt.Sprint(x.Outer, x.Keys, x.Op, x.LeftTime, x.RightTime)
	case *TimeFilter:
		return x.Op.String() + " " + expr.Fingerprint(x.Clock)
	case *Lookup:
		return fmt.Sprint(x.Outer, x.Keys, x.On != nil)
	case *SetOp:
		return fmt.Sprint(x.Except, x.All)
	case *TopN:
		return fmt.Sprint(x.Partition, x.Keys, x.Limit, x.Offset, x.By, x.Ties, x.Number != "", x.Forget)
	case *Window:
		out := fmt.Sprint(x.Partition, x.Keys)
		for _, c := range x.Calls {
			out += fmt.Sprintf(" %s/%d/%d %t", c, len(c.Args), len(c.Order), c.Filter != nil)
		}
		return out
	case *Session:
		return fmt.Sprint(x.Partition, x.Time, x.Gap)
	case *Expand:
		if x.Func.Pure {
			return fmt.Sprintf("%s %t %t", x.Func.Name, x.Func.Numbered, x.Outer)
		}
		return fmt.Sprintf("%s %p %t", x.Func.Name, x.Func, x.Outer)
	case *Recursive:
		return fmt.Sprint(x.All)
	case *Self:
		return fmt.Sprintf("%p", x)
	case *First:
		return fmt.Sprint(x.Keys, x.Rows)
	case *Unique:
		return fmt.Sprint(x.Keys, x.Into)
	case *EmitFinal:
		out := ""
		for _, by := range x.By {
			out += fmt.Sprint(by.Column, " ")
		}
		return out
	case *Sort:
		return fmt.Sprint(x.Keys, x.Limit, x.Offset, x.Hidden)
	}
	return ""
}
