package sql

import (
	tidb "github.com/pingcap/tidb/pkg/parser"
)

// reservedWords are the words that MySQL does not take for names, without those
// that only the old grammar of ours knows.
var reservedWords = func() map[string]bool {
	m := map[string]bool{}
	for _, k := range tidb.Keywords {
		m[k.Word] = k.Reserved
	}
	for _, synonym := range []string{"SCHEMA", "SCHEMAS", "DEC"} {
		m[synonym] = true
	}
	return m
}()

func isReservedWord(upper string) bool { return reservedWords[upper] }

func words(list ...string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, w := range list {
		m[w] = true
	}
	return m
}

// structural words hold a statement together. They are never meant as names, so no
// hint to quote them helps.
var structural = words("SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "UNION", "JOIN", "ON", "AS", "BY", "AND", "OR",
	"NOT", "INTO", "WITH", "CASE", "WHEN", "THEN", "ELSE", "IN", "IS", "NULL", "INNER", "OUTER", "CROSS", "NATURAL", "LATERAL", "EXCEPT",
	"INTERSECT", "BETWEEN", "LIKE", "XOR", "SET", "VALUES", "OVER", "USING")

// prefixes are reserved words with which an operand, or something before one,
// begins. Every other reserved word where an operand is expected is a name: data is
// full of columns called key, rank, groups or lines.
var prefixes = words("ALL", "BINARY", "BOTH", "CURRENT_DATE", "CURRENT_ROLE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER",
	"DEFAULT", "DISTINCT", "DISTINCTROW", "DUAL", "EXISTS", "FALSE", "FOR", "LEADING", "LOCALTIME", "LOCALTIMESTAMP", "NULL", "TRAILING",
	"TRUE", "UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP")

// valueWords are the prefixes that are whole operands.
var valueWords = words("CURRENT_DATE", "CURRENT_ROLE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "DEFAULT", "FALSE",
	"LOCALTIME", "LOCALTIMESTAMP", "NULL", "TRUE", "UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP")

// infixes are words behind an operand that want another one; those of them in
// connectives begin a new condition.
var (
	infixes = words("LIKE", "ILIKE", "RLIKE", "REGEXP", "IN", "BETWEEN", "DIV", "MOD", "ESCAPE", "IS", "FROM", "FOR", "USING", "SEPARATOR",
		"NOT", "OFFSET")
	connectives = words("AND", "OR", "XOR", "WHEN", "THEN", "ELSE", "BY", "ON", "WHERE", "HAVING", "LIMIT", "SELECT", "DISTINCT", "ALL",
		"UNION", "EXCEPT", "INTERSECT")
)

// beginWord rewrites a word where an operand is expected.
func (r *rewriter) beginWord(l *level) {
	t, next := r.tok(0), r.tok(1)
	switch {
	case t.Is("CASE"):
		r.caseExpr(l)
	case t.Is("CAST", "TRY_CAST", "CONVERT") && next.Is("("):
		r.cast(l)
	case t.Is("JSON_TABLE") && next.Is("("):
		r.fail(t, "JSON_TABLE gives rows, not a value: it stands in FROM")
	case t.Is("JSON_VALUE") && next.Is("(") && r.returnsJSON():
		r.jsonValue(l)
	case t.Is("INTERVAL") && r.interval(l):
	case t.Is("ARRAY", "MAP") && next.Is("["):
		r.elements(l)
	case t.Is("TIMESTAMP_LTZ", "TIMESTAMP") && r.momentAt() > 0:
		r.moment(l)
	case l.grouping && t.Is("ROLLUP", "CUBE", "GROUPING") && r.groupingCall(l):
	case l.args == ownAggregate && t.Is("DISTINCT") && tokenAt(r.out, len(r.out)-1).Is("("):
		r.put(t, MarkerDistinct, "(")
		r.at++
		l.distinct = true
		l.fresh()
	case l.args == tableFunction && (t.Is("TABLE") || next.Is("=>")):
		r.tableArgument(l)
	case (t.Text[0] == '_' || t.Is("N")) && next.Kind == String && !next.Space:
		r.fail(t, "a character set before a text is not supported: all text is UTF-8")
	case t.Is("NOT"):
		r.emit(1)
		l.fresh()
	case t.Is("ANY", "SOME", "ALL", "EXISTS") && next.Is("("):
		r.emit(1)
		l.operator()
	case prefixes[t.Upper] && !next.Is(".") && !(next.Is("(") && valueWords[t.Upper]):
		r.prefix(l, t)
	case structural[t.Upper] && !r.isColumn(t, next):
		r.emit(1)
		l.fresh()
	case l.spec && t.Is("PARTITION", "ORDER") && next.Is("BY"):
		r.emit(2)
		l.fresh()
	case l.spec && beginsFrame(t, next):
		r.windowFrame(l)
	case next.Is("("):
		r.call(l)
	default:
		l.operand(len(r.out), 1)
		r.emitName()
	}
}

