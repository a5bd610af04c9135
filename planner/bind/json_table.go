package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// jsonTable binds the COLUMNS of JSON_TABLE: what stands behind the document.
func (s *session) jsonTable(f *function.Table, c *tableCall) (*function.BoundTable, error) {
	if len(c.call.Args) < 3 {
		_, err := f.Bind(nil, nil)
		return nil, s.m.Errorf(c.call, "%v", err)
	}
	t := &function.JSONTable{Path: textOf(c.call.Args[2])}
	var err error
	if t.Columns, err = s.jsonColumns(c.call.Args[3:], map[string]bool{}); err != nil {
		return nil, err
	}
	bound, err := f.BindJSON(t)
	if err != nil {
		return nil, s.m.Errorf(c.call, "%v", err)
	}
	return bound, nil
}

// textOf is the text that a constant is.
func textOf(n ast.ExprNode) string {
	v, ok := n.(ast.ValueExpr)
	if !ok {
		return ""
	}
	text, _ := sql.LiteralValue(v).(string)
	return text
}

func (s *session) jsonColumns(nodes []ast.ExprNode, names map[string]bool) ([]function.JSONColumn, error) {
	var out []function.JSONColumn
	for _, n := range nodes {
		x := n.(*ast.FuncCallExpr) // MarkerJSONColumn
		c, err := s.jsonColumn(x, names)
		if err != nil {
			return nil, err
		}
		if key := strings.ToLower(c.Name); c.Kind != function.JSONNested {
			if names[key] {
				return nil, s.m.Errorf(x, "there are two columns %s", c.Name)
			}
			names[key] = true
		}
		out = append(out, c)
	}
	return out, nil
}

func (s *session) jsonColumn(x *ast.FuncCallExpr, names map[string]bool) (c function.JSONColumn, err error) {
	kind := textOf(x.Args[0])
	if kind == "NESTED" {
		c.Kind, c.Path = function.JSONNested, textOf(x.Args[1])
		if _, err := jsonpath.Parse(c.Path); err != nil {
			return c, s.m.Errorf(x, "%v", err)
		}
		c.Columns, err = s.jsonColumns(x.Args[2:], names)
		return c, err
	}
	if c.Name = textOf(x.Args[1]); kind == "ORDINALITY" {
		c.Kind, c.Type = function.JSONOrdinality, types.Of(types.BigInt)
		return c, nil
	}
	c.Path = textOf(x.Args[3])
	if _, err := jsonpath.Parse(c.Path); err != nil {
		return c, s.m.Errorf(x, "column %s: %v", c.Name, err)
	}
	if c.Type, err = sql.ParseType(textOf(x.Args[2])); err != nil {
		return c, s.m.Errorf(x, "%v", err)
	}
	c.Type = c.Type.In(s.Zone)
	switch {
	case kind == "EXISTS":
		c.Kind = function.JSONExists
		if c.Type.Kind != types.Boolean && !c.Type.IsInteger() {
			return c, s.m.Errorf(x, "column %s: EXISTS gives a BOOLEAN or an integer, not a %s", c.Name, c.Type)
		}
		return c, nil
	case c.Type.Kind == types.Binary:
		return c, s.m.Errorf(x, "column %s: a value of JSON is no BINARY", c.Name).
			WithHint("take a VARCHAR, and from_base64(%s), unhex(%s) or CAST of that", c.Name, c.Name)
	}
	c.Convert = expr.FromJSON(c.Type)
	for _, n := range x.Args[4:] {
		if err := s.jsonOtherwise(n.(*ast.FuncCallExpr), &c); err != nil {
			return c, err
		}
	}
	return c, nil
}

// jsonOtherwise binds what a column holds in place of a value (MarkerJSONOn).
func (s *session) jsonOtherwise(x *ast.FuncCallExpr, c *function.JSONColumn) error {
	on := &c.OnEmpty
	if textOf(x.Args[0]) == "ERROR" {
		on = &c.OnError
	}
	if on.Fail || on.Default != nil {
		return s.m.Errorf(x, "column %s has ON %s twice", c.Name, textOf(x.Args[0]))
	}
	switch textOf(x.Args[1]) {
	case "ERROR":
		on.Fail = true
	case "DEFAULT":
		return s.jsonDefault(x, c, on)
	}
	return nil
}

func (s *session) jsonDefault(x *ast.FuncCallExpr, c *function.JSONColumn, on *function.JSONOtherwise) error {
	e, err := s.scalar(x.Args[2], newScope("", types.NewSchema()), "DEFAULT")
	if err != nil {
		return err
	}
	if !expr.IsConst(e) || logical.HasParam(e) || logical.HasSubquery(e) {
		return s.m.Errorf(x, "column %s: a DEFAULT ON EMPTY or ON ERROR is a constant", c.Name)
	}
	from := e.Type()
	if from.Kind != types.Null && !types.CanCast(from, c.Type) {
		return s.m.Errorf(x, "column %s: a %s is no DEFAULT for a %s", c.Name, from, c.Type)
	}
	l, err := expr.EvalConst(&expr.Cast{Arg: e, To: c.Type, Implicit: true})
	if err != nil {
		return s.m.Errorf(x, "column %s: %v", c.Name, err)
	}
	// MySQL takes the text for JSON, MariaDB for itself: in quotes they disagree.
	if text, ok := l.Value.(string); ok && c.Type.Kind == types.Varchar && len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		return s.m.Errorf(x, "column %s: a DEFAULT is the value itself, not a string of JSON", c.Name).
			WithHint("write DEFAULT '%s'", text[1:len(text)-1])
	}
	b := vec.NewBuilder(c.Type)
	expr.AppendLiteral(b, &expr.Literal{T: c.Type, Value: l.Value})
	on.Default = b.Vec()
	return nil
}

// jsonValue binds JSON_VALUE with RETURNING, ON EMPTY or ON ERROR (MarkerJSONValue).
func (b *binding) jsonValue(x *ast.FuncCallExpr) (expr.Expr, error) {
	doc, err := b.expr(x.Args[0])
	if err != nil {
		return nil, err
	}
	if k := doc.Type().Kind; k != types.JSON && k != types.Varchar && k != types.Null {
		return nil, b.m.Errorf(x, "json_value takes a document of JSON, not a %s", doc.Type())
	}
	c, err := b.jsonColumn(x.Args[1].(*ast.FuncCallExpr), nil)
	if err != nil {
		return nil, err
	}
	key := c.Returning()
	f := b.session.whole.returning[key]
	if f == nil {
		if f, err = function.JSONReturning(&c); err != nil {
			return nil, b.m.Errorf(x, "%v", err)
		}
		if b.session.whole.returning == nil {
			b.session.whole.returning = map[string]*function.Scalar{}
		}
		b.session.whole.returning[key] = f
	}
	args := []expr.Expr{expr.NewCast(doc, types.Of(types.JSON)), &expr.Literal{T: types.Of(types.Varchar), Value: key}}
	return &expr.Call{Func: f, Overload: &f.Overloads[0], Args: args, T: c.Type}, nil
}
