package sql

import (
	"maps"
	"slices"
	"strconv"

	"github.com/sqlstream/sqlstream/internal/suggest"
	"github.com/sqlstream/sqlstream/sql/types"
)

// plainTypes are the names of types without parameters of their own.
var plainTypes = map[string]types.Kind{
	"BOOLEAN": types.Boolean, "BOOL": types.Boolean, "TINYINT": types.TinyInt, "SMALLINT": types.SmallInt,
	"INT": types.Int, "INTEGER": types.Int, "MEDIUMINT": types.Int, "BIGINT": types.BigInt, "SIGNED": types.BigInt, "UNSIGNED": types.UBigInt,
	"FLOAT": types.Float, "REAL": types.Float, "DOUBLE": types.Double, "DATE": types.Date, "JSON": types.JSON,
	"TINYTEXT": types.Varchar, "MEDIUMTEXT": types.Varchar, "LONGTEXT": types.Varchar,
	"TINYBLOB": types.Binary, "MEDIUMBLOB": types.Binary, "LONGBLOB": types.Binary,
	"STRING": types.Varchar, "TEXT": types.Varchar, "VARCHAR": types.Varchar, "CHAR": types.Varchar, "CHARACTER": types.Varchar,
	"BYTES": types.Binary, "BINARY": types.Binary, "VARBINARY": types.Binary, "BLOB": types.Binary,
	"DECIMAL": types.Decimal, "NUMERIC": types.Decimal, "DEC": types.Decimal, "TIME": types.Time, "TIMESTAMP": types.Timestamp,
	"DATETIME": types.Timestamp, "TIMESTAMP_LTZ": types.Timestamp,
	"ARRAY": types.Array, "MAP": types.Map, "ROW": types.Row, "STRUCT": types.Row,
}

// ParseType reads the text of a type, as it stands in a cast.
func ParseType(text string) (types.Type, error) {
	src := &Source{Text: text}
	tokens, _, err := Lex(src)
	if err != nil {
		return types.Type{}, err
	}
	t, n, perr := parseType(src, tokens)
	if perr != nil {
		return types.Type{}, perr
	}
	if n < len(tokens) {
		return types.Type{}, Errorf(src, tokens[n].Start, "unexpected %s behind the type", shown(tokens[n]))
	}
	return t, nil
}

// parseType reads a type at the start of tokens and returns how many it used.
func parseType(src *Source, ts []Token) (types.Type, int, *Error) {
	p := &parser{src: src, tokens: ts}
	var t types.Type
	err := p.try(func() { t = p.dataType() })
	return t, p.at, err
}

// dataType reads a type; behind it, [] makes an array of it.
func (p *parser) dataType() types.Type {
	at := p.peek()
	if p.nested++; p.nested > MaxDepth {
		p.fail(at, "the type is nested more than %d deep", MaxDepth)
	}
	out := p.baseType()
	for n := p.nested; p.accept("[", "]"); n++ {
		if n > MaxDepth {
			p.fail(at, "the type is nested more than %d deep", MaxDepth)
		}
		elem := out
		out = types.Type{Kind: types.Array, Elem: &elem}
	}
	if p.nested--; p.nested == 0 && p.half {
		p.fail(p.peek(), "unexpected \">\"")
	}
	return out
}

func (p *parser) baseType() types.Type {
	t := p.next()
	kind, known := plainTypes[t.Upper]
	if t.Kind != Word || !known {
		p.unknownType(t)
	}
	out := types.Of(kind)
	switch kind {
	case types.Decimal:
		out = p.decimalType(t)
	case types.Varchar, types.Binary:
		if p.accept("VARYING") {
			t = p.tokens[p.at-1]
		}
		if p.peek().Is("(") {
			out.Length = p.bracketed(t, 1)[0]
		}
	case types.Timestamp, types.Time:
		out = p.timeType(out, t)
	case types.Double:
		p.accept("PRECISION")
	case types.Array, types.Map, types.Row:
		return p.nestedType(kind, t)
	default:
		if out.IsInteger() && p.peek().Is("(") {
			p.bracketed(t, 1) // a display width means nothing
		}
	}
	if out.IsInteger() && kind != types.UBigInt && p.accept("UNSIGNED") {
		out.Kind += types.UTinyInt - types.TinyInt
	} else if kind == types.BigInt && t.Upper == "SIGNED" {
		p.accept("INTEGER")
	}
	return out
}

