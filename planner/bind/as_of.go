package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// A timeJoin is a join in which time has a part: an ASOF JOIN, or one with a table as of a
// time.
type timeJoin struct {
	asof *ast.FuncCallExpr // of an ASOF JOIN

	// Of one with a table as of a time: where it says so; and the time, nil for PROCTIME(), with
	// what the table has at each.
	at       int
	time     ast.ExprNode
	versions *versions
}

// byTime reads a join as one in which time has a part; nil for any other.
func (f *fromClause) byTime(x *ast.Join, by joining) (*timeJoin, error) {
	ts, ok := x.Right.(*ast.TableSource)
	if call := asofCall(x); call != nil {
		if ok && ts.Lateral {
			return nil, sql.Errorf(f.m.Source, f.m.WordAfter(f.at, "LATERAL"), "LATERAL cannot be the right side of an ASOF JOIN").
				WithHint("an ASOF JOIN looks its matches up among rows that do not depend on the left")
		}
		return &timeJoin{asof: call}, nil
	}
	if !ok {
		return nil, nil
	}
	t, ok := ts.Source.(*ast.TableName)
	if !ok || t.AsOf == nil {
		return nil, nil
	}
	at := f.m.WordAfter(f.m.NameAfter(f.at, t.Name.O), "OF")
	switch {
	case by.kind != logical.Inner && by.kind != logical.Left:
		return nil, sql.Errorf(f.m.Source, at, "a %s cannot be as of a time: it looks up what matches each row of the left", strings.ToUpper(by.String())).
			WithHint("use JOIN, or LEFT JOIN to keep rows without a match")
	case by.on == nil && len(by.names) == 0 && !by.natural:
		return nil, sql.Errorf(f.m.Source, at, "a join as of a time needs ON or USING right behind its table")
	}
	if call, ok := t.AsOf.TsExpr.(*ast.FuncCallExpr); ok && call.FnName.L == "proctime" && len(call.Args) == 0 {
		return &timeJoin{at: at}, nil
	}
	return &timeJoin{at: at, time: t.AsOf.TsExpr}, nil
}

// beside binds the right side.
func (f *fromClause) beside(t *timeJoin, n ast.ResultSetNode) (logical.Node, *scope, error) {
	if t.asof != nil {
		return f.tables(n)
	}
	ts := *n.(*ast.TableSource)
	table := *ts.Source.(*ast.TableName)
	if table.AsOf = nil; t.time != nil {
		var err error
		if t.versions, err = f.versionsOf(table.Name.O, t.at); err != nil {
			return nil, nil, err
		}
	}
	ts.Source = &table
	return f.source(&ts)
}

// lookup makes a join whose right side is as of PROCTIME() of a bound one.
func (f *fromClause) lookup(j *logical.Join, at int) (logical.Node, error) {
	keys, rest := j.Equi()
	width := j.Left.Schema().Len()
	out := &logical.Lookup{Outer: j.Kind == logical.Left}
	left, right := besideAll(j.Left), besideAll(j.Right)
	for _, k := range keys {
		out.Keys = append(out.Keys, logical.MatchKey{Left: columnIn(left, k.Left), Right: columnIn(right, k.Right), NullSafe: k.NullSafe})
	}
	out.Left, out.Right = grownOr(left, j.Left), grownOr(right, j.Right)
	if len(rest) > 0 {
		out.On = behind(expr.AndOf(rest...), width, out.Left.Schema().Len()-width)
		if logical.HasSubquery(out.On) {
			return nil, sql.Errorf(f.m.Source, at, "a join as of a time cannot have a subquery in its condition").
				WithHint("join what the subquery gives to one of the sides first")
		}
	}
	return ownColumns(out, j, out.Left.Schema().Len()), nil
}

// behind moves the columns of the right side behind those that the left has gained.
func behind(e expr.Expr, width, by int) expr.Expr {
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok && c.Index >= width && by > 0 {
			return &expr.Column{Index: c.Index + by, Field: c.Field}
		}
		return x
	})
}

// ownColumns leaves out what the sides of a join have gained; left is how many columns the
// left has now.
func ownColumns(n logical.Node, j *logical.Join, left int) logical.Node {
	l, r := j.Left.Schema().Len(), j.Right.Schema().Len()
	if n.Schema().Len() == l+r {
		return n
	}
	p := &logical.Project{Input: n}
	for i, f := range n.Schema().Fields {
		if i < l || i >= left && i < left+r {
			p.Exprs, p.Names = append(p.Exprs, &expr.Column{Index: i, Field: f}), append(p.Names, f.Name)
		}
	}
	return p
}
