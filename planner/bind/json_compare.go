package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// JSON is kept as the text that it came as, by which GROUP BY and DISTINCT know it. What
// compares and sorts takes it by what it means, as MySQL does: by json_sort_key.

const jsonKeyName = "json_sort_key"

// jsonPair reports two values of which one is JSON and the other can be taken as JSON.
func jsonPair(l, r types.Type) bool {
	like := func(t types.Type) bool {
		return t.Kind == types.JSON || t.Kind == types.Varchar || t.Kind == types.Boolean || t.IsNumeric()
	}
	return (l.Kind == types.JSON || r.Kind == types.JSON) && like(l) && like(r)
}

// jsonKey is what JSON, or a value beside it, is compared by.
func (b *binding) jsonKey(e expr.Expr, n ast.Node) (expr.Expr, error) {
	f, ok := b.Functions.Scalar(jsonKeyName)
	if !ok {
		return nil, b.notYet(n, "comparing JSON")
	}
	key, err := b.scalarCall(f, []expr.Expr{e}, n)
	if err == nil && expr.IsConst(key) && !logical.HasParam(key) && !logical.HasSubquery(key) {
		if l, err := expr.EvalConst(key); err == nil {
			return l, nil
		}
	}
	return key, err
}

// jsonMembership is x IN (…) of which a value is JSON.
func (b *binding) jsonMembership(arg expr.Expr, list []expr.Expr, x *ast.PatternInExpr) (expr.Expr, error) {
	out := &expr.In{Negated: x.Not}
	for i, e := range list {
		if e.Type().Kind != types.Null && arg.Type().Kind != types.Null && !jsonPair(e.Type(), types.Of(types.JSON)) {
			return nil, b.m.Errorf(x.List[i], "%s cannot be compared with %s", arg.Type(), e.Type())
		}
		key, err := b.jsonKey(e, x.List[i])
		if err != nil {
			return nil, err
		}
		out.List = append(out.List, key)
	}
	if !jsonPair(arg.Type(), types.Of(types.JSON)) && arg.Type().Kind != types.Null {
		return nil, b.m.Errorf(x, "%s cannot be compared with JSON", arg.Type())
	}
	var err error
	out.Arg, err = b.jsonKey(arg, x)
	return out, err
}

// sortedBy is what a value is sorted by: JSON by its key, any other by itself.
func (b *binding) sortedBy(e expr.Expr, n ast.Node) (expr.Expr, error) {
	if e.Type().Kind == types.JSON {
		return b.jsonKey(e, n)
	}
	return e, nil
}

// jsonColumnsKeyed puts the keys of JSON in the place of a subquery's columns that are
// compared by them.
func jsonColumnsKeyed(plan logical.Node, columns []expr.Expr) logical.Node {
	return &logical.Project{Input: plan, Exprs: columns, Names: plan.Schema().Names()}
}

// unordered are aggregates and functions that would take JSON in the order of its text,
// by the argument that they order.
var unordered = map[string]int{
	"min": 0, "max": 0, "percentile_disc": 0, "arg_min": 1, "arg_max": 1, "min_by": 1, "max_by": 1,
	"greatest": 0, "least": 0, "array_sort": 0, "array_min": 0, "array_max": 0,
}

// ordersJSON refuses a function that orders JSON.
func (s *session) ordersJSON(name string, args []expr.Expr, n ast.Node) error {
	at, ok := unordered[strings.ToLower(name)]
	if !ok || at >= len(args) {
		return nil
	}
	t := args[at].Type()
	if t.Kind == types.Array {
		t = *t.Elem
	}
	if t.Kind != types.JSON {
		return nil
	}
	return s.m.Errorf(n, "%s does not order JSON", strings.ToLower(name)).
		WithHint("order a value of it: CAST(%s AS DOUBLE), or j->>'$.path' for its text", args[at])
}
