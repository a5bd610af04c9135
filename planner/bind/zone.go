package bind

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// atTimeZone binds x AT TIME ZONE zone. A zone that is written in the query is looked up
// here.
func (b *binding) atTimeZone(x *ast.FuncCallExpr) (expr.Expr, error) {
	args, err := b.exprs(x.Args)
	if err != nil {
		return nil, err
	}
	if l, ok := args[1].(*expr.Literal); ok && l.T.Kind == types.Varchar && l.Value != nil {
		if _, err := types.LoadZone(l.Value.(string)); err != nil {
			return nil, b.m.Errorf(x.Args[1], "%v", err)
		}
	}
	f, ok := b.Functions.Scalar("at_time_zone")
	if !ok {
		return nil, b.notYet(x, "AT TIME ZONE")
	}
	return b.scalarCall(f, args, x)
}

// readsClock refuses to read NOW(), which is in UTC, as a time of another zone: a
// comparison with a moment would be off by hours.
func (b *binding) readsClock(e expr.Expr, as types.Type, n ast.Node) error {
	if as.Zone == nil || e.Type().Zoned {
		return nil
	}
	now := ""
	expr.Walk(e, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Call); ok && (c.Func.Name == "now" || c.Func.Name == "current_date") {
			now = c.Func.Name
		}
		return now == ""
	})
	if now == "" {
		return nil
	}
	return b.m.Errorf(n, "%s is in UTC and would be read in the time zone %s beside a %s", strings.ToUpper(now), as.Zone, as).
		WithHint("PROCTIME() is the moment itself")
}
