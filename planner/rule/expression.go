package rule

import (
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// everywhere makes a rewrite of nodes from one of expressions, which is given each
// expression of a node, its parts before the whole.
func everywhere(f func(expr.Expr) expr.Expr) func(logical.Node) (logical.Node, bool) {
	return func(n logical.Node) (logical.Node, bool) {
		changed := false
		old := logical.Exprs(n)
		fresh := make([]expr.Expr, len(old))
		for i, e := range old {
			fresh[i] = expr.Transform(e, f)
			changed = changed || fresh[i] != e
		}
		if !changed {
			return n, false
		}
		return logical.WithExprs(n, fresh), true
	}
}

var boolean = types.Of(types.Boolean)

func truth(v bool) expr.Expr { return &expr.Literal{T: boolean, Value: v} }

func isTrue(e expr.Expr) bool { return isLiteral(e, true) }

func isFalse(e expr.Expr) bool { return isLiteral(e, false) }

func isNull(e expr.Expr) bool { return isLiteral(e, nil) }

func isLiteral(e expr.Expr, value any) bool {
	l, ok := e.(*expr.Literal)
	return ok && l.Value == value
}

// certain reports that an expression has a value on every row: it is neither NULL
// nor an error, which eval_error = 'null' makes one.
func certain(e expr.Expr) bool { return e.NotNull() && !expr.CanFail(e) }

// exact reports that = on values of the type is identity: not so for floats, of
// which NaN is no value's equal.
func exact(t types.Type) bool { return !t.IsFloat() }

// substituteAll is substitute for each of several expressions.
func substituteAll(es, by []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = substitute(e, by)
	}
	return out
}

// substitute replaces each column by the expression that computes it.
func substitute(e expr.Expr, by []expr.Expr) expr.Expr {
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok {
			return by[c.Index]
		}
		return x
	})
}

// single reports that each expression which computes something is read at most once
// by the others, and none of those read is another at every call: then it may stand
// where it is read, and is computed no more often than before.
func single(computed []expr.Expr, readers ...expr.Expr) bool {
	uses := count(computed, readers)
	for i, e := range computed {
		if len(e.Children()) > 0 && uses[i] > 1 || uses[i] > 0 && !pure(e) {
			return false
		}
	}
	return true
}

// maxCopied is how many operations a condition may grow to when it is pushed: one
// that reads y twice in a stack of y + y doubles at every level.
const maxCopied = 200

// copied reports that a condition may read what is computed by computing it itself:
// little is computed more than once, and nothing that is another at every call.
func copied(computed []expr.Expr, cond expr.Expr) bool {
	size := weight(cond)
	for i, n := range count(computed, []expr.Expr{cond}) {
		if n > 0 && !pure(computed[i]) || n > 1 && !light(computed[i]) {
			return false
		}
		size += n * weight(computed[i])
	}
	return size <= maxCopied
}

// count says how often each column is read.
func count(columns, readers []expr.Expr) []int {
	uses := make([]int, len(columns))
	for _, e := range readers {
		expr.Walk(e, func(x expr.Expr) bool {
			if c, ok := x.(*expr.Column); ok {
				uses[c.Index]++
			}
			return true
		})
	}
	return uses
}

func weight(e expr.Expr) int {
	n := 0
	expr.Walk(e, func(expr.Expr) bool { n++; return true })
	return n
}

// light reports that an expression only calculates.
func light(e expr.Expr) bool {
	return expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Call, *expr.Regexp, *expr.Like:
			return false
		case *expr.Cast:
			return !x.To.IsText() && !x.Arg.Type().IsText()
		}
		return true
	})
}
