package bind

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/internal/suggest"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/types"
)

// starParts are the EXCEPT and REPLACE that the front end has written behind a star.
func starParts(fields []*ast.SelectField) []*ast.FuncCallExpr {
	var out []*ast.FuncCallExpr
	for _, f := range fields {
		call, ok := f.Expr.(*ast.FuncCallExpr)
		if !ok || call.FnName.L != sql.MarkerExcept && call.FnName.L != sql.MarkerReplace {
			break
		}
		out = append(out, call)
	}
	return out
}

// starOther takes columns out of those that a star has added from the first-th on, or puts
// others in their place.
func (b *selection) starOther(first int, parts []*ast.FuncCallExpr) error {
	for _, call := range parts {
		if call.FnName.L == sql.MarkerExcept {
			for _, a := range call.Args {
				at, err := b.starColumnOf(first, a)
				if err != nil {
					return err
				}
				b.exprs, b.names, b.nodes = slices.Delete(b.exprs, at, at+1), slices.Delete(b.names, at, at+1), slices.Delete(b.nodes, at, at+1)
			}
			if len(b.exprs) == first {
				return b.m.Errorf(call, "EXCEPT leaves no column")
			}
			continue
		}
		for i := 0; i+1 < len(call.Args); i += 2 {
			at, err := b.starColumnOf(first, call.Args[i+1])
			if err != nil {
				return err
			}
			e, err := b.shown(call.Args[i], nil)
			if err != nil {
				return err
			}
			if e.Type().Kind == types.Interval {
				return b.m.Errorf(call.Args[i], "a column cannot be an INTERVAL")
			}
			b.exprs[at], b.nodes[at] = e, call.Args[i]
		}
	}
	return nil
}

// starColumnOf is where the column of a name stands among those of a star.
func (b *selection) starColumnOf(first int, n ast.ExprNode) (int, error) {
	name := word(n)
	var found []int
	for i, have := range b.names[first:] {
		if strings.EqualFold(have, name) {
			found = append(found, first+i)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		err := b.m.Errorf(n, "the star has no column %s", name)
		if near := suggest.Nearest(name, b.names[first:]); near != "" {
			err = err.WithHint("did you mean %s?", near)
		}
		return 0, err
	}
	return 0, b.m.Errorf(n, "the star has %d columns %s", len(found), name)
}
