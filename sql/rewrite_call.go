package sql

import "slices"

// An argKind says whose arguments a level holds.
type argKind uint8

const (
	noFunction    argKind = iota
	ownAggregate          // of a function that the grammar does not know: it may be an aggregate
	tableFunction         // in FROM
)

// nativeCalls are the functions that the grammar knows by name. All others are
// written in backticks, because most of MySQL's words cannot stand before a
// bracket without them.
var nativeCalls = words("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "CURRENT_ROLE", "LOCALTIME", "LOCALTIMESTAMP",
	"UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP", "EXTRACT", "GET_FORMAT", "POSITION", "SUBSTRING", "SUBSTR", "MID", "TIMESTAMPADD",
	"TIMESTAMPDIFF", "TRIM", "WEIGHT_STRING", "CHAR", "VALUES", "DEFAULT", "MATCH", "ROW", "MOD", "CURDATE", "CURTIME", "NOW", "SYSDATE")

// aggregates are those that the grammar knows, and of which it knows all that we do.
var aggregates = words("COUNT", "SUM", "AVG", "MIN", "MAX", "BIT_AND", "BIT_OR", "BIT_XOR", "GROUP_CONCAT", "STD", "STDDEV", "STDDEV_POP",
	"STDDEV_SAMP", "VAR_POP", "VAR_SAMP", "VARIANCE")

// bitAggregates are those of which the grammar knows no DISTINCT.
var bitAggregates = words("BIT_AND", "BIT_OR", "BIT_XOR")

// windowFunctions are the functions that the grammar knows with OVER only.
var windowFunctions = words("ROW_NUMBER", "RANK", "DENSE_RANK", "CUME_DIST", "PERCENT_RANK", "NTILE", "LEAD", "LAG", "FIRST_VALUE",
	"LAST_VALUE", "NTH_VALUE")

// call rewrites name(…). Where the grammar does not know the function, DISTINCT and
// ORDER BY in its brackets become calls themselves.
func (r *rewriter) call(l *level) {
	t, from, end := r.tok(0), len(r.out), r.match[r.at+1]
	native := t.Kind == Word && (nativeCalls[t.Upper] || aggregates[t.Upper] || windowFunctions[t.Upper] && r.overBehind(end+1))
	in := level{}
	name := t.Upper
	if t.Is("ROW") && !r.listed(end) { // to the grammar a row has two values at least
		native = false
	}
	if native && r.modified(end) && (r.overBehind(end+1) || bitAggregates[t.Upper]) || aggregates[t.Upper] && tokenAt(r.ts, end+1).Is("WITHIN") {
		native, name = false, ""
	}
	if native {
		r.emit(1)
	} else {
		in.args = ownAggregate
		r.emitQuoted()
	}
	r.emit(1)
	if t.Is("EXTRACT", "TIMESTAMPADD", "TIMESTAMPDIFF") {
		r.unitWord()
	}
	r.arguments(end, in)
	l.operand(from, 0)
	l.name = name
}

// modified reports DISTINCT or ORDER BY in the brackets that end at a place, of which the
// grammar knows nothing in an aggregate with OVER, or forgets what it read.
func (r *rewriter) modified(end int) bool {
	for i := r.at + 2; i < end; i = max(i, r.match[i]) + 1 {
		if t := tokenAt(r.ts, i); t.Is("DISTINCT") && i == r.at+2 || t.Is("ORDER") && tokenAt(r.ts, i+1).Is("BY") {
			return true
		}
	}
	return false
}

// listed reports a comma in the brackets that end at a place.
func (r *rewriter) listed(end int) bool {
	for i := r.at + 2; i < end; i = max(i, r.match[i]) + 1 {
		if tokenAt(r.ts, i).Is(",") {
			return true
		}
	}
	return false
}

// arguments rewrites what is in a call's brackets, and the closing one.
func (r *rewriter) arguments(end int, in level) {
	in.end, in.expect, in.prim, in.pred = end, true, -1, -1
	r.walk(&in)
	if r.err != nil {
		return
	}
	if in.distinct {
		r.put(r.tok(-1), ")")
	}
	if in.ordering {
		r.put(r.tok(-1), ")")
	}
	r.emit(1)
}

// unitWord accepts EXTRACT(SECONDS FROM …).
func (r *rewriter) unitWord() {
	if t := r.tok(0); t.Kind == Word && isUnit(t.Upper) {
		r.put(t, singular(t.Upper))
		r.at++
	}
}

// ownOrder writes the ORDER BY of an own aggregate as an argument.
func (r *rewriter) ownOrder(l *level) {
	t := r.tok(0)
	if l.distinct {
		r.put(t, ")")
		l.distinct = false
	}
	r.put(t, ",", MarkerOrder, "(")
	r.at += 2
	l.fresh()
	l.ordering = true
}

// separator writes the SEPARATOR of a GROUP_CONCAT as an argument.
func (r *rewriter) separator(l *level) {
	t := r.tok(0)
	if l.distinct || l.ordering {
		r.put(t, ")")
	}
	r.put(t, ",")
	r.at++
	l.distinct, l.ordering = false, false
	l.fresh()
}

