package bind

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/internal/suggest"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A scope is the columns that names can mean: those of the tables in FROM, one after
// the other.
type scope struct {
	fields []types.Field
	owners []string // the name or alias of each column's table; "" for none
	tables []string // in the order of FROM
	// shadowed columns are reached by their table's name alone: of the columns that USING
	// takes for one, all but that which stands for them.
	shadowed []bool
	star     []int      // what * means, in its order
	window   *timeGroup // of the query; nil for none
}

// newScope is the scope of one table.
func newScope(table string, s *types.Schema) *scope {
	sc := &scope{fields: s.Fields, shadowed: make([]bool, s.Len())}
	if table != "" {
		sc.tables = []string{table}
	}
	for i := range s.Fields {
		sc.owners = append(sc.owners, table)
		sc.star = append(sc.star, i)
	}
	return sc
}

// beside is the scope of the columns of two others, of which all those of the right
// stand behind those of the left.
func (sc *scope) beside(right *scope) *scope {
	out := &scope{
		fields:   slices.Concat(sc.fields, right.fields),
		owners:   slices.Concat(sc.owners, right.owners),
		tables:   slices.Concat(sc.tables, right.tables),
		shadowed: slices.Concat(sc.shadowed, right.shadowed),
		star:     slices.Clone(sc.star),
	}
	for _, c := range right.star {
		out.star = append(out.star, c+len(sc.fields))
	}
	return out
}

// over returns the scope with the columns as another schema has them: an outer join
// makes NULLs of some.
func (sc *scope) over(s *types.Schema) *scope {
	out := *sc
	out.fields = s.Fields
	return &out
}

func (sc *scope) names() []string {
	var out []string
	for _, i := range sc.star {
		out = append(out, sc.fields[i].Name)
	}
	return out
}

// has reports that a table of this name is there.
func (sc *scope) has(table string) bool {
	return slices.ContainsFunc(sc.tables, func(t string) bool { return strings.EqualFold(t, table) })
}

// find returns the columns of a bare name: exact letter case first, then any.
func (sc *scope) find(name string) []int {
	return sc.search(name, func(i int) bool { return !sc.shadowed[i] })
}

// findIn is find among the columns of one table.
func (sc *scope) findIn(table, name string) []int {
	return sc.search(name, func(i int) bool { return strings.EqualFold(sc.owners[i], table) })
}

func (sc *scope) search(name string, among func(int) bool) []int {
	var exact, folded []int
	for i, f := range sc.fields {
		switch {
		case !among(i):
		case f.Name == name:
			exact = append(exact, i)
		case strings.EqualFold(f.Name, name):
			folded = append(folded, i)
		}
	}
	if exact != nil {
		return exact
	}
	return folded
}

// lookup returns the columns that a name, with or without its table, means here; known
// is false where the table it is written with is none of these.
func (sc *scope) lookup(name *ast.ColumnName) (found []int, known bool) {
	if q := name.Table.O; q != "" {
		return sc.findIn(q, name.Name.O), sc.has(q)
	}
	return sc.find(name.Name.O), true
}

// column resolves a name: to a column of the scope, else to one of the query around
// this one, as a parameter.
func (s *session) column(x *ast.ColumnNameExpr, sc *scope) (expr.Expr, error) {
	name := x.Name
	if name.Schema.O != "" {
		if e, err := s.fieldOfName(x, sc); e != nil || err != nil {
			return e, err
		}
		return nil, s.m.Errorf(x, "tables have no schema name before them")
	}
	found, known := sc.lookup(name)
	switch len(found) {
	case 1:
		c := &expr.Column{Index: found[0], Field: sc.fields[found[0]]}
		s.remember(c, x)
		return c, nil
	case 0:
		if w := sc.windowNamed(name); w != nil {
			return w, nil
		}
		if p, err := s.frame.param(s, x); p != nil || err != nil {
			return p, err
		}
		if known {
			return nil, s.noColumn(x, sc)
		}
		if e, err := s.fieldOfName(x, sc); e != nil || err != nil {
			return e, err
		}
		return nil, sc.noTable(s.m.Errorf(x, "there is no table %s here", name.Table.O))
	}
	return nil, sc.ambiguous(s.m.Errorf(x, "column %s is ambiguous: %d columns have that name", name.Name.O, len(found)), found)
}

// ambiguous says which tables a column may be of.
func (sc *scope) ambiguous(err *sql.Error, found []int) *sql.Error {
	var ways []string
	for _, i := range found {
		if sc.owners[i] != "" {
			ways = append(ways, sc.owners[i]+"."+sc.fields[i].Name)
		}
	}
	if slices.Sort(ways); len(slices.Compact(slices.Clone(ways))) < len(found) {
		return err
	}
	return err.WithHint("write %s", strings.Join(ways, " or "))
}

// noTable says what the tables are called.
func (sc *scope) noTable(err *sql.Error) *sql.Error {
	switch len(sc.tables) {
	case 0:
		return err
	case 1:
		return err.WithHint("the table is called %s", sc.tables[0])
	}
	return err.WithHint("the tables are called %s", strings.Join(sc.tables, ", "))
}

func (s *session) noColumn(x *ast.ColumnNameExpr, sc *scope) error {
	name := x.Name.Name.O
	err := s.m.Errorf(x, "there is no column %s", name)
	text := s.m.Source.Text[s.m.At(x):]
	switch near := suggest.Nearest(name, sc.names()); {
	case strings.EqualFold(near, name):
		return sc.ambiguous(err, sc.find(name))
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
