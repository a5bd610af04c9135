package sql

import "strings"

// rewrite turns the tokens of a query or expression into what the TiDB parser
// reads, and refuses what it would silently misread. Tokens put in carry the place
// of the one they stand for.
func rewrite(src *Source, tokens []Token) ([]Token, error) {
	r := &rewriter{src: src}
	out := r.run(tokens)
	if r.err != nil {
		return nil, r.err
	}
	return out, nil
}

type rewriter struct {
	src *Source
	out []Token
	err *Error
}

func (r *rewriter) fail(t Token, format string, args ...any) {
	if r.err == nil {
		r.err = Errorf(r.src, t.Start, format, args...)
	}
}

// notYet refuses what parses but cannot be run.
func (r *rewriter) notYet(t Token, what string) { r.fail(t, "%s is not supported yet", what) }

// synthetic makes tokens that stand for another.
func synthetic(anchor Token, texts ...string) []Token {
	out := make([]Token, len(texts))
	for i, s := range texts {
		t := Token{Kind: Symbol, Text: s, Upper: strings.ToUpper(s), Start: anchor.Start, End: anchor.End, Synthetic: true}
		switch {
		case s[0] == '\'':
			t.Kind = String
		case isNameByte(s[0]):
			t.Kind = Word
		}
		out[i] = t
	}
	return out
}

func tokenAt(ts []Token, i int) Token {
	if i < 0 || i >= len(ts) {
		return Token{Kind: EOF}
	}
	return ts[i]
}