func (p *parser) unknownType(t Token) {
	if t.Kind != Word {
		p.fail(t, "a type is expected here, not %s", shown(t))
	}
	names := slices.Sorted(maps.Keys(plainTypes))
	e := Errorf(p.src, t.Start, "unknown type %s", t.Text)
	if n := suggest.Nearest(t.Text, names); n != "" {
		e = e.WithHint("did you mean %s?", n)
	}
	panic(e)
}

// bracketed reads "(n, …)" with at most max numbers.
func (p *parser) bracketed(t Token, maxCount int) []int {
	p.expect("(")
	var out []int
	for {
		n := p.next()
		v, err := strconv.Atoi(n.Text)
		if n.Kind != Number || err != nil || v < 0 {
			p.fail(n, "a whole number is expected here, not %s", shown(n))
		}
		out = append(out, v)
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	if len(out) > maxCount {
		p.fail(t, "%s takes at most %d numbers", t.Upper, maxCount)
	}
	return out
}

func (p *parser) decimalType(t Token) types.Type {
	precision, scale := 10, 0
	if p.peek().Is("(") {
		ns := p.bracketed(t, 2)
		precision = ns[0]
		if len(ns) > 1 {
			scale = ns[1]
		}
	}
	if precision < 1 || precision > types.MaxPrecision || scale > precision {
		p.fail(t, "DECIMAL(%d,%d): the precision is 1 to %d and the scale at most the precision", precision, scale, types.MaxPrecision)
	}
	return types.DecimalOf(precision, scale)
}

func (p *parser) timeType(out types.Type, t Token) types.Type {
	if p.peek().Is("(") {
		out.Precision = p.bracketed(t, 1)[0]
		if out.Precision > types.MaxFraction {
			p.fail(t, "%s(%d): a second has at most %d fractional digits here", t.Upper, out.Precision, types.MaxFraction)
		}
	}
	if t.Upper == "TIMESTAMP_LTZ" {
		out.Zoned = true
		return out
	}
	if out.Kind == types.Timestamp && p.peek().Is("WITH", "WITHOUT") && p.peekAt(1).Is("LOCAL", "TIME") {
		out.Zoned = p.next().Is("WITH")
		local := p.accept("LOCAL")
		p.expect("TIME")
		p.expect("ZONE")
		if out.Zoned && !local {
			p.fail(t, "TIMESTAMP WITH TIME ZONE is not supported; TIMESTAMP WITH LOCAL TIME ZONE keeps the moment in UTC")
		}
	}
	return out
}

// nestedType reads ARRAY<t>, MAP<k, v> and ROW<name t, …>; ROW(…) means the same.
func (p *parser) nestedType(kind types.Kind, t Token) types.Type {
	round := kind == types.Row && p.accept("(")
	if !round {
		p.expect("<")
	}
	out := types.Type{Kind: kind}
	switch kind {
	case types.Array:
		e := p.elementType()
		out.Elem = &e
	case types.Map:
		k := p.elementType()
		p.expect(",")
		e := p.elementType()
		out.Key, out.Elem = &k, &e
	default:
		for {
			f := types.Field{Name: p.name("a field's name").Text}
			p.accept(":")
			f.Type = p.dataType()
			f.NotNull = p.accept("NOT", "NULL")
			out.Fields = append(out.Fields, f)
			if !p.accept(",") {
				break
			}
		}
	}
	if round {
		p.expect(")")
	} else {
		p.closeAngle(t)
	}
	return out
}

// elementType reads a type, NOT NULL behind it as other systems print it.
func (p *parser) elementType() types.Type {
	t := p.dataType()
	p.accept("NOT", "NULL")
	return t
}

// closeAngle takes one ">", also half of a ">>".
func (p *parser) closeAngle(t Token) {
	switch n := p.peek(); {
	case n.Is(">>") && !p.half:
		p.half = true
	case n.Is(">>"):
		p.half = false
		p.at++
	case p.half || !p.accept(">"):
		p.fail(t, "%s<…> is not closed", t.Upper)
	}
}
