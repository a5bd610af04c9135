package sql

import "strings"

// from rewrites FROM and the tables behind it.
func (r *rewriter) from(l *level) {
	r.emit(1)
	if l.grouping = false; r.tok(0).Is("DUAL") {
		r.emit(1)
	} else {
		r.tableList(l.end)
	}
	l.expect, l.prim, l.chain, l.pred, l.start = false, -1, 0, -1, false
}

// tableList rewrites tables with commas and joins between them.
func (r *rewriter) tableList(end int) {
	r.table(end)
	for r.err == nil && r.at < end {
		if !r.join(end) {
			return
		}
	}
}

// table rewrites one table of FROM with its alias.
func (r *rewriter) table(end int) {
	t, next := r.tok(0), r.tok(1)
	if r.tables++; r.tables > MaxJoins+1 {
		r.fail(t, "more than %d joins", MaxJoins)
		return
	}
	switch {
	case r.at >= end:
	case t.Is("LATERAL") && next.IsName() && (r.tok(2).Is("(") || next.Is("TABLE")):
		r.at++
		r.tables--
		r.table(end) // a table function sees the tables before it anyhow
	case t.Is("LATERAL") && next.Is("("):
		r.emit(1)
		r.query()
		r.lateralAlias()
	case t.Is("TABLE") && next.Is("(") && r.tok(2).IsName() && r.tok(3).Is("("):
		r.wrappedFunction(end)
	case t.Is("MATCH_RECOGNIZE") && next.Is("("):
		r.notYet(t, t.Upper)
	case t.IsName() && next.Is("("):
		from := len(r.out)
		r.put(t, "(", "SELECT")
		r.tableFunction()
		r.put(r.tok(-1), ")")
		r.alias(end, from, false)
	case t.Is("(") && r.isQuery(r.at):
		from := len(r.out)
		r.query()
		r.alias(end, from, false)
	case t.Is("("):
		close := r.match[r.at]
		r.emit(1)
		if r.tableList(close); r.err == nil && r.at < close {
			r.emit(close - r.at)
		}
		r.emit1()
	case t.IsName():
		r.namedTable(end)
	default:
		r.emit(1)
	}
}

// isQuery reports that brackets in FROM hold a query, not a join.
func (r *rewriter) isQuery(i int) bool {
	for end := r.match[i]; ; i++ {
		inner := r.ts[i+1]
		if !inner.Is("(") {
			return inner.Is("SELECT", "WITH", "VALUES", "TABLE")
		}
		after := r.match[i+1] + 1
		if after != end && !r.ts[after].Is("UNION", "EXCEPT", "INTERSECT", "ORDER", "LIMIT") {
			return false
		}
		end = r.match[i+1]
	}
}

// namedTable rewrites a table's name, FOR SYSTEM_TIME AS OF, and the alias, which
// MySQL wants in another order.
func (r *rewriter) namedTable(end int) {
	from := len(r.out)
	r.emitName()
	for r.tok(0).Is(".") && r.tok(1).IsName() {
		r.emit(2)
	}
	t := r.tok(0)
	if !t.Is("FOR") || r.tok(1).Is("UPDATE", "SHARE") {
		r.alias(end, from, true)
		return
	}
	if !r.tok(1).Is("SYSTEM_TIME") || !r.tok(2).Is("AS") || !r.tok(3).Is("OF") {
		r.notYet(t, "this form of FOR behind a table")
		return
	}
	lo := r.at + 4
	r.at = lo
	hi := r.momentEnd(end)
	if hi == lo {
		r.fail(t, "FOR SYSTEM_TIME AS OF needs a time")
		return
	}
	r.at = hi
	r.alias(end, from, true)
	after := r.at
	r.put(t, "AS", "OF", "TIMESTAMP")
	r.at = lo
	r.inner(hi, level{})
	r.at = after
}

// momentEnd finds where the expression behind AS OF ends: at an alias, a join or a
// clause.
func (r *rewriter) momentEnd(end int) int {
	at := r.at
	defer func() { r.at = at }()
	span := false // an INTERVAL waits for its unit
	for start := r.at; r.at < end; r.at = max(r.at, r.match[r.at]) + 1 {
		t, last := r.tok(0), r.tok(-1)
		operand := r.at > start && (last.IsName() || last.Kind == String || last.Kind == Number || last.Is(")"))
		if t.Is("INTERVAL") {
			span = true
		} else if span && operand && t.IsName() && !last.Is("INTERVAL") {
			span = false
			continue
		}
		if t.Is("AS") || !last.Is(".") && r.endsCondition() || operand && t.IsName() && !infixes[t.Upper] && !connectives[t.Upper] {
			return r.at
		}
	}
	return end
}