// beginsFrame tells the frame of a window from a column called rows or groups.
func beginsFrame(t, next Token) bool {
	return t.Is("ROWS", "RANGE", "GROUPS") &&
		(next.Is("BETWEEN", "UNBOUNDED", "CURRENT", "INTERVAL") || next.Kind == Number || next.Kind == Param)
}

// isColumn tells a column called order, group or limit from the clause.
func (r *rewriter) isColumn(t, next Token) bool {
	switch {
	case t.Is("GROUP", "ORDER"):
		return !next.Is("BY")
	case t.Is("VALUES"):
		return !next.Is("(", "ROW")
	case t.Is("LIMIT"):
		return next.Kind == Symbol && !next.Is("(", "-") || next.Is("FROM", "AS", "IS", "IN", "BETWEEN", "AND", "OR", "DESC", "ASC")
	}
	return false
}

// prefix writes a reserved word that belongs before an operand or is one.
func (r *rewriter) prefix(l *level, t Token) {
	from := len(r.out)
	r.emit(1)
	switch {
	case valueWords[t.Upper]:
		l.operand(from, 0)
	case t.Is("BINARY"):
		if l.pred < 0 {
			l.pred = from
		}
		l.operator()
	default:
		l.fresh()
	}
}

// nextWord rewrites a word behind an operand.
func (r *rewriter) nextWord(l *level) {
	t, next := r.tok(0), r.tok(1)
	switch {
	case t.Is("AS"):
		r.emit(1)
		if !r.tok(0).Is("OF") && r.tok(0).Kind == Word && !r.tok(1).Is("(") {
			r.emitName()
		}
		l.prim, l.chain = -1, 0
	case t.Is("IS") && (next.Is("DISTINCT") || next.Is("NOT") && r.tok(2).Is("DISTINCT")):
		r.isDistinct(l)
	case t.Is("FILTER") && next.Is("("):
		r.filter(l)
	case t.Is("AT") && next.Is("TIME") && r.tok(2).Is("ZONE"):
		r.atTimeZone(l)
	case t.Is("OVER") && (next.IsName() || next.Is("(")):
		r.over(l)
	case t.Is("WITHIN") && next.Is("GROUP"):
		r.withinGroup(l)
	case t.Is("NULLS") && next.Is("FIRST", "LAST"):
		r.nulls(l)
	case t.Is("LOCK") && next.Is("IN"), t.Is("FOR") && next.Is("UPDATE", "SHARE"):
		r.fail(t, "%s %s … is not supported: a query takes no locks", t.Upper, next.Upper)
	case l.args == ownAggregate && t.Is("ORDER") && next.Is("BY"):
		r.ownOrder(l)
	case l.args == ownAggregate && t.Is("SEPARATOR"):
		r.separator(l)
	case l.ordering && t.Is("ASC", "DESC"):
		r.put(t, ",", quote(t.Upper))
		r.at++
	case l.args == tableFunction && t.Is("PARTITION") && next.Is("BY"):
		r.tablePartition(l)
	case l.args == tableFunction && t.Is("ORDER") && next.Is("BY"):
		r.fail(t, "the table of a table function has no ORDER BY")
	case l.spec && beginsFrame(t, next):
		r.windowFrame(l)
	case t.Is("COLLATE"):
		r.emit(min(2, l.end-r.at))
	case t.Is("NOT") && infixes[next.Upper]:
		r.emit(2)
		l.operator()
	case infixes[t.Upper]:
		r.emit(1)
		l.operator()
	case connectives[t.Upper]:
		r.emit(1)
		l.fresh()
	default:
		r.emit(1)
		l.prim, l.chain = -1, 0
	}
}

// nulls writes NULLS FIRST or NULLS LAST as an item of its own behind the one that it
// belongs to: MySQL has no place for it.
func (r *rewriter) nulls(l *level) {
	t, where := r.tok(0), quote(r.tok(1).Upper)
	switch {
	case l.ordering:
		r.put(t, ",", where)
	case l.ordered:
		r.put(t, ",", MarkerNulls, "(", where, ")")
	default:
		r.fail(t, "NULLS %s belongs behind what ORDER BY orders by", r.tok(1).Upper)
		return
	}
	r.at += 2
	l.prim, l.chain = -1, 0
}

// caseExpr rewrites CASE … END as an operand.
func (r *rewriter) caseExpr(l *level) {
	end, from := r.match[r.at], len(r.out)
	r.emit(1)
	r.inner(end, level{})
	r.emit1()
	l.operand(from, 0)
}

// isDistinct rewrites x IS [NOT] DISTINCT FROM y to x <=> y, with a NOT before the
// condition.
func (r *rewriter) isDistinct(l *level) {
	t, n := r.tok(0), 2
	if r.tok(1).Is("NOT") {
		n = 3
	}
	if !r.tok(n).Is("FROM") {
		r.fail(t, "IS DISTINCT needs FROM")
		return
	}
	if l.pred < 0 {
		r.fail(t, "IS DISTINCT FROM has nothing before it")
		return
	}
	if n == 2 {
		r.insert(l.pred, "NOT")
	}
	r.put(t, "<=>")
	r.at += n + 1
	l.operator()
}
