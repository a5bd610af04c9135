package sql

import (
	"fmt"
	"io"
	"strconv"

	tidb "github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	"github.com/pingcap/tidb/pkg/parser/mysql"
)

// The TiDB parser makes literals through package variables that somebody has to
// set. These keep a literal's exact text. A program that embeds TiDB's own driver
// as well may overwrite them, so literals are read through ast.ValueExpr only.
func init() {
	ast.NewValueExpr = func(v any, _, _ string) ast.ValueExpr {
		if l, ok := v.(*literal); ok {
			return l
		}
		return &literal{value: v}
	}
	ast.NewParamMarkerExpr = func(offset int) ast.ParamMarkerExpr { return &param{offset: offset} }
	ast.NewDecimal = func(s string) (any, error) { return Decimal(s), nil }
	ast.NewHexLiteral = func(s string) (any, error) { return Hex(s), nil }
	ast.NewBitLiteral = func(s string) (any, error) { return Bit(s), nil }
}

// Decimal, Hex and Bit are the texts of literals of those forms.
type (
	Decimal string
	Hex     string
	Bit     string
)

type literal struct {
	ast.TexprNode
	value      any
	projection int
}

func (l *literal) SetValue(v any)            { l.value = v }
func (l *literal) GetValue() any             { return l.value }
func (l *literal) GetString() string         { s, _ := l.value.(string); return s }
func (l *literal) GetDatumString() string    { return l.GetString() }
func (l *literal) GetProjectionOffset() int  { return l.projection }
func (l *literal) SetProjectionOffset(o int) { l.projection = o }

func (l *literal) Accept(v ast.Visitor) (ast.Node, bool) {
	n, _ := v.Enter(l)
	return v.Leave(n)
}

func (l *literal) text() string {
	switch x := l.value.(type) {
	case nil:
		return "NULL"
	case string:
		return strconv.Quote(x)
	}
	return fmt.Sprint(l.value)
}

func (l *literal) Restore(ctx *format.RestoreCtx) error { ctx.WritePlain(l.text()); return nil }
func (l *literal) Format(w io.Writer)                   { fmt.Fprint(w, l.text()) }

type param struct {
	literal
	offset int
}

func (p *param) SetOrder(int) {}

func (p *param) Accept(v ast.Visitor) (ast.Node, bool) {
	n, _ := v.Enter(p)
	return v.Leave(n)
}

// LiteralValue returns what a literal of the TiDB syntax tree holds: nil, bool,
// int64, uint64, float64, string, Decimal, Hex or Bit.
func LiteralValue(v ast.ValueExpr) any {
	switch x := v.GetValue().(type) {
	case nil, bool, int64, uint64, float64, string, Decimal, Hex, Bit:
		return x
	case []byte:
		return string(x)
	case int:
		return int64(x)
	case fmt.Stringer: // a foreign driver's decimal
		return Decimal(x.String())
	default:
		return Decimal(fmt.Sprint(x))
	}
}

// sqlMode makes "x" a name and || join texts, and lets blanks stand before brackets.
const sqlMode = "ANSI_QUOTES,PIPES_AS_CONCAT,IGNORE_SPACE"

// newParser returns a parser of the dialect. Parsers are not for concurrent use
// and cost a microsecond.
func newParser() *tidb.Parser {
	p := tidb.New()
	mode, err := mysql.GetSQLMode(sqlMode)
	if err == nil {
		p.SetSQLMode(mode)
	}
	return p
}
