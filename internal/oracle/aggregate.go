package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// computed is an input with further columns, each an expression over it. An aggregate
// of SQL whose arguments are columns of a query around it would be that query's.
type computed struct {
	p      *printer
	in     from
	params []string
	extra  []string
	alias  string
}

func (p *printer) computed(n logical.Node, params []string) *computed {
	return &computed{p: p, in: p.from(n, params), params: params, alias: p.alias()}
}

// column computes an expression and names the column that holds it.
func (c *computed) column(e expr.Expr) string {
	c.extra = append(c.extra, c.p.expr(e, scope{c.in.cols, c.params}))
	return fmt.Sprintf("%s.c%d", c.alias, len(c.in.cols)+len(c.extra)-1)
}

func (c *computed) columns(es []expr.Expr) []string {
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = c.column(e)
	}
	return out
}

// own names the input's columns.
func (c *computed) own() []string {
	out := make([]string, len(c.in.cols))
	for i := range out {
		out[i] = fmt.Sprintf("%s.c%d", c.alias, i)
	}
	return out
}

// text is the whole, for FROM.
func (c *computed) text() string {
	return "(" + selected(slices.Concat(c.in.cols, c.extra)) + " FROM " + c.in.text + ") AS " + c.alias
}

func (p *printer) aggregate(a *logical.Aggregate, params []string) string {
	c := p.computed(a.Input, params)
	keys := c.columns(a.Group)
	var calls []string
	for _, call := range a.Calls {
		calls = append(calls, c.call(call, ""))
	}
	text := c.text()
	if a.Sets == nil {
		return grouped(slices.Concat(keys, calls), keys, text)
	}
	var parts []string
	for _, set := range a.Sets {
		items, by, id := slices.Clone(keys), []string(nil), 0
		for i := range keys {
			if id <<= 1; slices.Contains(set, i) {
				by = append(by, keys[i])
			} else {
				items[i] = "NULL"
				id |= 1
			}
		}
		parts = append(parts, grouped(slices.Concat(items, calls, []string{fmt.Sprint(id)}), by, text))
	}
	return strings.Join(parts, " UNION ALL ")
}

func grouped(items, by []string, text string) string {
	switch {
	case len(by) > 0:
		return selected(items) + " FROM " + text + " GROUP BY " + strings.Join(by, ", ")
	case !slices.ContainsFunc(items, func(s string) bool { return strings.Contains(s, "(") }):
		return selected(items) // one row of no aggregate
	}
	return selected(items) + " FROM " + text
}

// call prints an aggregate, over a window where there is one.
func (c *computed) call(call logical.Call, over string) string {
	args, tail := c.columns(call.Args), ""
	if call.Filter != nil {
		tail = " FILTER (WHERE " + c.column(call.Filter) + ")"
	}
	tail += over
	distinct := ""
	if call.Distinct {
		distinct = "DISTINCT "
	}
	apply := func(name string) string { return name + "(" + distinct + args[0] + ")" + tail }
	switch call.Func.Name {
	case "count":
		switch {
		case len(args) == 0:
			return "COUNT(*)" + tail
		case len(args) == 1:
			return apply("COUNT")
		}
	case "min", "max":
		return apply(strings.ToUpper(call.Func.Name))
	case "any_value":
		return apply("MIN")
	case "sum", "avg":
		of, to := call.Args[0].Type(), call.Bind.Returns
		switch {
		case of.IsFloat():
			return apply(strings.ToUpper(call.Func.Name))
		case isWhole(of) && call.Func.Name == "sum":
			return rescaled("("+apply("SUM")+")", scaleOf(of), scaleOf(to))
		case isWhole(of):
			return quotient(rescaled("("+apply("SUM")+")", scaleOf(of), scaleOf(to)), "("+apply("COUNT")+")")
		}
	case "group_concat":
		return c.concatenated(call, args, distinct, tail, over)
	}
	panic(Missing("the aggregate " + call.Func.Name))
}

// concatenated closes ties of the order by the value itself.
func (c *computed) concatenated(call logical.Call, args []string, distinct, tail, over string) string {
	if call.Args[0].Type().Kind != types.Varchar || over != "" {
		panic(Missing("GROUP_CONCAT over a window"))
	}
	order := ""
	for _, o := range call.Order {
		order += c.column(o.Expr)
		if o.Desc {
			order += " DESC"
		}
		order += ", "
	}
	separator := "','"
	if len(args) > 1 {
		l, ok := call.Args[1].(*expr.Literal)
		if !ok {
			panic(Missing("a separator that is no constant"))
		}
		separator = literal(l)
	}
	if distinct != "" {
		if separator != "','" || order != "" || len(args) > 2 {
			panic(Missing("GROUP_CONCAT of DISTINCT in an order or with a separator"))
		}
		return "group_concat(DISTINCT " + args[0] + " ORDER BY " + args[0] + ")" + tail
	}
	return "group_concat(" + args[0] + ", " + separator + " ORDER BY " + order + args[0] + ")" + tail
}
