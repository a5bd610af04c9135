package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A recursion is a query of WITH RECURSIVE while it is bound.
type recursion struct {
	self *logical.Self // nil while the parts are bound that the others begin with
	at   int           // where its name was last read in the text
}

// recursive binds a query of WITH RECURSIVE: one without its own name as any other, else
// the parts that do not read it, by UNION with those that do.
func (s *session) recursive(c *ast.CommonTableExpression, sub ast.Node, at int) (logical.Node, error) {
	set, ok := sub.(*ast.SetOprStmt)
	if !ok {
		if s.names(sub, c.Name.L) {
			return nil, sql.Errorf(s.m.Source, s.selfAt(at, c), "%s reads itself, and nothing else to begin with", c.Name.O).
				WithHint("write a query that does not read it, UNION ALL, and the one that does")
		}
		n, err := s.result(sub, false)
		if err != nil {
			return nil, err
		}
		return s.renamed(n, c.Name.O, c.ColNameList, at)
	}
	defer func(ctes *cte) { s.ctes = ctes }(s.ctes)
	if err := s.with(set.With); err != nil {
		return nil, err
	}
	first := 0
	for first < len(set.SelectList.Selects) && !s.names(set.SelectList.Selects[first], c.Name.L) {
		first++
	}
	if first == len(set.SelectList.Selects) {
		n, err := s.setOperation(&ast.SetOprStmt{SelectList: set.SelectList, OrderBy: set.OrderBy, Limit: set.Limit}, false)
		if err != nil {
			return nil, err
		}
		return s.renamed(n, c.Name.O, c.ColNameList, at)
	}
	if set.OrderBy != nil || set.Limit != nil {
		return nil, sql.Errorf(s.m.Source, s.m.WordAfter(s.selfAt(at, c), "ORDER", "LIMIT"), "a recursive query has no ORDER BY and no LIMIT of its own").
			WithHint("write them in the query that reads %s", c.Name.O)
	}
	return s.recursion(c, set.SelectList, first, at)
}

// recursion binds the branches from first on over what those before give.
func (s *session) recursion(c *ast.CommonTableExpression, list *ast.SetOprSelectList, first, at int) (logical.Node, error) {
	if first == 0 {
		return nil, sql.Errorf(s.m.Source, s.selfAt(at, c), "the first query of %s reads %s itself", c.Name.O, c.Name.O).
			WithHint("begin with a query that does not read it")
	}
	all, err := s.unionAll(c, list, first, at)
	if err != nil {
		return nil, err
	}
	known := &cte{name: c.Name.L, frame: s.frame, next: s.ctes, recursion: &recursion{at: at}}
	s.ctes = known
	base, err := s.setList(&ast.SetOprSelectList{With: list.With, Selects: list.Selects[:first]})
	if err != nil {
		return nil, err
	}
	if base, err = s.renamed(base, c.Name.O, c.ColNameList, at); err != nil {
		return nil, err
	}
	out := &types.Schema{}
	target := make([]types.Type, base.Schema().Len())
	for i, f := range base.Schema().Fields {
		target[i] = grown(f.Type)
		out.Fields = append(out.Fields, types.Field{Name: f.Name, Type: target[i]})
	}
	known.recursion.self = &logical.Self{Name: c.Name.O, Out: out}
	known.node = known.recursion.self
	var step logical.Node
	for _, sel := range list.Selects[first:] {
		n, err := s.stepOf(c, sel, known.recursion, target)
		if err != nil {
			return nil, err
		}
		if step != nil {
			n = union(step, n, out.Names())
		}
		step = n
	}
	return &logical.Recursive{
		Base: convert(base, target), Step: step, Name: c.Name.O, All: all, Names: out.Names(), Self: known.recursion.self,
	}, nil
}

// unionAll reports that the branches from first on are joined by UNION ALL, not UNION.
func (s *session) unionAll(c *ast.CommonTableExpression, list *ast.SetOprSelectList, first, at int) (bool, error) {
	var op *ast.SetOprType
	for _, sel := range list.Selects[first:] {
		var next *ast.SetOprType
		switch x := sel.(type) {
		case *ast.SelectStmt:
			next = x.AfterSetOperator
		case *ast.SetOprSelectList:
			next = x.AfterSetOperator
		}
		switch {
		case *next != ast.Union && *next != ast.UnionAll:
			return false, sql.Errorf(s.m.Source, s.selfAt(at, c), "a query that reads %s itself stands behind UNION or UNION ALL, not %s", c.Name.O, strings.ToUpper(next.String()))
		case op != nil && *op != *next:
			return false, sql.Errorf(s.m.Source, s.selfAt(at, c), "the queries that read %s itself stand behind UNION and UNION ALL both", c.Name.O).
				WithHint("use one of them")
		}
		op = next
	}
	return *op == ast.UnionAll, nil
}

