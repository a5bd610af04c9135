package logical

import "github.com/sqlstream/sqlstream/sql/expr"

// Exprs returns the expressions of a node over its input; those of a Join are its
// condition, what is asked of the matches, and the parameters.
func Exprs(n Node) []expr.Expr {
	switch x := n.(type) {
	case *Filter:
		return []expr.Expr{x.Pred}
	case *TimeFilter:
		return []expr.Expr{x.Arg}
	case *Project:
		return x.Exprs
	case *Aggregate:
		out := append([]expr.Expr(nil), x.Group...)
		for _, c := range x.Calls {
			out = append(out, c.Exprs()...)
		}
		return out
	case *Join:
		var out []expr.Expr
		if x.On != nil {
			out = append(out, x.On)
		}
		if x.Any != nil {
			out = append(out, x.Any)
		}
		return append(out, x.Params...)
	case *Lookup:
		if x.On != nil {
			return []expr.Expr{x.On}
		}
	case *Window:
		var out []expr.Expr
		for _, c := range x.Calls {
			out = append(out, c.Exprs()...)
		}
		return out
	case *Expand:
		return x.Args
	}
	return nil
}

// WithExprs returns the node with others of the same types in place of what Exprs
// returned, in that order.
func WithExprs(n Node, es []expr.Expr) Node {
	take := func(k int) []expr.Expr {
		out := es[:k:k]
		es = es[k:]
		return out
	}
	switch x := n.(type) {
	case *Filter:
		return &Filter{x.Input, es[0]}
	case *TimeFilter:
		return &TimeFilter{x.Input, es[0], x.Op, x.Clock}
	case *Project:
		return &Project{x.Input, es, x.Names}
	case *Aggregate:
		out := *x
		out.Group = take(len(x.Group))
		out.Calls = make([]Call, len(x.Calls))
		for i, c := range x.Calls {
			out.Calls[i] = c.WithExprs(take(len(c.Exprs())))
		}
		return &out
	case *Join:
		out := *x
		if x.On != nil {
			out.On = take(1)[0]
		}
		if x.Any != nil {
			out.Any = take(1)[0]
		}
		out.Params = take(len(x.Params))
		return &out
	case *Lookup:
		out := *x
		if x.On != nil {
			out.On = take(1)[0]
		}
		return &out
	case *Window:
		out := *x
		out.Calls = make([]WindowCall, len(x.Calls))
		for i, c := range x.Calls {
			out.Calls[i] = c.WithExprs(take(len(c.Exprs())))
		}
		return &out
	case *Expand:
		out := *x
		out.Args = es
		return &out
	}
	return n
}
