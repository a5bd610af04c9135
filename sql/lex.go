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

// Limits on what is parsed at all: they keep hostile text from costing more than
// its length.
const (
	MaxBytes  = 1 << 20
	MaxTokens = 50_000
	MaxDepth  = 256 // of brackets, CASE, and runs of unary operators
	MaxJoins  = 1000
)

// reserved is the prefix of names that the rewriter makes; no user may write one.
const reserved = "__sqs_"

var symbols = []string{"<=>", "->>", "->", "::", "<<", ">>", "<=", ">=", "<>", "!=", "||", "&&", ":=", "=>"}

// Lex divides a source into tokens, without an EOF at the end. incomplete says
// that the error is an open quote or comment, which more text could close.
func Lex(src *Source) (tokens []Token, incomplete bool, err error) {
	l := &lexer{src: src, text: src.Text}
	if len(l.text) > MaxBytes {
		return nil, false, Errorf(src, 0, "the statement has %d bytes; at most %d are read", len(l.text), MaxBytes)
	}
	if i := invalidUTF8(l.text); i >= 0 {
		return nil, false, Errorf(src, i, "the text is not valid UTF-8")
	}
	for l.next() {
	}
	return l.tokens, l.open, l.err
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
	open   bool
	err    error
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
	if len(l.tokens) >= MaxTokens {
		return l.fail(l.at, "the text has more than %d words and symbols", MaxTokens)
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
		// Also /*! */ and /*+ */: MySQL would run or heed them, here all are comments.
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
		l.emit(Var, end)
	case c == '?':
		l.emit(Param, 1)
	case isNameByte(c):
		return l.word()
	case c < ' ' || c == 0x7f || c == '\\':
		return l.fail(l.at, "unexpected character %q", c)
	default:
		return l.symbol()
	}
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
	case "NOT":
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
		l.depth, l.cases, l.joins, l.unary = 0, 0, 0, 0
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
		for i++; i < len(s) && isNameByte(s[i]); i++ {
		}
		l.emit(Number, i-l.at)
		return true
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

// Split divides tokens at semicolons outside brackets, empty statements left out.
// complete reports that the last one was ended by a semicolon.
func Split(tokens []Token) (statements [][]Token, complete bool) {
	start := 0
	for i, t := range tokens {
		if t.Is(";") {
			if i > start {
				statements = append(statements, tokens[start:i])
			}
			start = i + 1
		}
	}
	if start < len(tokens) {
		return append(statements, tokens[start:]), false
	}
	return statements, true
}

// Complete reports whether a text typed so far can be run: everything in it is
// closed, and it ends with a semicolon or is empty. A text that is wrong beyond
// repair is complete, too: running it tells the error.
func Complete(text string) bool {
	tokens, incomplete, err := Lex(&Source{Text: text})
	if err != nil {
		return !incomplete
	}
	_, complete := Split(tokens)
	return complete
}

// Unquote returns the text that a String token means: quotes doubled and MySQL's
// backslash escapes resolved.
func Unquote(literal string) string {
	body := literal[1 : len(literal)-1]
	if !strings.ContainsAny(body, `\'`) {
		return body
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '\'' && i+1 < len(body):
			i++
			b.WriteByte('\'')
		case c == '\\' && i+1 < len(body):
			i++
			switch body[i] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			case '0':
				b.WriteByte(0)
			case 'b':
				b.WriteByte('\b')
			case 'Z':
				b.WriteByte(26)
			case '%', '_':
				b.WriteByte('\\')
				b.WriteByte(body[i])
			default:
				b.WriteByte(body[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
