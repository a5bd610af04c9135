package sql

import (
	"strings"
	"unicode/utf8"
)

// A TokenKind says what a token is.
type TokenKind uint8

// The kinds of tokens.
const (
	EOF    TokenKind = iota
	Word             // a name or keyword
	Quoted           // a name in backticks or double quotes
	String           // text in single quotes
	Number
	Param // ?
	Var   // @x, @@x
	Symbol
)

// A Token is a piece of the text. Synthetic tokens were put in by the rewriter;
// their offsets are those of the token they stand for.
type Token struct {
	Kind       TokenKind
	Text       string // as written
	Upper      string // of a Word or Symbol, in capitals
	Start, End int    // byte offsets in the source
	Space      bool   // blank or comment before
	Synthetic  bool
}

// Is reports whether the token is one of the words or symbols, given in capitals.
func (t Token) Is(uppers ...string) bool {
	if t.Kind != Word && t.Kind != Symbol {
		return false
	}
	for _, u := range uppers {
		if t.Upper == u {
			return true
		}
	}
	return false
}

// IsName reports whether the token can be a name.
func (t Token) IsName() bool { return t.Kind == Word || t.Kind == Quoted }

// Name returns the name a Word or Quoted token means.
func (t Token) Name() string {
	if t.Kind != Quoted {
		return t.Text
	}
	q := t.Text[:1]
	return strings.ReplaceAll(t.Text[1:len(t.Text)-1], q+q, q)
}

// Limits on a statement that is parsed at all: they keep hostile text from costing
// more than its length.
const (
	MaxBytes  = 1 << 20
	MaxTokens = 50_000
	MaxDepth  = 256 // of brackets, CASE, types, and runs of operators on one operand
	MaxJoins  = 1000
)

// reserved is the prefix of names that the rewriter makes; no user may write one.
const reserved = "__sqs_"

var symbols = []string{"<=>", "->>", "->", "::", "<<", ">>", "<=", ">=", "<>", "!=", "||", "&&", ":=", "=>"}

// Lex divides a source into tokens, without an EOF at the end. incomplete says
// that the error is an open quote or comment, which more text could close.
func Lex(src *Source) (tokens []Token, incomplete bool, err error) {
	l := &lexer{src: src, text: src.Text}
	if i := invalidUTF8(l.text); i >= 0 {
		return nil, false, Errorf(src, i, "the text is not valid UTF-8")
	}
	for l.next() {
	}
	if n := len(l.tokens); l.err == nil && n > l.first && l.tokens[n-1].End-l.tokens[l.first].Start > MaxBytes {
		l.fail(l.tokens[l.first].Start, "the statement has more than %d bytes", MaxBytes)
	}
	if l.err != nil {
		return l.tokens, l.open, l.err
	}
	return l.tokens, false, nil
}

func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if r == utf8.RuneError {
			if _, w := utf8.DecodeRuneInString(s[i:]); w == 1 {
				return i
			}
		}
	}
	return -1
}

type lexer struct {
	src    *Source
	text   string
	at     int
	space  bool
	depth  int
	cases  int
	unary  int
	joins  int
	tokens []Token
	first  int // the first token of the statement at hand
	open   bool
	err    *Error
}

func (l *lexer) fail(at int, format string, args ...any) bool {
	l.err = Errorf(l.src, at, format, args...)
	return false
}

// next reads one token or blank; false at the end or an error.
func (l *lexer) next() bool {
	if l.at >= len(l.text) {
		return false
	}
	if n := len(l.tokens) - l.first; n >= MaxTokens {
		return l.fail(l.at, "the statement has more than %d words and symbols", MaxTokens)
	} else if n > 0 && l.at-l.tokens[l.first].Start > MaxBytes {
		return l.fail(l.tokens[l.first].Start, "the statement has more than %d bytes", MaxBytes)
	}
	rest := l.text[l.at:]
	c := rest[0]
	switch {
	case c == ' ' || c >= '\t' && c <= '\r':
		l.at++
		l.space = true
	case c == '#' || strings.HasPrefix(rest, "--") && (len(rest) == 2 || rest[2] <= ' '):
		end := strings.IndexByte(rest, '\n')
		if end < 0 {
			end = len(rest)
		}
		l.at += end
		l.space = true
	case strings.HasPrefix(rest, "/*"):
		// Also /*! */ and /*T! */, which MySQL and TiDB would run.
		if strings.HasPrefix(rest, "/*+") {
			l.fail(l.at, "hints are not supported")
			l.err = l.err.WithHint("an option of a table belongs into the WITH (…) of its CREATE TABLE; a comment begins with /* and a blank")
			return false
		}
		end := strings.Index(rest[2:], "*/")
		if end < 0 {
			l.open = true
			return l.fail(l.at, "the comment is not closed")
		}
		l.at += end + 4
		l.space = true
	case c == '\'' || c == '"' || c == '`':
		return l.quoted(c)
	case isDigit(c) || c == '.' && len(rest) > 1 && isDigit(rest[1]) && !l.afterName():
		return l.number()
	case c == '@':
		end := 1
		for end < len(rest) && (isNameByte(rest[end]) || rest[end] == '@' || rest[end] == '.') {
			end++
		}
		if end == 1 {
			return l.fail(l.at, "unexpected character %q", c) // also @'x' and @`x`
		}
		l.emit(Var, end)
	case c == '?':
		l.emit(Param, 1)
	case len(rest) > 1 && rest[1] == '\'' && (c|0x20 == 'x' || c|0x20 == 'b') && !l.afterDot():
		return l.digits()
	case isNameByte(c):
		return l.word()
	case c < ' ' || c == 0x7f || c == '\\':
		return l.fail(l.at, "unexpected character %q", c)
	default:
		return l.symbol()
	}
	return true
}

