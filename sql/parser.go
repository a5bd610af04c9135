package sql

import "strconv"

// A parser reads statements by recursive descent. Its methods panic with an *Error;
// try turns that into a result.
type parser struct {
	src    *Source
	tokens []Token
	at     int
	nested int  // how deep the type being read lies in others
	half   bool // of the ">>" at hand, one ">" was taken
}

func (p *parser) try(f func()) (err *Error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error:
			err = r
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

func (p *parser) fail(t Token, format string, args ...any) {
	panic(Errorf(p.src, t.Start, format, args...))
}

// end is the token that stands for the end of the statement.
func (p *parser) end() Token {
	at := 0
	if n := len(p.tokens); n > 0 {
		at = p.tokens[n-1].End
	}
	return Token{Kind: EOF, Start: at, End: at}
}

func (p *parser) peek() Token { return p.peekAt(0) }

func (p *parser) peekAt(n int) Token {
	if p.at+n < len(p.tokens) {
		return p.tokens[p.at+n]
	}
	return p.end()
}

func (p *parser) next() Token {
	t := p.peek()
	p.at = min(p.at+1, len(p.tokens))
	return t
}

// accept takes the words in a row if they are there.
func (p *parser) accept(words ...string) bool {
	for i, w := range words {
		if !p.peekAt(i).Is(w) {
			return false
		}
	}
	p.at += len(words)
	return true
}

func (p *parser) expect(word string) Token {
	t := p.next()
	if !t.Is(word) {
		if !isNameByte(word[0]) {
			word = strconv.Quote(word)
		}
		p.fail(t, "%s is expected here, not %s", word, shown(t))
	}
	return t
}

func (p *parser) name(what string) Name {
	t := p.next()
	if !t.IsName() {
		p.fail(t, "%s is expected here, not %s", what, shown(t))
	}
	return Name{t.Name(), t.Start}
}

// tableName reads the name of a table, view or query: there are no schemas.
func (p *parser) tableName(what string) Name {
	n := p.name(what)
	if t := p.peek(); t.Is(".") {
		p.fail(t, "names of tables have no schema before them")
	}
	return n
}

func (p *parser) names() []Name {
	p.expect("(")
	var out []Name
	for {
		out = append(out, p.name("a column's name"))
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return out
}

// text reads a value: quoted text, a number or a bare word.
func (p *parser) text(what string) (string, Token) {
	t := p.next()
	switch {
	case t.Kind == String:
		return Unquote(t.Text), t
	case t.Kind == Number, t.Kind == Word:
		return t.Text, t
	case t.Is("-") && p.peek().Kind == Number:
		return "-" + p.next().Text, t
	}
	p.fail(t, "%s is expected here, not %s", what, shown(t))
	return "", t
}

func (p *parser) atEnd() {
	if t := p.peek(); t.Kind != EOF {
		p.fail(t, "unexpected %s", shown(t))
	}
}

// until returns the tokens up to the first of the stop words or symbols outside
// brackets, or to the end.
func (p *parser) until(stops ...string) []Token {
	start, depth := p.at, 0
	for ; p.at < len(p.tokens); p.at++ {
		t := p.tokens[p.at]
		if depth == 0 && t.Is(stops...) {
			break
		}
		switch {
		case t.Is("(", "["):
			depth++
		case t.Is(")", "]"):
			depth--
		}
	}
	return p.tokens[start:p.at]
}

func (p *parser) expr(ts []Token) *Expr {
	if len(ts) == 0 {
		p.fail(p.peek(), "an expression is missing before %s", shown(p.peek()))
	}
	e, err := parseExpr(p.src, ts)
	p.check(err)
	return e
}

func (p *parser) query(ts []Token) *Query {
	if len(ts) == 0 {
		p.fail(p.peek(), "a query is missing before %s", shown(p.peek()))
	}
	q, err := parseQuery(p.src, ts)
	p.check(err)
	return q
}

func (p *parser) check(err error) {
	if err == nil {
		return
	}
	if e, ok := AsError(err); ok {
		panic(e)
	}
	panic(Errorf(p.src, p.peek().Start, "%v", err))
}

// Parse reads all statements of a text; file names it in errors.
func Parse(file, text string) ([]Statement, error) {
	src := &Source{file, text}
	tokens, _, err := Lex(src)
	if err != nil {
		return nil, err
	}
	parts, _ := Split(tokens)
	out := make([]Statement, 0, len(parts))
	for _, part := range parts {
		p := &parser{src: src, tokens: part}
		var s Statement
		if err := p.try(func() { s = p.statement() }); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// ParseOne reads a text that holds exactly one statement.
func ParseOne(file, text string) (Statement, error) {
	all, err := Parse(file, text)
	if err != nil {
		return nil, err
	}
	src := &Source{file, text}
	switch len(all) {
	case 0:
		return nil, Errorf(src, 0, "a statement is missing")
	case 1:
		return all[0], nil
	}
	return nil, Errorf(src, all[1].Base().Start, "one statement is expected, here begins a second")
}
