package logical

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
)

// Fingerprint returns 16 hexadecimal digits that are the same for a subtree that
// prints the same and has columns of the same types, in every process and wherever in
// a plan it stands. It names state, and so must not depend on how a plan is run.
func Fingerprint(n Node) string {
	var b strings.Builder
	Walk(n, func(x Node) {
		fmt.Fprintf(&b, "%d %s", len(x.Inputs()), x)
		for _, f := range x.Schema().Fields {
			fmt.Fprintf(&b, "\x00%s", f.Type)
		}
		b.WriteByte('\n')
	})
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:8])
}

// Identity returns a text that two subtrees have in common only where they always
// have the same rows, so that one can be run for both; false where that is never so
// because lots are drawn.
func Identity(n Node) (string, bool) {
	var b strings.Builder
	same := true
	Walk(n, func(x Node) {
		fmt.Fprintf(&b, "%T %d", x, len(x.Inputs()))
		switch x := x.(type) {
		case *Scan:
			fmt.Fprintf(&b, " %q %v", strings.ToLower(x.Relation.Name), x.Columns)
		case *Values:
			fmt.Fprintf(&b, " %p", x.Rows)
		case *Union:
			fmt.Fprintf(&b, " %d", len(x.Names))
		default:
			fmt.Fprintf(&b, " %s", details(x))
		}
		for _, e := range Exprs(x) {
			same = same && expr.Stability(e) != function.Volatile
			b.WriteString("; " + expr.Fingerprint(e))
		}
		b.WriteByte('\n')
	})
	return b.String(), same
}

// details are what a node is beside its inputs and expressions.
func details(n Node) string {
	switch x := n.(type) {
	case *Aggregate:
		out := fmt.Sprint(len(x.Group))
		for _, c := range x.Calls {
			out += fmt.Sprintf(" %s/%d", c.Func.Name, len(c.Args))
		}
		return out
	case *First:
		return fmt.Sprint(x.Keys, x.Rows)
	case *Sort:
		return fmt.Sprint(x.Keys, x.Limit, x.Offset, x.Hidden)
	}
	return ""
}

// Exprs returns the expressions of a node over its input.
func Exprs(n Node) []expr.Expr {
	switch x := n.(type) {
	case *Filter:
		return []expr.Expr{x.Pred}
	case *Project:
		return x.Exprs
	case *Aggregate:
		out := append([]expr.Expr(nil), x.Group...)
		for _, c := range x.Calls {
			out = append(out, c.Args...)
		}
		return out
	}
	return nil
}
