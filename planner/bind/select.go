package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
)

func (s *session) selectStmt(x *ast.SelectStmt, outer bool) (logical.Node, error) {
	if err := s.with(x.With); err != nil {
		return nil, err
	}
	if x.Kind == ast.SelectStmtKindValues {
		return s.values(x)
	}
	if len(x.WindowSpecs) > 0 {
		return nil, sql.Errorf(s.m.Source, s.m.WordAt("WINDOW"), "WINDOW is not supported yet")
	}
	if x.SelectIntoOpt != nil {
		return nil, sql.Errorf(s.m.Source, s.m.WordAt("INTO"), "SELECT INTO is not supported; write INSERT INTO … SELECT")
	}
	input, sc, err := s.from(x.From)
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
	b := &selection{session: s, input: input, in: sc}
	if x.Kind == ast.SelectStmtKindTable {
		b.star()
	} else if err := b.fields(x.Fields.Fields); err != nil {
		return nil, err
	}
	if err := b.group(x); err != nil {
		return nil, err
	}
	return b.finish(x, outer)
}

// A selection binds the clauses of one SELECT. Its expressions are over the input's
// columns; calls of aggregates are columns beyond those, until the plan is put
// together.
type selection struct {
	*session
	input logical.Node
	in    *scope

	exprs []expr.Expr
	names []string
	nodes []ast.Node // of the expressions, nil for those of a star

	groups  []expr.Expr
	grouped bool
	calls   []logical.Call
	having  expr.Expr
}

// fields binds the result columns.
func (b *selection) fields(fields []*ast.SelectField) error {
	for _, f := range fields {
		if f.WildCard != nil {
			if t := f.WildCard.Table.O; t != "" && !strings.EqualFold(t, b.in.table) {
				return sql.Errorf(b.m.Source, b.m.Offset(f.Offset), "there is no table %s here", t)
			}
			if len(b.in.fields) == 0 {
				return sql.Errorf(b.m.Source, b.m.Offset(f.Offset), "* needs a FROM clause")
			}
			b.star()
			continue
		}
		e, err := b.bindExpr(f.Expr, b.in, b.aggregate, nil)
		if err != nil {
			return err
		}
		name := f.AsName.O
		if name == "" {
			name = b.columnName(f)
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
	return b.m.FieldText(f)
}

func (b *selection) star() {
	for i, field := range b.in.fields {
		c := &expr.Column{Index: i, Field: field}
		b.exprs, b.names, b.nodes = append(b.exprs, c), append(b.names, field.Name), append(b.nodes, nil)
	}
}

// finish puts the plan together: aggregate, HAVING, result columns, DISTINCT, and
// the presentation.
func (b *selection) finish(x *ast.SelectStmt, outer bool) (logical.Node, error) {
	var sort *logical.Sort
	var err error
	if x.OrderBy != nil || x.Limit != nil {
		if !outer {
			return nil, sql.Errorf(b.m.Source, b.m.WordAt("ORDER", "LIMIT", "FETCH"), "ORDER BY or LIMIT inside a query is not supported yet")
		}
		if sort, err = b.orderBy(x); err != nil {
			return nil, err
		}
	}
	node := b.input
	if b.grouped || len(b.calls) > 0 {
		if node, err = b.aggregatePlan(); err != nil {
			return nil, err
		}
	} else if b.having != nil {
		node = &logical.Filter{Input: node, Pred: b.having}
	}
	node = &logical.Project{Input: node, Exprs: b.exprs, Names: b.names}
	if x.Distinct {
		if sort != nil && sort.Hidden > 0 {
			return nil, sql.Errorf(b.m.Source, b.m.WordAt("ORDER"), "ORDER BY of SELECT DISTINCT takes columns of the result")
		}
		node = distinct(node)
	}
	if sort != nil {
		sort.Input = node
		return sort, nil
	}
	return node, nil
}
