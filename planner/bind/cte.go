package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
)

// A cte is a query named by WITH.
type cte struct {
	node  logical.Node
	names []string
}

func (s *session) with(w *ast.WithClause) error {
	if w == nil {
		return nil
	}
	if w.IsRecursive {
		return sql.Errorf(s.m.Source, s.m.WordAt("RECURSIVE"), "WITH RECURSIVE is not supported yet")
	}
	for _, c := range w.CTEs {
		sub, ok := c.Query.Query.(ast.Node)
		if !ok {
			return s.notYet(c.Query, "this WITH query")
		}
		n, err := s.result(sub, false)
		if err != nil {
			return err
		}
		names := n.Schema().Names()
		if len(c.ColNameList) > 0 {
			if len(c.ColNameList) != len(names) {
				return sql.Errorf(s.m.Source, s.m.WordAt(strings.ToUpper(c.Name.O)), "%s has %d names for %d columns", c.Name.O, len(c.ColNameList), len(names))
			}
			for i, name := range c.ColNameList {
				names[i] = name.O
			}
		}
		s.ctes[c.Name.L] = &cte{n, names}
	}
	return nil
}
