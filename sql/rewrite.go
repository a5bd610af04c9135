package sql

import "strings"

// rewrite turns the tokens of a query or expression into what the TiDB parser
// reads, and refuses what it would silently misread. Tokens put in carry the place
// of the one they stand for.
//
// It is one pass from left to right. What needs brackets around an operand that has
// already been written (x::INT, x[1], f(x) FILTER (…)) is put before the operand's
// first token afterwards: before holds such insertions by their place in out.
func rewrite(src *Source, tokens []Token) ([]Token, error) {
	r := &rewriter{src: src, ts: tokens, before: map[int][]Token{}}
	for r.pair() && r.unwrap() {
	}
	if r.err == nil {
		r.walk(&level{end: len(r.ts), expect: true, start: true, prim: -1, pred: -1})
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.render(), nil
}

type rewriter struct {
	src    *Source
	ts     []Token
	match  []int // of an opening bracket or CASE: where it is closed
	at     int
	out    []Token
	before map[int][]Token
	tables int
	err    *Error
}

// A level is the tokens between two brackets, or a part of them, while they are
// being rewritten.
type level struct {
	end    int
	stop   func() bool // ends the level early; may be nil
	expect bool        // an operand is expected, not an operator
	start  bool        // a query may begin here
	prim   int         // where the last operand begins in out, -1 for none
	chain  int         // of how many names with dots that operand consists; 0 for anything else
	wraps  int         // how many postfix operators the operand has
	pred   int         // where the condition at hand begins in out, -1 where it is yet to begin
	name   string      // of the function that was last called

	selected  bool // SELECT was seen
	windows   bool // a WINDOW clause was begun
	qualified bool // by QUALIFY
	spec      bool // the level is a window's specification
	grouping  bool // the level is of GROUP BY
	ordered   bool // an ORDER BY has begun
	args      argKind
	distinct  bool // an own aggregate's DISTINCT is to be closed
	ordering  bool // an own aggregate's ORDER BY is to be closed
}

func (r *rewriter) fail(t Token, format string, args ...any) *Error {
	e := Errorf(r.src, t.Start, format, args...)
	if r.err == nil {
		r.err = e
	}
	return e
}

// notYet refuses what is understood but cannot be run.
func (r *rewriter) notYet(t Token, what string) { r.fail(t, "%s is not supported yet", what) }

// pair finds the bracket that closes each bracket, and the END of each CASE.
func (r *rewriter) pair() bool {
	r.match = make([]int, len(r.ts))
	var open []int
	for i, t := range r.ts {
		switch {
		case t.Is("(", "["), t.Is("CASE") && !tokenAt(r.ts, i-1).Is("."):
			open = append(open, i)
		case t.Is("END"):
			if n := len(open); n > 0 && r.ts[open[n-1]].Is("CASE") && !tokenAt(r.ts, i-1).Is(".") {
				r.match[open[n-1]], open = i, open[:n-1]
			}
		case t.Is(")", "]"):
			n := len(open)
			if n == 0 {
				r.fail(t, "%q closes nothing", t.Text)
				return false
			}
			o := r.ts[open[n-1]]
			switch {
			case o.Is("CASE"):
				r.fail(o, "CASE has no END")
				return false
			case o.Is("(") != t.Is(")"):
				r.fail(t, "%q cannot close %q", t.Text, o.Text)
				return false
			}
			r.match[open[n-1]], open = i, open[:n-1]
		}
	}
	if n := len(open); n > 0 {
		if o := r.ts[open[n-1]]; o.Is("CASE") {
			r.fail(o, "CASE has no END")
		} else {
			r.fail(o, "the bracket is not closed")
		}
		return false
	}
	return true
}

// unwrap drops the inner of two pairs of brackets around a query that is the left side of
// a set operation, and reports whether there were any: in an expression the parser does not read
// ((SELECT …)) UNION ….
func (r *rewriter) unwrap() bool {
	drop := map[int]bool{}
	for i, t := range r.ts {
		if !t.Is("(") || !tokenAt(r.ts, i+1).Is("(") || r.match[i] != r.match[i+1]+1 {
			continue
		}
		if tokenAt(r.ts, i+2).Is("(", "SELECT", "WITH", "VALUES") && tokenAt(r.ts, r.match[i]+1).Is("UNION", "EXCEPT", "INTERSECT") {
			drop[i+1], drop[r.match[i+1]] = true, true
		}
	}
	if len(drop) == 0 {
		return false
	}
	left := make([]Token, 0, len(r.ts))
	for i, t := range r.ts {
		if !drop[i] {
			left = append(left, t)
		}
	}
	r.ts = left
	return true
}

// render puts the insertions into the output.
func (r *rewriter) render() []Token {
	n := len(r.out)
	for _, ins := range r.before {
		n += len(ins)
	}
	out := make([]Token, 0, n)
	for i, t := range r.out {
		out = append(append(out, r.before[i]...), t)
	}
	return out
}

// synthetic makes tokens that stand for another.
func synthetic(anchor Token, texts ...string) []Token {
	out := make([]Token, len(texts))
	for i, s := range texts {
		t := Token{Kind: Symbol, Text: s, Upper: strings.ToUpper(s), Start: anchor.Start, End: anchor.End, Synthetic: true}
		switch {
		case s[0] == '\'':
			t.Kind = String
		case s[0] == '`':
			t.Kind = Quoted
		case isNameByte(s[0]):
			t.Kind = Word
		}
		out[i] = t
	}
	return out
}

// quote writes a text as a literal.
func quote(text string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), "'", "''") + "'"
}

