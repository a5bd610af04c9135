package sql

// clause rewrites the beginning of a clause, if one begins here: in brackets that
// hold a query, or in the query as a whole.
func (r *rewriter) clause(l *level) bool {
	t, next := r.tok(0), r.tok(1)
	if t.Kind != Word || tokenAt(r.out, len(r.out)-1).Is(".") {
		return false
	}
	l.ordered = l.ordered || t.Is("ORDER") && next.Is("BY")
	switch {
	case t.Is("SELECT"):
		r.selects(l)
	case l.start && t.Is("WITH"):
		r.with(l)
	case l.start && t.Is("VALUES") && (next.Is("(", "ROW") || next.Kind == EOF):
		r.values(l)
	case l.start && t.Is("TABLE") && next.IsName():
		r.emit(1)
		r.emitName()
		l.expect, l.start, l.selected = false, false, true
	case !l.selected && !l.spec && !l.expect && r.beginsFetch(): // behind a query in brackets
		r.fetch(l)
	case !l.selected:
		return l.setOperator(r)
	case t.Is("FROM"):
		r.from(l)
	case t.Is("WHERE", "HAVING"):
		r.emit(1)
		l.fresh()
	case t.Is("GROUP", "ORDER") && next.Is("BY"):
		r.emit(2)
		l.fresh()
		l.grouping = t.Is("GROUP")
		r.groupAll(l)
	case t.Is("WINDOW") && !l.expect && r.tok(2).Is("AS"):
		r.windowClause(l)
	case t.Is("QUALIFY") && !l.expect:
		r.qualify(l)
	case r.beginsFetch():
		r.fetch(l)
	default:
		return l.setOperator(r)
	}
	if !t.Is("GROUP") {
		l.grouping = false
	}
	return true
}

// setOperator rewrites UNION, EXCEPT or INTERSECT, behind which a query begins.
func (l *level) setOperator(r *rewriter) bool {
	if !r.tok(0).Is("UNION", "EXCEPT", "INTERSECT") {
		return false
	}
	r.emit(1)
	if r.tok(0).Is("ALL", "DISTINCT") {
		r.emit(1)
	}
	l.fresh()
	l.start = true
	l.selected, l.windows, l.qualified, l.grouping, l.ordered = false, false, false, false, false
	return true
}

// beginsClause reports that a clause of a query, and not an expression or alias,
// begins at the token.
func (r *rewriter) beginsClause() bool {
	t, next := r.tok(0), r.tok(1)
	switch {
	case t.Is("SELECT", "FROM", "WHERE", "HAVING", "LIMIT", "UNION", "EXCEPT", "INTERSECT", "INTO", "QUALIFY"):
		return true
	case t.Is("GROUP", "ORDER"):
		return next.Is("BY")
	case t.Is("FETCH", "OFFSET"):
		return r.beginsFetch()
	case t.Is("FOR"):
		return next.Is("UPDATE", "SHARE")
	case t.Is("WINDOW"):
		return r.tok(2).Is("AS")
	}
	return false
}

func (r *rewriter) selects(l *level) {
	r.emit(1)
	if t := r.tok(0); t.Is("STRAIGHT_JOIN") {
		r.fail(t, "STRAIGHT_JOIN is not supported: the planner chooses the order of joins")
	}
	l.fresh()
	l.selected = true
}

// with rewrites WITH name [(columns)] AS (query), ….
func (r *rewriter) with(l *level) {
	r.emit(1)
	if r.tok(0).Is("RECURSIVE") {
		r.emit(1)
	}
	for r.err == nil && r.tok(0).IsName() {
		r.emitName()
		if r.tok(0).Is("(") {
			r.nameList()
		}
		if !r.tok(0).Is("AS") || !r.tok(1).Is("(") {
			return
		}
		r.emit(1)
		r.query()
		if !r.tok(0).Is(",") {
			break
		}
		r.emit(1)
	}
	l.fresh()
	l.start = true
}

// query rewrites a query in brackets.
func (r *rewriter) query() {
	end := r.match[r.at]
	r.emit(1)
	r.inner(end, level{start: true})
	r.emit1()
}