// stepOf binds one branch that reads the query itself, with columns of the types given.
func (s *session) stepOf(c *ast.CommonTableExpression, sel ast.Node, r *recursion, target []types.Type) (logical.Node, error) {
	n, _, err := s.branch(sel)
	if err != nil {
		return nil, err
	}
	if draws(n) {
		return nil, sql.Errorf(s.m.Source, s.start(sel), "a part that reads %s itself calls what gives another value each time", c.Name.O).
			WithHint("call it in the query that reads %s", c.Name.O)
	}
	if why := nonlinear(n, r.self); why != "" {
		return nil, sql.Errorf(s.m.Source, r.at, "%s reads itself %s", c.Name.O, why).
			WithHint("a recursive query reads itself once in each part, where a row more of it gives rows more and nothing else; do the rest in the query around it")
	}
	if have := n.Schema().Len(); have != len(target) {
		return nil, sql.Errorf(s.m.Source, s.start(sel), "the sides of UNION have %d and %d columns", len(target), have)
	}
	for i, f := range n.Schema().Fields {
		if _, ok := types.Common(target[i], f.Type); !ok {
			return nil, sql.Errorf(s.m.Source, s.columnAt(sel, i), "column %d of UNION is %s on one side and %s on the other", i+1, target[i], f.Type).
				WithHint("convert one of them: CAST(… AS %s)", target[i])
		}
	}
	return convert(n, target), nil
}

// grown is the type of a column of a recursive query: a text may become longer with each
// round.
func grown(t types.Type) types.Type {
	switch t.Kind {
	case types.Null, types.Varchar:
		return types.Of(types.Varchar)
	case types.Binary:
		return types.Of(types.Binary)
	}
	return t
}

// nonlinear says where a step reads its query in a place that wants more than the rows
// which came last: "" for nowhere.
func nonlinear(n logical.Node, self *logical.Self) string {
	for _, e := range logical.Exprs(n) {
		if readsIn(e, self) {
			return "in a subquery of an expression"
		}
	}
	ins := n.Inputs()
	read := make([]bool, len(ins))
	any := false
	for i, in := range ins {
		read[i] = reads(in, self)
		any = any || read[i]
	}
	if !any {
		return ""
	}
	switch x := n.(type) {
	case *logical.Project, *logical.Filter, *logical.Union, *logical.Expand:
	case *logical.Join:
		switch {
		case read[0] && read[1]:
			return "twice in one FROM"
		case read[1] && x.Kind != logical.Inner && x.Kind != logical.Right,
			read[0] && (x.Kind == logical.Right || x.Kind == logical.Full):
			return "on the side of an outer join of which rows may be missing"
		}
	case *logical.Aggregate:
		if len(x.Calls) == 0 {
			return "under DISTINCT, UNION or GROUP BY"
		}
		return "under an aggregate or GROUP BY"
	case *logical.TopN:
		return "under LIMIT"
	case *logical.Window:
		return "under OVER"
	case *logical.SetOp:
		return "under INTERSECT or EXCEPT"
	case *logical.Recursive:
		return "in another recursive query"
	default:
		return "under " + n.String()
	}
	for _, in := range ins {
		if why := nonlinear(in, self); why != "" {
			return why
		}
	}
	return ""
}

// reads reports that a plan reads a recursive query, in subqueries of it, too.
func reads(n logical.Node, self *logical.Self) bool {
	found := false
	logical.Walk(n, func(n logical.Node) {
		found = found || n == logical.Node(self)
		for _, e := range logical.Exprs(n) {
			found = found || readsIn(e, self)
		}
	})
	return found
}

// readsIn is reads of the subqueries of an expression.
func readsIn(e expr.Expr, self *logical.Self) bool {
	return !expr.Walk(e, func(x expr.Expr) bool {
		q, ok := x.(*logical.Subquery)
		return !ok || !reads(q.Plan, self)
	})
}

// draws reports that a plan calls what gives another value each time.
func draws(n logical.Node) bool {
	found := false
	logical.Walk(n, func(n logical.Node) {
		for _, e := range logical.Exprs(n) {
			expr.Walk(e, func(x expr.Expr) bool {
				switch x := x.(type) {
				case *expr.Call:
					found = found || x.Draw > 0
				case *logical.Subquery:
					found = found || draws(x.Plan)
				}
				return true
			})
		}
	})
	return found
}

// selfAt is where a query of WITH RECURSIVE reads itself, as near as the text tells.
func (s *session) selfAt(at int, c *ast.CommonTableExpression) int {
	for from := at + 1; ; {
		next := s.m.NameAfter(from, c.Name.O)
		if next == from {
			return at
		}
		if s.m.Behind(next, "FROM", "JOIN", ",", "(") {
			return next
		}
		from = next + 1
	}
}

// names reports that a query has a table of a name.
func (s *session) names(n ast.Node, name string) bool {
	v := &tableNames{name: name}
	n.Accept(v)
	return v.found
}

type tableNames struct {
	name  string
	found bool
}

func (v *tableNames) Enter(n ast.Node) (ast.Node, bool) {
	if t, ok := n.(*ast.TableName); ok && t.Schema.O == "" && t.Name.L == v.name {
		v.found = true
	}
	if c := markerOf(n); c != nil {
		if t, ok := c.Args[0].(*ast.ColumnNameExpr); ok && t.Name.Name.L == v.name {
			v.found = true
		}
	}
	return n, v.found
}

func (v *tableNames) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// markerOf returns the call that stands for a table by its name.
func markerOf(n ast.Node) *ast.FuncCallExpr {
	c, ok := n.(*ast.FuncCallExpr)
	if !ok || c.FnName.L != sql.MarkerTable || len(c.Args) == 0 {
		return nil
	}
	return c
}
