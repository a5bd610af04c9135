package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A fromClause binds one FROM clause, its tables in the order of the text.
type fromClause struct {
	*session
	at int // in the text: behind what has been bound
}

// tables binds a table reference: joins, or one table.
func (f *fromClause) tables(n ast.ResultSetNode) (logical.Node, *scope, error) {
	switch x := n.(type) {
	case *ast.Join:
		if x.Right == nil {
			return f.tables(x.Left)
		}
		return f.join(x)
	case *ast.TableSource:
		return f.source(x)
	}
	return nil, nil, f.notYetAt(f.at, "this table reference")
}

func (f *fromClause) join(x *ast.Join) (logical.Node, *scope, error) {
	left, ls, err := f.tables(x.Left)
	if err != nil {
		return nil, nil, err
	}
	by := joinedBy(x)
	j := &logical.Join{Left: left, Kind: by.kind}
	t, err := f.byTime(x, by)
	if err != nil {
		return nil, nil, err
	}
	if t == nil {
		if node, sc, err := f.besideFunction(x, j, ls); node != nil || err != nil {
			return node, sc, err
		}
	}
	var rs *scope
	if t != nil {
		j.Right, rs, err = f.beside(t, x.Right)
	} else if ts, ok := x.Right.(*ast.TableSource); ok && f.lateral(ts, by) {
		at := f.m.WordAfter(f.at, "LATERAL")
		if j.Kind == logical.Right || j.Kind == logical.Full || by.turned {
			return nil, nil, sql.Errorf(f.m.Source, at, "LATERAL reads what stands before it, of which a %s has none for some rows", strings.ToUpper(by.String())).
				WithHint("use JOIN LATERAL or LEFT JOIN LATERAL")
		}
		j.Right, j.Params, err = f.within(ls, func() (n logical.Node, err error) {
			n, rs, err = f.source(ts)
			return n, err
		})
	} else {
		j.Right, rs, err = f.tables(x.Right)
	}
	if err != nil {
		return nil, nil, err
	}
	for _, t := range rs.tables {
		if ls.has(t) {
			return nil, nil, sql.Errorf(f.m.Source, f.m.NameAfter(f.at-1, t), "FROM names %s twice", t).
				WithHint("give one of them another name: %s AS t2", t)
		}
	}
	if t != nil && t.asof != nil {
		return f.asof(t.asof, j, ls, rs)
	}
	node, sc, err := f.condition(by, j, ls, rs)
	if t == nil || err != nil {
		return node, sc, err
	}
	if t.time == nil {
		node, err = f.lookup(j, t.at)
		return node, sc, err
	}
	if node, err = f.temporal(t, j, ls); err != nil {
		return nil, nil, err
	}
	return node, sc, nil
}

// condition binds what a join compares.
func (f *fromClause) condition(by joining, j *logical.Join, ls, rs *scope) (_ logical.Node, _ *scope, err error) {
	if by.turned {
		j.Left, j.Right, ls, rs = j.Right, j.Left, rs, ls
	}
	if by.natural {
		by.names = common(ls, rs)
	}
	var pairs [][2]int
	if by.on != nil {
		j.On, err = f.on(by.on, ls.beside(rs))
	} else {
		pairs, err = f.using(j, ls, rs, by.names)
	}
	switch {
	case err != nil:
		return nil, nil, err
	case by.half():
		return j, ls, nil
	case by.on == nil && (by.natural || len(by.names) > 0):
		node, sc := f.merge(j, ls.beside(rs).over(j.Schema()), pairs)
		return node, sc, nil
	}
	return j, ls.beside(rs).over(j.Schema()), nil
}

// lateral reports that a table may read what stands before it: LATERAL says so, and a
// table function may wherever there is a row before it.
func (f *fromClause) lateral(ts *ast.TableSource, by joining) bool {
	c := tableCallOf(ts)
	return ts.Lateral || (by.kind == logical.Inner || by.kind == logical.Left || by.half() && !by.turned) && c != nil && !f.hasOwnRows(c)
}

// A joining is how a join is written.
type joining struct {
	kind    logical.JoinKind
	turned  bool         // RIGHT SEMI and RIGHT ANTI: the rows of the right side are those that are kept
	on      ast.ExprNode // nil for none
	natural bool
	names   []string // of USING
}

// half reports a join of which one side's columns are all.
func (j joining) half() bool { return j.kind == logical.Semi || j.kind == logical.Anti }

// String names the kind of the join.
func (j joining) String() string {
	if j.turned {
		return "Right " + strings.ToLower(j.kind.String())
	}
	return j.kind.String()
}

// joinedBy reads what the front end has made of a join's words.
func joinedBy(x *ast.Join) joining {
	out := joining{natural: x.NaturalJoin}
	switch {
	case x.StraightJoin: // FULL JOIN
		out.kind = logical.Full
	case x.Tp == ast.LeftJoin:
		out.kind = logical.Left
	case x.Tp == ast.RightJoin:
		out.kind = logical.Right
	}
	for _, c := range x.Using {
		if c.Name.L == sql.MarkerNatural {
			out.natural = true
		} else {
			out.names = append(out.names, c.Name.O)
		}
	}
	marker := ""
	if len(out.names) > 0 {
		marker = out.names[0]
	}
	if x.On != nil {
		out.on = x.On.Expr
		if call, ok := out.on.(*ast.FuncCallExpr); ok && halves[call.FnName.L] > logical.Inner {
			marker, out.on = call.FnName.L, call.Args[0]
		}
	}
	if kind, ok := halves[marker]; ok {
		out.turned, out.kind = out.kind == logical.Right, kind
		out.names = out.names[min(1, len(out.names)):]
	}
	return out
}

