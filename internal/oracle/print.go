// Package oracle has SQLite answer the queries of tests. It prints a bound plan as SQL
// that SQLite means the same by, so that only the meaning of operations is compared
// and not the reading of text. It is a module of its own: SQLite is in no program.
package oracle

import (
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A Missing is a construct that SQLite lacks, or that it means something else by. The
// tests count what is left out for each.
type Missing string

// Error implements error.
func (m Missing) Error() string { return "SQLite lacks " + string(m) }

// Print returns a query for SQLite. Its columns are named c0, c1, …, and it reads tables
// named by TableName with such columns. DECIMALs are whole numbers of their last digit,
// times those of microseconds or days, BOOLEANs 0 and 1.
func Print(n logical.Node) (text string, err error) {
	defer func() {
		if m, ok := recover().(Missing); ok {
			err = m
		}
	}()
	p := &printer{}
	return p.node(n, nil), nil
}

// TableName is the name of a relation in SQLite.
func TableName(r *logical.Relation) string {
	return `"r ` + strings.ToLower(strings.ReplaceAll(r.Name, `"`, `""`)) + `"`
}

// A printer names what it prints. It panics with a Missing.
type printer struct{ aliases int }

// A from is a query that stands in FROM.
type from struct {
	text string
	cols []string
}

func (p *printer) alias() string {
	p.aliases++
	return fmt.Sprintf("q%d", p.aliases)
}

// from puts a plan in FROM. params are what the plan reads as parameters.
func (p *printer) from(n logical.Node, params []string) from {
	return p.named("("+p.node(n, params)+")", n.Schema().Len())
}

func (p *printer) named(text string, columns int) from {
	a := p.alias()
	f := from{text: text + " AS " + a}
	for i := range columns {
		f.cols = append(f.cols, fmt.Sprintf("%s.c%d", a, i))
	}
	return f
}

// selected lists expressions as the columns c0, c1, …. SQLite has no rows without
// columns.
func selected(items []string) string {
	if len(items) == 0 {
		return "SELECT 0 AS none"
	}
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = fmt.Sprintf("%s AS c%d", item, i)
	}
	return "SELECT " + strings.Join(out, ", ")
}

func (p *printer) node(n logical.Node, params []string) string {
	switch x := n.(type) {
	case *logical.Scan:
		t := p.named(TableName(x.Relation), x.Relation.Schema.Len())
		var items []string
		for _, c := range x.Columns {
			if typ := x.Relation.Schema.Fields[c].Type; typ.IsNested() || typ.Kind == types.JSON { // which SQLite compares as texts
				panic(Missing("values of " + typ.String()))
			}
			items = append(items, t.cols[c])
		}
		return selected(items) + " FROM " + t.text
	case *logical.Values:
		return values(x)
	case *logical.Filter:
		in := p.from(x.Input, params)
		return selected(in.cols) + " FROM " + in.text + " WHERE " + p.expr(x.Pred, scope{in.cols, params})
	case *logical.Project:
		in := p.from(x.Input, params)
		return selected(p.exprs(x.Exprs, scope{in.cols, params})) + " FROM " + in.text
	case *logical.Union:
		var parts []string
		for _, in := range x.Ins {
			f := p.from(in, params)
			parts = append(parts, selected(f.cols)+" FROM "+f.text)
		}
		return strings.Join(parts, " UNION ALL ")
	case *logical.Join:
		return p.join(x, params)
	case *logical.SetOp:
		return p.setOp(x, params)
	case *logical.Aggregate:
		return p.aggregate(x, params)
	case *logical.Window:
		return p.window(x, params)
	case *logical.Session:
		return p.session(x, params)
	case *logical.Expand:
		return p.expand(x, params)
	case *logical.TopN:
		return p.topN(x, params)
	case *logical.Sort:
		in := p.from(x.Input, params)
		return selected(in.cols) + " FROM " + in.text + " ORDER BY " + total(x.Keys, in.cols) + fmt.Sprintf(" LIMIT %d OFFSET %d", x.Limit, x.Offset)
	}
	panic(Missing(fmt.Sprintf("%T", n)))
}

func values(x *logical.Values) string {
	var rows []string
	for i := range x.Rows.Len {
		var items []string
		for _, c := range x.Rows.Cols {
			items = append(items, literalAt(c, i))
		}
		for range x.Rows.Weight(i) {
			rows = append(rows, selected(items))
		}
	}
	if len(rows) > 0 {
		return strings.Join(rows, " UNION ALL ")
	}
	nulls := make([]string, len(x.Rows.Cols))
	for i := range nulls {
		nulls[i] = "NULL"
	}
	return selected(nulls) + " WHERE 0"
}

func (p *printer) join(j *logical.Join, params []string) string {
	if len(j.Params) > 0 {
		panic(Missing("LATERAL"))
	}
	l, r := p.from(j.Left, params), p.from(j.Right, params)
	both := append(append([]string(nil), l.cols...), r.cols...)
	on := "1"
	if j.On != nil {
		on = p.expr(j.On, scope{both, params})
	}
	matches := "EXISTS (SELECT 1 FROM " + r.text + " WHERE " + on + ")"
	switch j.Kind {
	case logical.Semi:
		return selected(l.cols) + " FROM " + l.text + " WHERE " + matches
	case logical.Anti:
		return selected(l.cols) + " FROM " + l.text + " WHERE NOT " + matches
	case logical.Mark:
		panic(Missing("mark joins"))
	}
	kind := map[logical.JoinKind]string{logical.Inner: " JOIN ", logical.Left: " LEFT JOIN ", logical.Right: " RIGHT JOIN ", logical.Full: " FULL JOIN "}[j.Kind]
	return selected(both) + " FROM " + l.text + kind + r.text + " ON " + on
}

// setOp numbers equal rows where they are to be counted: the n-th of one side meets the
// n-th of the other.
func (p *printer) setOp(s *logical.SetOp, params []string) string {
	op := " INTERSECT "
	if s.Except {
		op = " EXCEPT "
	}
	l, r := p.from(s.Left, params), p.from(s.Right, params)
	if !s.All {
		return selected(l.cols) + " FROM " + l.text + op + selected(r.cols) + " FROM " + r.text
	}
	numbered := func(f from) string {
		return selected(append(f.cols[:len(f.cols):len(f.cols)], "ROW_NUMBER() OVER (PARTITION BY "+strings.Join(f.cols, ", ")+")")) + " FROM " + f.text
	}
	out := p.named("("+numbered(l)+op+numbered(r)+")", len(l.cols))
	return selected(out.cols) + " FROM " + out.text
}