// closing returns the place of the bracket that closes the one at i, or -1.
func closing(ts []Token, i int) int {
	depth := 0
	for ; i < len(ts); i++ {
		switch {
		case ts[i].Is("(", "["):
			depth++
		case ts[i].Is(")", "]"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// bareNames are words that MySQL reserves and data is full of; where no bracket
// follows they are names.
var bareNames = map[string]bool{
	"KEY": true, "KEYS": true, "LINES": true, "USAGE": true, "LONG": true, "READ": true, "WRITE": true,
	"RANK": true, "LEAD": true, "LAG": true, "GROUPS": true, "WINDOW": true,
}

// run rewrites a range of tokens, knowing where a table is expected.
func (r *rewriter) run(ts []Token) []Token {
	inFrom, factor := false, false // inside FROM; a table is expected next
	for i := 0; i < len(ts) && r.err == nil; i++ {
		t, next := ts[i], tokenAt(ts, i+1)
		wasFactor := factor
		factor = inFrom && t.Is("JOIN", ",", "LATERAL")
		switch {
		case t.Is("SELECT"):
			inFrom = false
		case t.Is("FROM") && !tokenAt(ts, i-1).Is("DISTINCT") && !r.insideExtract():
			inFrom, factor = true, true
		case t.Is("WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT", "WINDOW") && inFrom:
			inFrom = false
		case inFrom && t.Is("FULL") && (next.Is("JOIN") || next.Is("OUTER")):
			r.notYet(t, "FULL JOIN")
		case inFrom && t.Is("ASOF", "SEMI", "ANTI", "STRAIGHT_JOIN") && (next.Is("JOIN") || t.Is("STRAIGHT_JOIN")):
			r.notYet(t, t.Upper+" JOIN")
		case inFrom && t.Is("FINAL") && !wasFactor:
			r.notYet(t, "FINAL")
		case inFrom && t.Is("FOR") && next.Is("SYSTEM_TIME"):
			r.notYet(t, "FOR SYSTEM_TIME AS OF")
		case inFrom && wasFactor && t.IsName() && next.Is("(") && !t.Is("LATERAL"):
			r.notYet(t, "the table function "+strings.ToUpper(t.Name()))
		}
		if r.err != nil {
			break
		}
		if inFrom && wasFactor && t.Is("(") {
			factor = !tokenAt(ts, i+1).Is("SELECT", "WITH", "VALUES", "(")
		}
		i += r.expression(ts, i, t, next)
	}
	return r.out
}

// insideExtract reports that the FROM at hand belongs to EXTRACT(unit FROM x),
// TRIM or SUBSTRING.
func (r *rewriter) insideExtract() bool {
	depth := 0
	for k := len(r.out) - 1; k >= 0; k-- {
		switch {
		case r.out[k].Is(")"):
			depth++
		case r.out[k].Is("(") && depth == 0:
			return tokenAt(r.out, k-1).Is("EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "MID")
		case r.out[k].Is("("):
			depth--
		}
	}
	return false
}

// expression handles one token of an expression and returns how many more it used.
func (r *rewriter) expression(ts []Token, i int, t, next Token) int {
	switch {
	case t.Is("QUALIFY") && !tokenAt(ts, i-1).Is("AS", ".", "SELECT", ","):
		r.notYet(t, "QUALIFY")
	case t.Is("CUBE", "ROLLUP") && next.Is("(") && tokenAt(ts, i-1).Is("BY", ","):
		r.notYet(t, "GROUP BY "+t.Upper)
	case t.Is("GROUPING") && next.Is("SETS"):
		r.notYet(t, "GROUPING SETS")
	case t.Is("CAST", "TRY_CAST") && next.Is("("):
		return r.cast(ts, i)
	case t.Is("::"):
		return r.doubleColon(ts, i)
	case t.Is("["):
		r.notYet(t, "an element of an array or map")
	case t.Is("FILTER") && next.Is("(") && tokenAt(ts, i+2).Is("WHERE") && tokenAt(r.out, len(r.out)-1).Is(")"):
		return r.filter(ts, i)
	case t.Is("INTERVAL") && !next.Is("("):
		return r.interval(ts, i)
	case t.Is("IS") && (next.Is("DISTINCT") || next.Is("NOT") && tokenAt(ts, i+2).Is("DISTINCT")):
		return r.isDistinct(ts, i)
	case bareNames[t.Upper] && t.Kind == Word && !next.Is("(") && !tokenAt(ts, i-1).Is(".") && !(t.Is("WINDOW") && tokenAt(ts, i+2).Is("AS")):
		t.Text, t.Kind = "`"+t.Text+"`", Quoted
		r.out = append(r.out, t)
	case t.Is("WINDOW", "SESSION", "ARRAY") && next.Is("("):
		t.Text, t.Kind = "`"+t.Text+"`", Quoted
		r.out = append(r.out, t)
	default:
		r.out = append(r.out, t)
	}
	return 0
}

// sub rewrites a range of tokens by itself.
func (r *rewriter) sub(ts []Token) []Token {
	s := &rewriter{src: r.src}
	out := s.run(ts)
	if s.err != nil && r.err == nil {
		r.err = s.err
	}
	return out
}

// cast rewrites CAST(x AS type).
func (r *rewriter) cast(ts []Token, i int) int {
	t := ts[i]
	end := closing(ts, i+1)
	if end < 0 {
		r.fail(ts[i+1], "the bracket is not closed")
		return 0
	}
	as, depth := -1, 0
	for k := i + 2; k < end; k++ {
		switch {
		case ts[k].Is("(", "["):
			depth++
		case ts[k].Is(")", "]"):
			depth--
		case depth == 0 && ts[k].Is("AS"):
			as = k
		}
	}
	if as < 0 || as == i+2 || as+1 == end {
		r.fail(t, "%s is written %s(value AS type)", t.Upper, t.Upper)
		return 0
	}
	if _, n, err := parseType(r.src, ts[as+1:end]); err != nil {
		r.err = err
		return 0
	} else if as+1+n != end {
		r.fail(ts[as+1+n], "unexpected %s behind the type", shown(ts[as+1+n]))
		return 0
	}
	marker := MarkerCast
	if t.Is("TRY_CAST") {
		marker = MarkerTryCast
	}
	r.out = append(r.out, synthetic(t, marker, "(")...)
	r.out = append(r.out, r.sub(ts[i+2:as])...)
	r.out = append(r.out, synthetic(ts[as+1], ",", r.typeText(ts[as+1:end]))...)
	r.out = append(r.out, synthetic(ts[end], ")")...)
	return end - i
}

// typeText quotes the user's text of a type.
func (r *rewriter) typeText(ts []Token) string {
	text := r.src.Text[ts[0].Start:ts[len(ts)-1].End]
	return "'" + strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), "'", "''") + "'"
}

// doubleColon rewrites x::type.
func (r *rewriter) doubleColon(ts []Token, i int) int {
	from := r.operand()
	if from < 0 {
		r.fail(ts[i], "'::' has nothing before it")
		return 0
	}
	_, n, err := parseType(r.src, ts[i+1:])
	if err != nil {
		r.err = err
		return 0
	}
	r.wrap(from, MarkerCast)
	typ := ts[i+1 : i+1+n]
	r.out = append(r.out, synthetic(typ[0], ",", r.typeText(typ))...)
	r.out = append(r.out, synthetic(typ[n-1], ")")...)
	return n
}

// wrap puts "marker(" before the output from a place on.
func (r *rewriter) wrap(from int, marker string) {
	tail := append([]Token(nil), r.out[from:]...)
	r.out = append(append(r.out[:from:from], synthetic(tail[0], marker, "(")...), tail...)
}

// operand returns where in the output the last complete operand begins: a name
// with its dots, a literal, a call or brackets; -1 for none.
func (r *rewriter) operand() int {
	k := len(r.out) - 1
	if k < 0 {
		return -1
	}
	t := r.out[k]
	switch {
	case t.Is(")"):
		depth := 0
		for ; k >= 0; k-- {
			if r.out[k].Is(")") {
				depth++
			} else if r.out[k].Is("(") {
				if depth--; depth == 0 {
					break
				}
			}
		}
		if p := tokenAt(r.out, k-1); p.Kind == Quoted || p.Kind == Word && !structural[p.Upper] {
			k--
		}
	case t.Kind == Symbol, t.Kind == Word && structural[t.Upper]:
		return -1
	}
	for k >= 2 && r.out[k-1].Is(".") && r.out[k-2].IsName() {
		k -= 2
	}
	return k
}

// filter rewrites aggregate(…) FILTER (WHERE condition).
func (r *rewriter) filter(ts []Token, i int) int {
	end := closing(ts, i+1)
	if end < 0 {
		r.fail(ts[i+1], "the bracket is not closed")
		return 0
	}
	if tokenAt(ts, end+1).Is("OVER") {
		r.notYet(ts[end+1], "OVER")
		return 0
	}
	r.wrap(r.operand(), MarkerFilter)
	r.out = append(r.out, synthetic(ts[i], ",")...)
	r.out = append(r.out, r.sub(ts[i+3:end])...)
	r.out = append(r.out, synthetic(ts[end], ")")...)
	return end - i
}

// isDistinct rewrites x IS [NOT] DISTINCT FROM y.
func (r *rewriter) isDistinct(ts []Token, i int) int {
	if tokenAt(ts, i+1).Is("NOT") {
		if !tokenAt(ts, i+3).Is("FROM") {
			r.fail(ts[i], "IS NOT DISTINCT needs FROM")
			return 0
		}
		r.out = append(r.out, synthetic(ts[i], "<=>")...)
		return 3
	}
	if !tokenAt(ts, i+2).Is("FROM") {
		r.fail(ts[i], "IS DISTINCT needs FROM")
		return 0
	}
	from := r.operand()
	if from < 0 {
		r.fail(ts[i], "IS DISTINCT FROM has nothing before it")
		return 0
	}
	tail := append([]Token(nil), r.out[from:]...)
	r.out = append(append(r.out[:from:from], synthetic(tail[0], "NOT")...), tail...)
	r.out = append(r.out, synthetic(ts[i], "<=>")...)
	return 2
}

// interval accepts plural units and INTERVAL '1 day'.
func (r *rewriter) interval(ts []Token, i int) int {
	value, unit := tokenAt(ts, i+1), tokenAt(ts, i+2)
	r.out = append(r.out, ts[i])
	if value.Kind == String {
		if n, u, ok := strings.Cut(strings.TrimSpace(Unquote(value.Text)), " "); ok && !isUnit(unit.Upper) {
			r.out = append(r.out, synthetic(value, "'"+n+"'", singular(strings.ToUpper(strings.TrimSpace(u))))...)
			return 1
		}
	}
	if value.Kind == Number && singular(unit.Upper) == "MILLISECOND" {
		r.out = append(r.out, synthetic(value, value.Text+"000")...)
		r.out[len(r.out)-1].Kind = Number
		r.out = append(r.out, synthetic(unit, "MICROSECOND")...)
		return 2
	}
	if (value.Kind == String || value.Kind == Number) && unit.Kind == Word && isUnit(unit.Upper) && unit.Upper != singular(unit.Upper) {
		r.out = append(r.out, value)
		r.out = append(r.out, synthetic(unit, singular(unit.Upper))...)
		return 2
	}
	return 0
}

func singular(unit string) string {
	if s := strings.TrimSuffix(unit, "S"); isSingular(s) {
		return s
	}
	return unit
}

func isUnit(u string) bool { return isSingular(singular(u)) }

func isSingular(u string) bool {
	switch u {
	case "MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR":
		return true
	}
	return false
}
