package mysqltest

import (
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/internal/evaltest"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// columns are those of the table that expressions of some families read, of the types
// that no literal has. NULL is in a row of its own.
var columns = []struct {
	name, typ string
	values    []string // in the rows from 1 on
}{
	{"ti", "TINYINT", []string{"1", "-7", "127", "-128", "NULL", "0"}},
	{"us", "SMALLINT UNSIGNED", []string{"2", "300", "65535", "0", "NULL", "0"}},
	{"i", "INT", []string{"3", "-70000", "2147483647", "-2147483648", "NULL", "0"}},
	{"l", "BIGINT", []string{"4", "-5000000000", "9223372036854775807", "-9223372036854775808", "NULL", "0"}},
	{"ul", "BIGINT UNSIGNED", []string{"5", "10000000000", "18446744073709551615", "0", "NULL", "0"}},
	{"d", "DECIMAL(10,2)", []string{"1.50", "-2.25", "99999999.99", "-99999999.99", "NULL", "0.00"}},
	{"w", "DECIMAL(30,10)", []string{"0.1234567891", "-1234567890.5", "12345678901234567890.0123456789", "-12345678901234567890.0123456789", "NULL", "0"}},
	{"f", "FLOAT", []string{"0.5", "-1.1", "3.4e38", "-3.4e38", "NULL", "0"}},
	{"x", "DOUBLE", []string{"0.25", "-2.5", "1.7e308", "1e-300", "NULL", "0"}},
	{"s", "VARCHAR(20)", []string{"'abc'", "'한글 Ää'", "'aXbXc  '", "'12'", "NULL", "''"}},
	{"v", "VARCHAR(5)", []string{"'b'", "'글'", "'X'", "'0.5'", "NULL", "' '"}},
	{"dt", "DATE", []string{"'2026-01-31'", "'2024-02-29'", "'9999-12-31'", "'1000-01-01'", "NULL", "'1970-01-01'"}},
	{"ts", "DATETIME(3)", []string{"'2026-01-31 12:34:56.789'", "'2024-02-29 23:59:59.999'", "'9999-12-31 23:59:59.999'", "'1000-01-01 00:00:00'", "NULL", "'1970-01-01 00:00:00'"}},
	{"tm", "TIME(3)", []string{"'12:34:56.789'", "'-01:02:03.004'", "'838:59:59'", "'-838:59:59'", "NULL", "'00:00:00'"}},
}

// tableRows is how many rows the table has.
const tableRows = 6

// atRow stands between an expression that reads the table and the number of its row.
const atRow = "  @"

// overRows asks for each expression in each row.
func overRows(exprs []string) []string {
	var out []string
	for _, e := range exprs {
		for row := range tableRows {
			out = append(out, fmt.Sprintf("%s%s%d", e, atRow, row+1))
		}
	}
	return out
}

// tableScript makes the table on the server.
func tableScript() string {
	return "CREATE DATABASE judge CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin; USE judge;\n" + createTable("t", "")
}

// tableLines show the table at a file's head.
func tableLines() []string {
	var out []string
	for _, c := range columns {
		out = append(out, fmt.Sprintf("# %-3s%-18s%s", c.name, c.typ, strings.Join(c.values, ", ")))
	}
	return out
}

// A table is what we evaluate over.
type table struct {
	schema *types.Schema
	cols   []*vec.Vec
}

// newTable makes the table of casts of its literals.
func newTable() (*table, error) {
	t := &table{schema: types.NewSchema()}
	for _, c := range columns {
		var b *vec.Builder
		for _, text := range c.values {
			e, err := evaltest.Bind("CAST("+text+" AS "+c.typ+")", nil)
			if err != nil {
				return nil, err
			}
			l, err := expr.EvalConst(e)
			if err != nil {
				return nil, err
			}
			if b == nil {
				b = vec.NewBuilder(e.Type())
				t.schema.Fields = append(t.schema.Fields, types.Field{Name: c.name, Type: e.Type()})
			}
			expr.AppendLiteral(b, l)
		}
		t.cols = append(t.cols, b.Vec())
	}
	return t, nil
}

// constants puts the values of a row in the places of columns.
func (t *table) constants(e expr.Expr, row int) expr.Expr {
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok {
			return expr.LiteralAt(t.cols[c.Index], row)
		}
		return x
	})
}
