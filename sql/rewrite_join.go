package sql

// joinWords are the words that may stand before JOIN.
var joinWords = words("JOIN", "INNER", "CROSS", "LEFT", "RIGHT", "OUTER", "NATURAL")

// join rewrites a comma or join with the table behind it, or the condition of the
// last one. It reports false at anything else.
func (r *rewriter) join(end int) bool {
	t, next := r.tok(0), r.tok(1)
	switch {
	case t.Is(","):
		r.emit(1)
		r.table(end)
	case t.Is("ON"):
		r.emit(1)
		r.walk(&level{end: end, stop: r.endsCondition, expect: true, prim: -1, pred: -1})
	case t.Is("USING") && next.Is("("):
		r.emit(1)
		r.nameList()
	case t.Is("FULL") && next.Is("JOIN", "OUTER"), t.Is("NATURAL") && next.Is("FULL"):
		r.fullJoin(end)
	case r.semiWords() > 0:
		r.semiJoin(end)
	case t.Is("STRAIGHT_JOIN"):
		r.fail(t, "STRAIGHT_JOIN is not supported: the planner chooses the order of joins")
	case joinWords[t.Upper] && t.Kind == Word:
		r.joinWords(end)
	case t.Is("ASOF") && next.Is("JOIN", "LEFT"):
		r.asofJoin(end)
	case t.Is("FULL") && next.Is("ASOF"):
		r.asofOf(t)
	default:
		return false
	}
	return true
}

func (r *rewriter) joinWords(end int) {
	first := r.tok(0)
	for joinWords[r.tok(0).Upper] && r.tok(0).Kind == Word {
		r.emit(1)
		if r.tok(-1).Is("JOIN") {
			r.table(end)
			return
		}
	}
	if t := r.tok(0); t.Is("ASOF") && r.tok(1).Is("JOIN") {
		if !first.Is("LEFT", "INNER") {
			r.asofOf(first)
			return
		}
		r.asofJoin(end)
	}
}

// semiWords counts the words of [NATURAL] [LEFT | RIGHT] SEMI | ANTI JOIN; 0 where there are
// others.
func (r *rewriter) semiWords() int {
	n := 0
	if r.tok(n).Is("NATURAL") {
		n++
	}
	if r.tok(n).Is("LEFT", "RIGHT") {
		n++
	}
	if !r.tok(n).Is("SEMI", "ANTI") || !r.tok(n+1).Is("JOIN") {
		return 0
	}
	return n + 2
}

// semiJoin writes SEMI JOIN and ANTI JOIN as an outer join whose condition is a call of
// their marker, or whose USING begins with it.
func (r *rewriter) semiJoin(end int) {
	t, n := r.tok(0), r.semiWords()
	marker, side := MarkerSemi, "LEFT"
	if r.tok(n - 2).Is("ANTI") {
		marker = MarkerAnti
	}
	if n > 2 && r.tok(n-3).Is("RIGHT") {
		side = "RIGHT"
	}
	r.put(t, side, "JOIN")
	r.at += n
	r.table(end)
	switch {
	case r.err != nil:
	case t.Is("NATURAL"):
		r.put(t, "USING", "(", marker, ",", MarkerNatural, ")")
	case r.at < end && r.tok(0).Is("USING") && r.tok(1).Is("("):
		r.emit(1)
		r.put(r.tok(0), "(", marker, ",")
		close := r.match[r.at]
		for r.at++; r.at < close; {
			r.emitName()
		}
		r.emit(1)
	case r.at < end && r.tok(0).Is("ON"):
		r.emit(1)
		r.put(r.tok(0), marker, "(")
		r.walk(&level{end: end, stop: r.endsCondition, expect: true, prim: -1, pred: -1})
		r.put(r.tok(-1), ")")
	default:
		r.put(r.tok(-1), "ON", marker, "(", "TRUE", ")")
	}
}

// fullJoin writes [NATURAL] FULL [OUTER] JOIN as STRAIGHT_JOIN: MySQL would take FULL for
// an alias and join only what matches.
func (r *rewriter) fullJoin(end int) {
	t := r.tok(0)
	if t.Is("NATURAL") {
		r.at++
	}
	r.put(t, "STRAIGHT_JOIN")
	if r.at++; r.tok(0).Is("OUTER") {
		r.at++
	}
	if !r.tok(0).Is("JOIN") {
		r.fail(r.tok(0), "JOIN is expected here, not %s", shown(r.tok(0)))
		return
	}
	r.at++
	r.table(end)
	if t.Is("NATURAL") {
		r.put(t, "USING", "(", MarkerNatural, ")")
		return
	}
	if r.err == nil && !(r.at < end && r.tok(0).Is("ON", "USING")) {
		r.fail(t, "FULL JOIN needs ON or USING right behind its table")
	}
}

// endsCondition reports that a join's condition ends before the token at hand.
func (r *rewriter) endsCondition() bool {
	t, next := r.tok(0), r.tok(1)
	switch {
	case tokenAt(r.out, len(r.out)-1).Is("."):
		return false
	case t.Is(",", "JOIN", "INNER", "CROSS", "NATURAL", "STRAIGHT_JOIN", "ON", "USING"):
		return true
	case t.Is("LEFT", "RIGHT"):
		return !next.Is("(")
	case t.Is("FULL", "ASOF", "SEMI", "ANTI"):
		return next.Is("JOIN", "OUTER") || t.Is("ASOF") && next.Is("LEFT") || next.Is("ASOF")
	}
	return r.beginsClause()
}