func (l *lexer) afterDot() bool { return len(l.tokens) > 0 && l.tokens[len(l.tokens)-1].Is(".") }

// digits reads x'4D' and b'01'.
func (l *lexer) digits() bool {
	end := strings.IndexByte(l.text[l.at+2:], '\'')
	if end < 0 {
		l.open = true
		return l.fail(l.at, "the literal is not closed: ' is missing")
	}
	for _, c := range []byte(l.text[l.at+2 : l.at+2+end]) {
		if !isDigit(c) && (l.text[l.at]|0x20 == 'b' || c|0x20 < 'a' || c|0x20 > 'f') {
			return l.fail(l.at, "%q is not made of digits", l.text[l.at:l.at+end+3])
		}
	}
	l.emit(Number, end+3)
	l.unary = 0
	return true
}

// prefixed reads 0x4d and 0b101, whose digits begin at a place.
func (l *lexer) prefixed(digits int) bool {
	end, good := digits, true
	for ; end < len(l.text) && isNameByte(l.text[end]); end++ {
		c := l.text[end]
		if l.text[digits-1] == 'b' {
			good = good && (c == '0' || c == '1')
		} else {
			good = good && (isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f')
		}
	}
	if end == digits || !good {
		return l.fail(l.at, "%q is neither a number nor a name", l.text[l.at:end])
	}
	l.emit(Number, end-l.at)
	l.unary = 0
	return true
}

// afterName reports that a dot here divides two names.
func (l *lexer) afterName() bool {
	return len(l.tokens) > 0 && !l.space && l.tokens[len(l.tokens)-1].IsName()
}

func (l *lexer) emit(k TokenKind, n int) {
	t := Token{Kind: k, Text: l.text[l.at : l.at+n], Start: l.at, End: l.at + n, Space: l.space}
	if k == Word || k == Symbol {
		t.Upper = strings.ToUpper(t.Text)
	}
	l.tokens = append(l.tokens, t)
	l.at += n
	l.space = false
}

func (l *lexer) word() bool {
	end := l.at
	for end < len(l.text) && isNameByte(l.text[end]) {
		end++
	}
	word := l.text[l.at:end]
	if len(word) >= len(reserved) && strings.EqualFold(word[:len(reserved)], reserved) {
		return l.fail(l.at, "names that begin with %s are reserved", reserved)
	}
	at := l.at
	l.emit(Word, end-l.at)
	switch l.tokens[len(l.tokens)-1].Upper {
	case "CASE":
		l.cases++
	case "END":
		l.cases = max(l.cases-1, 0)
	case "JOIN":
		l.joins++
	case "NOT", "BINARY":
		l.unary++
		return l.deep(at)
	}
	l.unary = 0
	return l.deep(at)
}

func (l *lexer) deep(at int) bool {
	switch {
	case l.depth > MaxDepth, l.cases > MaxDepth, l.unary > MaxDepth:
		return l.fail(at, "the expression is nested more than %d deep", MaxDepth)
	case l.joins > MaxJoins:
		return l.fail(at, "more than %d joins", MaxJoins)
	}
	return true
}

func (l *lexer) symbol() bool {
	at := l.at
	n := 1
	for _, s := range symbols {
		if strings.HasPrefix(l.text[l.at:], s) {
			n = len(s)
			break
		}
	}
	l.emit(Symbol, n)
	switch t := l.tokens[len(l.tokens)-1].Text; t {
	case "(", "[":
		l.depth++
		l.unary = 0
	case ")", "]":
		l.depth--
		l.unary = 0
	case "-", "+", "~", "!":
		l.unary++
	case ";":
		l.depth, l.cases, l.joins, l.unary, l.first = 0, 0, 0, 0, len(l.tokens)
	default:
		l.unary = 0
	}
	return l.deep(at)
}

func (l *lexer) quoted(q byte) bool {
	kind, what := Quoted, "name"
	if q == '\'' {
		kind, what = String, "text"
	}
	for i := l.at + 1; i < len(l.text); i++ {
		switch {
		case l.text[i] == '\\' && q == '\'':
			i++
		case l.text[i] == q && i+1 < len(l.text) && l.text[i+1] == q:
			i++
		case l.text[i] == q:
			at, n := l.at, i+1-l.at
			if kind == Quoted && n == 2 {
				return l.fail(at, "a name may not be empty")
			}
			if kind == Quoted && strings.HasPrefix(strings.ToLower(l.text[at+1:]), reserved) {
				return l.fail(at, "names that begin with %s are reserved", reserved)
			}
			l.emit(kind, n)
			l.unary = 0
			return true
		}
	}
	l.open = true
	return l.fail(l.at, "the %s is not closed: %c is missing", what, q)
}

func (l *lexer) number() bool {
	s, i := l.text, l.at
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i-l.at == 1 && s[l.at] == '0' && i < len(s) && (s[i] == 'x' || s[i] == 'b') {
		return l.prefixed(i + 1)
	}
	if i < len(s) && s[i] == '.' {
		for i++; i < len(s) && isDigit(s[i]); i++ {
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			for i = j; i < len(s) && isDigit(s[i]); i++ {
			}
		}
	}
	if i < len(s) && isNameByte(s[i]) {
		end := i
		for end < len(s) && isNameByte(s[end]) {
			end++
		}
		return l.fail(l.at, "%q is neither a number nor a name", s[l.at:end])
	}
	l.emit(Number, i-l.at)
	l.unary = 0
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNameByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}
