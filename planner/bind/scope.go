package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/internal/suggest"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A scope is the columns that names can mean.
type scope struct {
	table  string // the name or alias of the table they belong to
	fields []types.Field
}

func newScope(table string, s *types.Schema) *scope { return &scope{table, s.Fields} }

func (sc *scope) names() []string {
	out := make([]string, len(sc.fields))
	for i, f := range sc.fields {
		out[i] = f.Name
	}
	return out
}

// find returns the columns of a name: exact letter case first, then any.
func (sc *scope) find(name string) []int {
	var exact, folded []int
	for i, f := range sc.fields {
		if f.Name == name {
			exact = append(exact, i)
		} else if strings.EqualFold(f.Name, name) {
			folded = append(folded, i)
		}
	}
	if exact != nil {
		return exact
	}
	return folded
}

// column resolves a name, with or without its table.
func (s *session) column(x *ast.ColumnNameExpr, sc *scope) (*expr.Column, error) {
	name := x.Name
	if q := name.Table.O; q != "" && !strings.EqualFold(q, sc.table) {
		if len(sc.find(q)) > 0 {
			return nil, s.notYet(x, "a field of a column")
		}
		return nil, sc.noTable(s.m.Errorf(x, "there is no table %s here", q))
	}
	if name.Schema.O != "" {
		return nil, s.m.Errorf(x, "tables have no schema name before them")
	}
	found := sc.find(name.Name.O)
	switch len(found) {
	case 1:
		c := &expr.Column{Index: found[0], Field: sc.fields[found[0]]}
		s.remember(c, x)
		return c, nil
	case 0:
		return nil, s.noColumn(x, sc)
	}
	return nil, s.m.Errorf(x, "column %s is ambiguous: %d columns have that name", name.Name.O, len(found))
}

// noTable says what the table is called.
func (sc *scope) noTable(err *sql.Error) *sql.Error {
	if sc.table != "" {
		return err.WithHint("the table is called %s", sc.table)
	}
	return err
}

func (s *session) noColumn(x *ast.ColumnNameExpr, sc *scope) error {
	name := x.Name.Name.O
	err := s.m.Errorf(x, "there is no column %s", name)
	text := s.m.Source.Text[s.m.At(x):]
	switch near := suggest.Nearest(name, sc.names()); {
	case near != "":
		return err.WithHint("did you mean %s?", near)
	case strings.HasPrefix(text, `"`):
		return err.WithHint("double quotes are for names; a text is written '%s'", name)
	case len(sc.fields) > 0:
		return err.WithHint("the columns are %s", strings.Join(sc.names(), ", "))
	}
	return err
}

func (s *session) remember(c *expr.Column, n ast.Node) {
	if s.at == nil {
		s.at = map[*expr.Column]ast.Node{}
	}
	s.at[c] = n
}
