package exec_test

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A parser reads the little language of these tests: expressions over the columns
// of a schema in SQL's spelling, with SQL's types.
type parser struct {
	toks   []string
	schema *types.Schema
}

// tokens divides a text into words, numbers, quoted texts and signs.
func tokens(s string) []string {
	var out []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		n := 1
		switch {
		case s[0] == '\'':
			n = 2 + strings.IndexByte(s[1:], '\'')
		case isWord(s[0]):
			for n < len(s) && isWord(s[n]) {
				n++
			}
		case strings.HasPrefix(s, "<=>"):
			n = 3
		case strings.HasPrefix(s, "<="), strings.HasPrefix(s, ">="), strings.HasPrefix(s, "<>"):
			n = 2
		}
		out, s = append(out, s[:n]), s[n:]
	}
	return out
}

func isWord(c byte) bool {
	return c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// parseExpr reads an expression; a mistake in a test's text panics.
func parseExpr(text string, schema *types.Schema) expr.Expr {
	p := &parser{tokens(text), schema}
	e := p.level(0)
	if len(p.toks) > 0 {
		panic(fmt.Sprintf("%q left of %q", p.toks, text))
	}
	return e
}

func (p *parser) peek() string {
	if len(p.toks) == 0 {
		return ""
	}
	return strings.ToUpper(p.toks[0])
}

func (p *parser) next() string {
	t := p.toks[0]
	p.toks = p.toks[1:]
	return t
}

func (p *parser) accept(words ...string) bool {
	for i, w := range words {
		if i >= len(p.toks) || strings.ToUpper(p.toks[i]) != w {
			return false
		}
	}
	p.toks = p.toks[len(words):]
	return true
}

// levels are the binary operators from the loosest to the tightest.
var levels = []map[string]expr.Op{
	{"OR": 0},
	{"AND": 0},
	{"=": expr.Eq, "<>": expr.Ne, "<": expr.Lt, "<=": expr.Le, ">": expr.Gt, ">=": expr.Ge, "<=>": expr.NullSafeEq},
	{"+": expr.Add, "-": expr.Sub},
	{"*": expr.Mul, "/": expr.Div, "%": expr.Mod, "DIV": expr.IntDiv},
}

func (p *parser) level(n int) expr.Expr {
	if n == len(levels) {
		return p.unary()
	}
	left := p.level(n + 1)
	for {
		word := p.peek()
		op, ok := levels[n][word]
		if !ok {
			return left
		}
		p.next()
		right := p.level(n + 1)
		switch {
		case word == "OR":
			left = &expr.Or{Args: []expr.Expr{left, right}}
		case word == "AND":
			left = &expr.And{Args: []expr.Expr{left, right}}
		case n == 2:
			t, _ := types.Comparable(left.Type(), right.Type())
			left = &expr.Compare{Op: op, L: expr.NewCast(left, t), R: expr.NewCast(right, t)}
		default:
			left = arith(op, left, right)
		}
	}
}

func arith(op expr.Op, l, r expr.Expr) expr.Expr {
	kinds := map[expr.Op]types.ArithOp{
		expr.Add: types.OpAdd, expr.Sub: types.OpSub, expr.Mul: types.OpMul,
		expr.Div: types.OpDiv, expr.IntDiv: types.OpIntDiv, expr.Mod: types.OpMod,
	}
	lt, rt, t, ok := types.Arithmetic(kinds[op], l.Type(), r.Type())
	if !ok {
		panic(fmt.Sprintf("%s %s %s", l.Type(), op, r.Type()))
	}
	return &expr.Arith{Op: op, L: expr.NewCast(l, lt), R: expr.NewCast(r, rt), T: t}
}

func (p *parser) unary() expr.Expr {
	switch {
	case p.accept("NOT"):
		return &expr.Not{Arg: p.level(2)}
	case p.accept("("):
		e := p.level(0)
		p.must(")")
		return p.suffix(e)
	case p.accept("CAST", "("):
		e := p.level(0)
		p.must("AS")
		t := p.typ()
		p.must(")")
		return &expr.Cast{Arg: e, To: t}
	case p.accept("NULL"):
		return &expr.Literal{T: types.Of(types.Null)}
	}
	return p.suffix(p.leaf(p.next()))
}

func (p *parser) must(word string) {
	if !p.accept(word) {
		panic(fmt.Sprintf("%s expected at %q", word, p.toks))
	}
}

func (p *parser) suffix(e expr.Expr) expr.Expr {
	switch {
	case p.accept("IS", "NOT", "NULL"):
		return &expr.IsNull{Arg: e, Negated: true}
	case p.accept("IS", "NULL"):
		return &expr.IsNull{Arg: e}
	}
	return e
}

func (p *parser) leaf(tok string) expr.Expr {
	if tok[0] == '\'' {
		return &expr.Literal{T: types.Of(types.Varchar), Value: tok[1 : len(tok)-1]}
	}
	if n, err := strconv.ParseInt(tok, 10, 64); err == nil {
		return &expr.Literal{T: types.Of(types.BigInt), Value: n}
	}
	if strings.ContainsAny(tok[:1], "0123456789") {
		scale := len(tok) - 1 - strings.IndexByte(tok, '.')
		d, err := types.ParseDecimal(tok, types.MaxPrecision, scale)
		if err != nil {
			panic(err)
		}
		return &expr.Literal{T: types.DecimalOf(len(tok)-1, scale), Value: d}
	}
	i := p.schema.Index(tok)
	if i < 0 {
		panic(fmt.Sprintf("no column %q in %s", tok, p.schema))
	}
	return &expr.Column{Index: i, Field: p.schema.Fields[i]}
}

func (p *parser) typ() types.Type {
	kinds := map[string]types.Kind{
		"BOOLEAN": types.Boolean, "INT": types.Int, "BIGINT": types.BigInt, "DOUBLE": types.Double, "VARCHAR": types.Varchar,
		"TINYINT": types.TinyInt, "DATE": types.Date, "TIMESTAMP": types.Timestamp, "DECIMAL": types.Decimal,
	}
	word := strings.ToUpper(p.next())
	k, ok := kinds[word]
	if !ok {
		panic("no type " + word)
	}
	if k != types.Decimal {
		return types.Of(k)
	}
	p.must("(")
	precision, _ := strconv.Atoi(p.next())
	p.must(",")
	scale, _ := strconv.Atoi(p.next())
	p.must(")")
	return types.DecimalOf(precision, scale)
}