// alias rewrites [AS] name [(columns)] behind a table that was written from a place
// on. MySQL has column names behind LATERAL only: here they are a call of
// MarkerColumns around the table. named says that the table is a name.
func (r *rewriter) alias(end, from int, named bool) {
	if r.err != nil || r.at >= end || !r.beginsAlias() {
		return
	}
	n := 0
	if r.tok(0).Is("AS") {
		n = 1
	}
	if !r.tok(n).IsName() || !r.tok(n+1).Is("(") {
		r.emit(n)
		r.emitName()
		return
	}
	opening := []string{"(", "SELECT", MarkerColumns, "("}
	if named {
		opening = append(opening, MarkerTable, "(")
		r.put(r.tok(-1), ")")
	}
	r.insert(from, opening...)
	open := r.at + n + 1
	close := r.match[open]
	for i := open + 1; i < max(close, open+2); i += 2 {
		if t := r.ts[i]; !t.IsName() || !tokenAt(r.ts, i+1).Is(",", ")") {
			r.fail(t, "a column's name is expected here, not %s", shown(t))
			return
		}
		r.put(r.ts[i], ",", quote(r.ts[i].Name()))
	}
	r.put(r.ts[close], ")", ")")
	r.emit(n)
	r.emitName()
	r.at = close + 1
}

// beginsAlias reports that an alias stands here, and refuses the words that MySQL
// would take for one although something else is meant.
func (r *rewriter) beginsAlias() bool {
	t, next := r.tok(0), r.tok(1)
	if t.Is("AS") && next.Is("OF") || !t.IsName() {
		return false
	}
	switch {
	case t.Is("AS"), t.Kind == Quoted:
		return true
	case t.Is("FINAL"):
		r.notYet(t, "FINAL")
	case t.Is("EMIT"):
		r.fail(t, "EMIT belongs at the end of the whole statement")
	case t.Is("MINUS") && next.Is("SELECT", "("):
		r.fail(t, "MINUS is not supported").WithHint("write EXCEPT")
	case t.Is("PIVOT", "UNPIVOT", "MATCH_RECOGNIZE") && next.Is("("):
		r.notYet(t, t.Upper)
	case t.Is("PARTITION", "USE", "FORCE", "IGNORE") && next.Is("(", "INDEX", "KEY"):
		r.fail(t, "partitions and indexes of a table cannot be named")
	case t.Is("ASOF") && next.Is("LEFT"), t.Is("FULL") && next.Is("ASOF"), t.Is("MATCH_CONDITION") && next.Is("("):
	case t.Is("FULL", "SEMI", "ANTI", "ASOF") && next.Is("JOIN", "OUTER"), isReservedWord(t.Upper), r.beginsClause():
	default:
		return true
	}
	return false
}

// lateralAlias writes the alias of LATERAL, which may have column names.
func (r *rewriter) lateralAlias() {
	if r.tok(0).Is("AS") {
		r.emit(1)
	}
	if t := r.tok(0); t.IsName() && !joinWords[t.Upper] {
		r.emitName()
		if r.tok(0).Is("(") {
			r.nameList()
		}
	}
}

// wrappedFunction rewrites TABLE(f(…)).
func (r *rewriter) wrappedFunction(end int) {
	from, close := len(r.out), r.match[r.at+1]
	r.put(r.tok(0), "(", "SELECT")
	r.at += 2
	r.tableFunction()
	if r.err != nil {
		return
	}
	if r.at != close {
		r.fail(r.tok(0), "unexpected %s", shown(r.tok(0)))
		return
	}
	r.put(r.tok(0), ")")
	r.at++
	r.alias(end, from, false)
}

// tableFunction rewrites f(…) in FROM to MarkerTableFunction('F', …), and WITH ORDINALITY
// behind it to a part of its name.
func (r *rewriter) tableFunction() {
	t, end := r.tok(0), r.match[r.at+1]
	if t.Is("JSON_TABLE") {
		r.jsonTable()
		return
	}
	name, words := strings.ToUpper(t.Name()), 0
	if tokenAt(r.ts, end+1).Is("WITH") && tokenAt(r.ts, end+2).Is("ORDINALITY") {
		name, words = name+WithOrdinality, 2
	}
	r.put(t, MarkerTableFunction, "(", quote(name))
	if r.at += 2; r.at < end {
		r.put(t, ",")
	}
	if r.arguments(end, level{args: tableFunction}); r.err == nil {
		r.at += words
	}
}

// tableArgument rewrites TABLE t, TABLE (query) and name => value in the arguments
// of a table function.
func (r *rewriter) tableArgument(l *level) {
	t, from := r.tok(0), len(r.out)
	if r.tok(1).Is("=>") {
		r.put(t, MarkerNamed, "(", quote(t.Text))
		r.at++
		r.put(r.tok(0), ",")
		r.at++
		end := r.argumentEnd(l.end)
		if r.inner(end, level{args: tableFunction}); r.err == nil {
			r.put(r.tok(-1), ")")
		}
		l.operand(from, 0)
		return
	}
	r.put(t, MarkerTable, "(")
	r.at++
	switch {
	case r.tok(0).Is("("):
		r.query()
	case r.at < l.end && r.tok(0).IsName():
		r.emitName()
		for r.tok(0).Is(".") && r.tok(1).IsName() {
			r.emit(2)
		}
	default:
		r.fail(r.tok(0), "a table is expected behind TABLE, not %s", shown(r.tok(0)))
		return
	}
	if r.err == nil {
		r.put(r.tok(-1), ")")
	}
	l.operand(from, 0)
}

// argumentEnd finds the comma that ends an argument, or the end of them all.
func (r *rewriter) argumentEnd(end int) int {
	for i := r.at; i < end; i = max(i, r.match[i]) + 1 {
		if r.ts[i].Is(",") {
			return i
		}
	}
	return end
}