// nameList rewrites (name, …).
func (r *rewriter) nameList() {
	end := r.match[r.at]
	for r.emit(1); r.at < end; {
		if r.tok(0).IsName() {
			r.emitName()
		} else {
			r.emit(1)
		}
	}
	r.emit(1)
}

// values writes VALUES (…), (…) as VALUES ROW(…), ROW(…).
func (r *rewriter) values(l *level) {
	r.emit(1)
	for r.err == nil && r.tok(0).Is("(", "ROW") {
		if r.tok(0).Is("ROW") {
			r.emit(1)
		} else {
			r.put(r.tok(0), "ROW")
		}
		if !r.tok(0).Is("(") {
			return
		}
		end := r.match[r.at]
		r.emit(1)
		r.inner(end, level{})
		r.emit1()
		if !r.tok(0).Is(",") {
			break
		}
		r.emit(1)
	}
	l.expect, l.start, l.selected, l.prim = false, false, true, -1
}

// groupingCall rewrites ROLLUP (…), CUBE (…) and GROUPING SETS (…) in GROUP BY,
// which MySQL would take for functions. It reports false for anything else.
func (r *rewriter) groupingCall(l *level) bool {
	t, n := r.tok(0), 1
	marker := MarkerRollup
	switch {
	case t.Is("GROUPING"):
		if !r.tok(1).Is("SETS") {
			return false
		}
		marker, n = MarkerGroupingSets, 2
	case t.Is("CUBE"):
		marker = MarkerCube
	}
	if !r.tok(n).Is("(") {
		return false
	}
	from := len(r.out)
	r.put(t, marker)
	r.at += n
	end := r.match[r.at]
	r.emit(1)
	r.inner(end, level{grouping: true})
	r.emit1()
	l.operand(from, 0)
	return true
}

// groupAll writes the ALL of GROUP BY ALL as a call, behind which the clause ends.
func (r *rewriter) groupAll(l *level) {
	t := r.tok(0)
	if !l.grouping || !t.Is("ALL") {
		return
	}
	r.at++
	if r.at < l.end && !r.beginsClause() {
		r.at--
		return
	}
	l.operand(len(r.out), 0)
	r.put(t, MarkerGroupAll, "(", ")")
}

// windowClause rewrites WINDOW name AS (…), ….
func (r *rewriter) windowClause(l *level) {
	if l.qualified || l.windows {
		r.put(r.tok(0), ",")
		r.at++
	} else {
		r.emit(1)
	}
	l.windows = true
	for r.err == nil && r.tok(0).IsName() && r.tok(1).Is("AS") && r.tok(2).Is("(") {
		r.emitName()
		r.emit(1)
		r.windowSpec()
		if !r.tok(0).Is(",") {
			break
		}
		r.emit(1)
	}
	l.expect, l.prim = false, -1
}

// windowSpec rewrites the brackets behind OVER and WINDOW w AS.
func (r *rewriter) windowSpec() {
	end := r.match[r.at]
	r.emit(1)
	r.inner(end, level{spec: true})
	r.emit1()
}

// windowFrame writes ROWS, RANGE or GROUPS … to the end of a window's
// specification. Its INTERVAL is the one that the parser knows.
func (r *rewriter) windowFrame(l *level) {
	for r.at < l.end {
		t := r.tok(0)
		if t.Kind == Word && isUnit(t.Upper) && t.Upper != singular(t.Upper) {
			r.put(t, singular(t.Upper))
			r.at++
			continue
		}
		r.emit(1)
	}
}

// qualify writes QUALIFY condition as a window that is named MarkerQualify and
// partitioned by the condition: MySQL has no clause that could carry it.
func (r *rewriter) qualify(l *level) {
	t := r.tok(0)
	if l.qualified {
		r.fail(t, "a query has one QUALIFY")
		return
	}
	r.at++
	if r.at >= l.end || r.beginsClause() {
		r.fail(t, "QUALIFY needs a condition")
		return
	}
	opening := "WINDOW"
	if l.windows {
		opening = ","
	}
	r.put(t, opening, MarkerQualify, "AS", "(", "PARTITION", "BY", "(")
	c := level{end: l.end, stop: r.beginsClause, expect: true, prim: -1, pred: -1}
	r.walk(&c)
	r.put(r.tok(-1), ")", ")")
	l.qualified = true
	l.expect, l.prim = false, -1
}