// halves are the joins that MySQL does not have, by their markers.
var halves = map[string]logical.JoinKind{sql.MarkerSemi: logical.Semi, sql.MarkerAnti: logical.Anti}

func (f *fromClause) on(n ast.ExprNode, sc *scope) (expr.Expr, error) {
	cond, err := f.scalar(n, sc, "ON")
	if err != nil {
		return nil, err
	}
	return f.truth(cond, n)
}

// common lists the names of columns that both sides of a NATURAL JOIN have.
func common(l, r *scope) []string {
	var out []string
	for _, i := range l.star {
		if len(r.find(l.fields[i].Name)) > 0 {
			out = append(out, l.fields[i].Name)
		}
	}
	return out
}

// using joins by columns of the same name, of which it returns the places in both sides.
func (f *fromClause) using(j *logical.Join, ls, rs *scope, names []string) (pairs [][2]int, err error) {
	var conds []expr.Expr
	for _, name := range names {
		at := f.m.NameAfter(f.at, name)
		l, r := ls.find(name), rs.find(name)
		for _, side := range []struct {
			found []int
			in    *scope
		}{{l, ls}, {r, rs}} {
			switch {
			case len(side.found) == 0:
				return nil, side.in.noTable(sql.Errorf(f.m.Source, at, "USING names %s, which one side does not have", name))
			case len(side.found) > 1:
				return nil, side.in.ambiguous(sql.Errorf(f.m.Source, at, "column %s of USING is ambiguous", name), side.found)
			}
		}
		lc := &expr.Column{Index: l[0], Field: ls.fields[l[0]]}
		rc := &expr.Column{Index: len(ls.fields) + r[0], Field: rs.fields[r[0]]}
		t, ok := types.Comparable(lc.Field.Type, rc.Field.Type)
		if jsonPair(lc.Field.Type, rc.Field.Type) {
			return nil, sql.Errorf(f.m.Source, at, "USING does not take JSON, as of column %s", name).
				WithHint("join with ON: of values that are equal each has its own text")
		}
		if !ok {
			return nil, sql.Errorf(f.m.Source, at, "column %s of USING is %s on one side and %s on the other", name, lc.Field.Type, rc.Field.Type).
				WithHint("join with ON and convert one of them with CAST")
		}
		conds = append(conds, &expr.Compare{Op: expr.Eq, L: expr.NewCast(lc, t), R: expr.NewCast(rc, t)})
		pairs = append(pairs, [2]int{lc.Index, rc.Index})
	}
	if len(conds) > 0 {
		j.On = expr.AndOf(conds...)
	}
	return pairs, nil
}

// merge makes one column of each pair, before all others in *: that of the side whose rows
// are all kept, and of a FULL JOIN the one that is there.
func (f *fromClause) merge(j *logical.Join, sc *scope, pairs [][2]int) (logical.Node, *scope) {
	out := sc.beside(newScope("", types.NewSchema()))
	var node logical.Node = j
	var first []int
	gone := map[int]bool{}
	p := &logical.Project{Input: j}
	for i, f := range sc.fields {
		p.Exprs, p.Names = append(p.Exprs, &expr.Column{Index: i, Field: f}), append(p.Names, f.Name)
	}
	for _, pair := range pairs {
		l, r := pair[0], pair[1]
		gone[l], gone[r] = true, true
		keep := l
		switch j.Kind {
		case logical.Right:
			keep = r
		case logical.Full:
			keep = len(p.Exprs)
			e := either(&expr.Column{Index: l, Field: sc.fields[l]}, &expr.Column{Index: r, Field: sc.fields[r]})
			p.Exprs, p.Names = append(p.Exprs, e), append(p.Names, sc.fields[l].Name)
			out.fields = append(out.fields[:keep:keep], types.Field{Name: sc.fields[l].Name, Type: e.Type()})
			out.owners, out.shadowed = append(out.owners, ""), append(out.shadowed, false)
		}
		out.shadowed[l], out.shadowed[r] = true, true
		out.shadowed[keep] = false
		first = append(first, keep)
	}
	if len(p.Exprs) > len(sc.fields) {
		node = p
	}
	out.star = first
	for _, i := range sc.star {
		if !gone[i] {
			out.star = append(out.star, i)
		}
	}
	return node, out.over(&types.Schema{Fields: out.fields})
}

// either is the first of two values, or where it is NULL the second.
func either(l, r expr.Expr) expr.Expr {
	t, ok := types.Common(l.Type(), r.Type())
	if !ok {
		t = l.Type()
	}
	l, r = expr.NewCast(l, t), expr.NewCast(r, t)
	return &expr.Case{Whens: []expr.When{{Cond: &expr.IsNull{Arg: l, Negated: true}, Then: l}}, Else: r, T: t}
}