// withinGroup rewrites f(x) WITHIN GROUP (ORDER BY y) to f(x ORDER BY y).
func (r *rewriter) withinGroup(l *level) {
	t := r.tok(0)
	switch {
	case l.prim < 0 || !tokenAt(r.out, len(r.out)-1).Is(")") || aggregates[l.name], slices.ContainsFunc(r.out[l.prim:], func(t Token) bool { return t.Text == MarkerOrder }):
		r.fail(t, "WITHIN GROUP belongs behind an aggregate that has no ORDER BY in its brackets")
		return
	case !r.tok(2).Is("(") || !r.tok(3).Is("ORDER") || !r.tok(4).Is("BY"):
		r.fail(t, "WITHIN GROUP is written WITHIN GROUP (ORDER BY x)")
		return
	}
	from, name, end := l.prim, l.name, r.match[r.at+2]
	r.out = r.out[:len(r.out)-1]
	if !tokenAt(r.out, len(r.out)-1).Is("(") {
		r.put(t, ",")
	}
	r.put(t, MarkerOrder, "(")
	r.at += 5
	r.arguments(end, level{args: ownAggregate, ordering: true})
	l.operand(from, 0)
	l.name = name
}

// overBehind reports that OVER follows a call which ends before place i.
func (r *rewriter) overBehind(i int) bool {
	if tokenAt(r.ts, i).Is("FILTER") && tokenAt(r.ts, i+1).Is("(") {
		i = r.match[i+1] + 1
	}
	if tokenAt(r.ts, i).Is("FROM") && tokenAt(r.ts, i+1).Is("FIRST", "LAST") {
		i += 2
	}
	if tokenAt(r.ts, i).Is("RESPECT", "IGNORE") && tokenAt(r.ts, i+1).Is("NULLS") {
		i += 2
	}
	return tokenAt(r.ts, i).Is("OVER")
}

// over rewrites OVER window. A function that the grammar knows no OVER of becomes
// MarkerOver(f(x), max(1) OVER window).
func (r *rewriter) over(l *level) {
	t := r.tok(0)
	if tokenAt(r.out, len(r.out)-1).Is("NULLS", "FIRST", "LAST") && l.prim < 0 {
		r.emit(1) // IGNORE NULLS OVER
		r.overWindow()
		l.expect = false
		return
	}
	if l.prim < 0 || !tokenAt(r.out, len(r.out)-1).Is(")") {
		r.fail(t, "OVER belongs behind a function")
		return
	}
	from, own := l.prim, !windowFunctions[l.name] && !aggregates[l.name]
	if own {
		r.wrap(from, MarkerOver)
		r.put(t, ",", "max", "(", "1", ")")
	}
	r.emit(1)
	r.overWindow()
	if own && r.err == nil {
		r.put(r.tok(-1), ")")
	}
	l.operand(from, 0)
}

func (r *rewriter) overWindow() {
	if r.tok(0).Is("(") {
		r.windowSpec()
		return
	}
	r.emitName()
}

// filter rewrites f(…) FILTER (WHERE condition) [OVER window].
func (r *rewriter) filter(l *level) {
	t, end := r.tok(0), r.match[r.at+1]
	if l.prim < 0 || !tokenAt(r.out, len(r.out)-1).Is(")") {
		r.fail(t, "FILTER belongs behind an aggregate")
		return
	}
	if !r.tok(2).Is("WHERE") || r.at+3 == end {
		r.fail(t, "FILTER is written FILTER (WHERE condition)")
		return
	}
	from, condition := l.prim, r.at+3
	r.at = end + 1
	if r.tok(0).Is("OVER") && (r.tok(1).IsName() || r.tok(1).Is("(")) {
		if r.over(l); r.err != nil {
			return
		}
	}
	after := r.at
	r.wrap(from, MarkerFilter)
	r.put(t, ",")
	r.at = condition
	r.inner(end, level{})
	if r.err != nil {
		return
	}
	r.put(r.ts[after-1], ")")
	r.at = after
	l.operand(from, 0)
}

// cast rewrites CAST(x AS type), TRY_CAST, and CONVERT(x, type), which is the same.
func (r *rewriter) cast(l *level) {
	t, from, end := r.tok(0), len(r.out), r.match[r.at+1]
	as, before := r.at+2, "AS"
	if t.Is("CONVERT") {
		before = ","
	}
	for as < end && !r.ts[as].Is(before) {
		if before == "," && r.ts[as].Is("USING") {
			r.fail(r.ts[as], "CONVERT(… USING …) is not supported: all text is UTF-8")
			return
		}
		as = max(as, r.match[as]) + 1
	}
	switch {
	case as < end && as > r.at+2 && as+1 < end:
	case before == ",":
		r.fail(t, "CONVERT is written CONVERT(value, type)")
		return
	default:
		r.fail(t, "%s is written %s(value AS type)", t.Upper, t.Upper)
		return
	}
	if _, n, err := parseType(r.src, r.ts[as+1:end]); err != nil {
		r.err = err
		return
	} else if as+1+n != end {
		r.fail(r.ts[as+1+n], "unexpected %s behind the type", shown(r.ts[as+1+n]))
		return
	}
	marker := MarkerCast
	if t.Is("TRY_CAST") {
		marker = MarkerTryCast
	}
	r.put(t, marker, "(")
	r.at += 2
	r.inner(as, level{})
	if r.err != nil {
		return
	}
	r.put(r.ts[as+1], ",", r.typeText(r.ts[as+1:end]))
	r.put(r.ts[end], ")")
	r.at = end + 1
	l.operand(from, 0)
}

// typeText quotes the user's text of a type.
func (r *rewriter) typeText(ts []Token) string {
	return quote(r.src.Text[ts[0].Start:ts[len(ts)-1].End])
}
