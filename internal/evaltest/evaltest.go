// Package evaltest evaluates SQL expressions the way queries do, through lexer,
// parser, binder and kernels, for the tests of functions and of their documentation.
package evaltest

import (
	"fmt"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/planner/bind"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/function/aggregate"
	"github.com/sqlstream/sqlstream/sql/function/scalar"
	"github.com/sqlstream/sqlstream/sql/function/table"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// Now is the epoch's clock in every evaluation: 2026-11-25 10:20:30.123456 UTC, a
// Wednesday.
var Now = int64(types.Days(2026, 11, 25))*types.MicrosPerDay + 10*types.MicrosPerHour + 20*types.MicrosPerMinute + 30123456

// Seed is the epoch's randomness in every evaluation.
const Seed = 7

// Functions holds the built-in functions.
var Functions = function.NewRegistry(scalar.All, aggregate.All, table.All)

// Bind binds an expression over the columns of a schema, which may be nil.
func Bind(text string, schema *types.Schema) (expr.Expr, error) {
	e, err := sql.ParseExprText("test", text)
	if err != nil {
		return nil, err
	}
	if schema == nil {
		schema = types.NewSchema()
	}
	b := bind.Binder{Catalog: catalog.New(), Functions: Functions}
	return b.Expr(e, schema)
}

// mem is emptied by each evaluation: one of its own would cost more than the work.
var mem vec.Mem

// Eval computes an expression over columns of rows rows; with sel, only those rows
// of the result mean anything. The result is good until the next call, and calls must
// not overlap.
func Eval(e expr.Expr, cols []*vec.Vec, rows int, sel []int32, errNull bool) (*vec.Vec, error) {
	p, err := expr.Compile(e, errNull)
	if err != nil {
		return nil, err
	}
	schema := types.NewSchema()
	for i, c := range cols {
		schema.Fields = append(schema.Fields, types.Field{Name: fmt.Sprintf("c%d", i), Type: c.Type})
	}
	mem.Reset()
	c := &expr.Context{Mem: &mem, Now: Now, Seed: Seed}
	v, err := p.Eval(c, &zset.Batch{Schema: schema, Cols: cols, Len: rows}, sel)
	if err != nil {
		return nil, err
	}
	return v.Retyped(e.Type()), nil
}

// Text returns the text of a row's value, NULL for NULL.
func Text(v *vec.Vec, row int) string {
	if v.IsNull(row) {
		return "NULL"
	}
	return string(vec.AppendText(nil, v, row))
}

// Value binds and computes an expression without columns and returns its text.
func Value(text string) (string, error) {
	e, err := Bind(text, nil)
	if err != nil {
		return "", err
	}
	v, err := Eval(e, nil, 1, nil, false)
	if err != nil {
		return "", err
	}
	return Text(v, 0), nil
}
