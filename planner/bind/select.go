package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

func (s *session) selectStmt(x *ast.SelectStmt, outer bool) (logical.Node, error) {
	at := s.start(x)
	if err := s.unsupported(x, at); err != nil {
		return nil, err
	}
	input, sc, err := s.from(x.From, at)
	if err != nil {
		return nil, err
	}
	if x.Where != nil {
		cond, err := s.scalar(x.Where, sc, "WHERE")
		if err != nil {
			return nil, err
		}
		if cond, err = s.truth(cond, x.Where); err != nil {
			return nil, err
		}
		input = &logical.Filter{Input: input, Pred: cond}
	}
	if input, sc, err = s.timeGroup(x, input, sc); err != nil {
		return nil, err
	}
	b := &selection{session: s, input: input, in: sc, start: at}
	if err := b.named(x.WindowSpecs); err != nil {
		return nil, err
	}
	if x.Kind == ast.SelectStmtKindTable {
		b.star()
	} else if err := b.fields(x.Fields.Fields); err != nil {
		return nil, err
	}
	if err := b.assign(b.exprs, outer, func(col int) ast.Node { return b.nodes[col] }); err != nil {
		return nil, err
	}
	if err := b.group(x); err != nil {
		return nil, err
	}
	if b.qualify != nil {
		cond, err := b.shown(b.qualify, b.aliased)
		if err != nil {
			return nil, err
		}
		if b.qualified, err = b.truth(cond, b.qualify); err != nil {
			return nil, err
		}
	}
	return b.finish(x, outer)
}

// unsupported refuses clauses of a SELECT that nothing stands behind yet.
func (s *session) unsupported(x *ast.SelectStmt, at int) error {
	switch {
	case x.SelectIntoOpt != nil:
		return sql.Errorf(s.m.Source, s.m.WordAfter(at, "INTO"), "SELECT INTO is not supported").
			WithHint("write INSERT INTO … SELECT")
	case x.LockInfo != nil:
		return sql.Errorf(s.m.Source, s.m.WordAfter(at, "FOR", "LOCK"), "a query takes no locks")
	case x.SelectStmtOpts != nil && x.CalcFoundRows:
		return s.notYetAt(at, "SQL_CALC_FOUND_ROWS")
	}
	return nil
}

// A selection binds the clauses of one SELECT. Its expressions are over the input's
// columns; calls of aggregates are columns beyond those, until the plan is put
// together.
type selection struct {
	*session
	input logical.Node
	in    *scope
	start int // where the SELECT begins in the text

	exprs []expr.Expr
	names []string
	nodes []ast.Node // of the expressions, nil for those of a star

	groups     []expr.Expr
	grouped    bool
	sets       [][]int  // of groups; nil for one of all
	groupingAt ast.Node // the first GROUPING(…); nil for none
	calls      []logical.Call
	having     expr.Expr

	windowSpecs map[string]*ast.WindowSpec
	depth       int          // of windows built on windows
	qualify     ast.ExprNode // nil for none
	qualified   expr.Expr
}

// shown binds an expression of the result, or one that it is sorted or qualified by.
func (b *selection) shown(n ast.ExprNode, alias func(*ast.ColumnNameExpr) (expr.Expr, error)) (expr.Expr, error) {
	in := &binding{session: b.session, in: b.in, aggregate: b.aggregate, alias: alias, windows: b}
	return in.expr(n)
}

// fields binds the result columns.
func (b *selection) fields(fields []*ast.SelectField) error {
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		if f.WildCard != nil {
			t, first := f.WildCard.Table.O, len(b.exprs)
			switch {
			case t != "" && !b.in.has(t) || f.WildCard.Schema.O != "":
				return b.in.noTable(sql.Errorf(b.m.Source, b.fieldAt(f), "there is no table %s here", t))
			case len(b.in.fields) == 0:
				return sql.Errorf(b.m.Source, b.fieldAt(f), "* needs a FROM clause")
			case t != "":
				b.starOf(t)
			default:
				b.star()
			}
			parts := starParts(fields[i+1:])
			if err := b.starOther(first, parts); err != nil {
				return err
			}
			i += len(parts)
			continue
		}
		e, err := b.shown(f.Expr, nil)
		if err != nil {
			return err
		}
		name := f.AsName.O
		if name == "" {
			name = b.columnName(f)
		}
		if e.Type().Kind == types.Interval {
			return sql.Errorf(b.m.Source, b.fieldAt(f), "a column cannot be an INTERVAL")
		}
		b.exprs, b.names, b.nodes = append(b.exprs, e), append(b.names, name), append(b.nodes, f.Expr)
	}
	return nil
}

// columnName is the name of a result column without an alias: the column's own,
// otherwise the user's text.
func (b *selection) columnName(f *ast.SelectField) string {
	e := f.Expr
	for {
		p, ok := e.(*ast.ParenthesesExpr)
		if !ok {
			break
		}
		e = p.Expr
	}
	if c, ok := e.(*ast.ColumnNameExpr); ok {
		return c.Name.Name.O
	}
	if c, ok := e.(*ast.FuncCallExpr); ok && isTimeGroup(c.FnName.L) {
		return c.FnName.L
	}
	return b.m.FieldText(f)
}

func (b *selection) star() {
	for _, i := range b.in.star {
		b.starColumn(i)
	}
}

// starOf adds the columns of one table: t.*.
func (b *selection) starOf(table string) {
	for i, owner := range b.in.owners {
		if strings.EqualFold(owner, table) {
			b.starColumn(i)
		}
	}
}

func (b *selection) starColumn(i int) {
	c := &expr.Column{Index: i, Field: b.in.fields[i]}
	b.exprs, b.names, b.nodes = append(b.exprs, c), append(b.names, c.Field.Name), append(b.nodes, nil)
}

// finish puts the plan together: aggregate, HAVING, result columns, DISTINCT, and
// the presentation.
func (b *selection) finish(x *ast.SelectStmt, outer bool) (logical.Node, error) {
	var sort *logical.Sort
	var err error
	if x.OrderBy != nil || x.Limit != nil {
		if sort, err = b.orderBy(x); err != nil {
			return nil, err
		}
	}
	node := b.input
	if b.grouped || len(b.calls) > 0 {
		if node, err = b.aggregatePlan(); err != nil {
			return nil, err
		}
	} else if b.groupingAt != nil {
		return nil, b.m.Errorf(b.groupingAt, "GROUPING needs a GROUP BY")
	} else if b.having != nil {
		node = &logical.Filter{Input: node, Pred: b.having}
	}
	node = b.windowPlan(node)
	node = &logical.Project{Input: node, Exprs: b.exprs, Names: b.names}
	if x.Distinct {
		node = logical.Distinct(node)
	}
	if sort == nil {
		return node, nil
	}
	sort.Input = node
	if ties(x.OrderBy) {
		tied(sort)
	}
	if outer {
		return sort, nil
	}
	return logical.Part(sort), nil
}