func tokenAt(ts []Token, i int) Token {
	if i < 0 || i >= len(ts) {
		return Token{Kind: EOF}
	}
	return ts[i]
}

// tok returns the token n places on; behind the last one stands an EOF.
func (r *rewriter) tok(n int) Token {
	if i := r.at + n; i < len(r.ts) {
		return r.ts[i]
	}
	end := 0
	if n := len(r.ts); n > 0 {
		end = r.ts[n-1].End
	}
	return Token{Kind: EOF, Start: end, End: end}
}

// emit writes n tokens as they are.
func (r *rewriter) emit(n int) {
	r.out = append(r.out, r.ts[r.at:r.at+n]...)
	r.at += n
}

func (r *rewriter) put(anchor Token, texts ...string) {
	r.out = append(r.out, synthetic(anchor, texts...)...)
}

// emitName writes a name, in backticks where MySQL reserves it.
func (r *rewriter) emitName() {
	t := r.tok(0)
	if t.Kind == Word && isReservedWord(t.Upper) {
		t.Text, t.Kind = "`"+t.Text+"`", Quoted
	}
	r.out = append(r.out, t)
	r.at++
}

func (r *rewriter) emitQuoted() {
	t := r.tok(0)
	if t.Kind == Word {
		t.Text, t.Kind = "`"+t.Text+"`", Quoted
	}
	r.out = append(r.out, t)
	r.at++
}

// wrap puts "marker(" before the output from a place on.
func (r *rewriter) wrap(from int, marker string) {
	r.insert(from, marker, "(")
}

func (r *rewriter) insert(from int, texts ...string) {
	r.before[from] = append(synthetic(r.out[from], texts...), r.before[from]...)
}

// walk rewrites the tokens of a level.
func (r *rewriter) walk(l *level) {
	for r.err == nil && r.at < l.end && (l.stop == nil || !l.stop()) {
		if !r.clause(l) {
			r.term(l)
		}
	}
}

// inner rewrites tokens up to an end as a level of their own.
func (r *rewriter) inner(end int, l level) {
	l.end, l.expect, l.prim, l.pred = end, true, -1, -1
	r.walk(&l)
	if r.err == nil {
		r.at = end
	}
}

// operator notes that what was written wants an operand behind it.
func (l *level) operator() {
	l.expect, l.prim, l.chain, l.start = true, -1, 0, false
}

// fresh notes that a new condition begins.
func (l *level) fresh() {
	l.operator()
	l.pred = -1
}

// operand notes that an operand was written from a place on.
func (l *level) operand(from, chain int) {
	l.expect, l.prim, l.chain, l.wraps, l.start, l.name = false, from, chain, 0, false, ""
	if l.pred < 0 {
		l.pred = from
	}
}

// term rewrites one operand or operator.
func (r *rewriter) term(l *level) {
	t := r.tok(0)
	switch {
	case t.Is("("):
		r.bracket(l)
	case t.Is("["):
		r.element(l)
	case t.Is("::"):
		r.doubleColon(l)
	case t.Is("->", "->>"):
		r.jsonPath(l)
	case t.Is(".") && !l.expect:
		r.dot(l)
	case t.Is("*") && l.expect:
		l.operand(len(r.out), 0)
		r.emit(1)
		r.starParts()
	case t.Is(","):
		r.comma(l)
	case t.Is("&&"):
		r.emit(1)
		l.fresh()
	case t.Is("{", "}"):
		r.fail(t, "unexpected %s", shown(t))
	case t.Kind == Symbol:
		if l.pred < 0 {
			l.pred = len(r.out)
		}
		r.emit(1)
		l.operator()
	case t.Kind == Word && l.expect:
		r.beginWord(l)
	case t.Kind == Word:
		r.nextWord(l)
	case t.Kind == String && !l.expect && r.continues():
		r.emit(1)
	default:
		chain := 0
		if t.Kind == Quoted {
			chain = 1
		}
		from := len(r.out)
		if t.Kind == Quoted && r.tok(1).Is("(") {
			r.call(l)
			return
		}
		l.operand(from, chain)
		r.emit(1)
	}
}

// continues reports that a text belongs to what is before it: another text, or
// DATE, TIME and TIMESTAMP.
func (r *rewriter) continues() bool {
	last := tokenAt(r.out, len(r.out)-1)
	return last.Kind == String || last.Is("DATE", "TIME", "TIMESTAMP")
}

// comma divides operands. In an own aggregate's ORDER BY it divides what is
// ordered by.
func (r *rewriter) comma(l *level) {
	if l.ordering {
		r.put(r.tok(0), ")")
		r.emit(1)
		r.put(r.tok(0), MarkerOrder, "(")
	} else {
		r.emit(1)
	}
	l.fresh()
}

// bracket rewrites brackets that are an operand, or that follow a word as IN does.
func (r *rewriter) bracket(l *level) {
	open, end, from := r.tok(0), r.match[r.at], len(r.out)
	if l.grouping && l.expect && end == r.at+1 {
		r.put(open, MarkerEmpty, "(")
		r.put(r.ts[end], ")")
		r.at += 2
		l.operand(from, 0)
		return
	}
	grouping := l.grouping && l.expect
	if !l.expect && l.prim >= 0 {
		from = l.prim // the arguments of a name with dots
	}
	r.emit(1)
	r.inner(end, level{start: true, grouping: grouping})
	r.emit1()
	l.operand(from, 0)
}

// emit1 writes the closing bracket at hand, unless an error came first.
func (r *rewriter) emit1() {
	if r.err == nil {
		r.emit(1)
	}
}
