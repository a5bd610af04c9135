package sql

// asofJoin writes ASOF [LEFT] JOIN r [MATCH_CONDITION (c)] [ON … | USING (…)] as a join
// with the condition MarkerAsof(…). LEFT may stand before it, too.
func (r *rewriter) asofJoin(end int) {
	t := r.tok(0)
	for r.at++; r.tok(0).Is("LEFT", "OUTER"); {
		r.emit(1)
	}
	if !r.tok(0).Is("JOIN") {
		r.fail(r.tok(0), "JOIN is expected here, not %s", shown(r.tok(0)))
		return
	}
	r.emit(1)
	if r.table(end); r.err != nil {
		return
	}
	r.put(t, "ON", MarkerAsof, "(")
	matched := r.at < end && r.tok(0).Is("MATCH_CONDITION")
	if matched {
		r.matchCondition()
	} else {
		r.put(t, "NULL")
	}
	switch next := r.tok(0); {
	case r.err != nil:
		return
	case r.at < end && next.Is("ON"):
		r.at++
		r.put(next, ",")
		r.walk(&level{end: end, stop: r.endsCondition, expect: true, prim: -1, pred: -1})
	case r.at < end && next.Is("USING") && r.tok(1).Is("(") && matched:
		r.asofUsing()
	case !matched:
		r.fail(t, "ASOF JOIN needs to know which times it compares").
			WithHint("write MATCH_CONDITION (l.ts >= r.ts) right behind its table, and then ON or USING")
	}
	if r.err == nil {
		r.put(r.tok(-1), ")") // so that the text ends where the join does
	}
}

func (r *rewriter) matchCondition() {
	if !r.tok(1).Is("(") {
		r.fail(r.tok(1), "a bracket is expected behind MATCH_CONDITION, not %s", shown(r.tok(1)))
		return
	}
	close := r.match[r.at+1]
	r.at += 2
	if r.inner(close, level{}); r.err == nil {
		r.at++
	}
}

func (r *rewriter) asofUsing() {
	close := r.match[r.at+1]
	for r.at += 2; r.at < close; r.at += 2 {
		t := r.tok(0)
		if !t.IsName() || !r.tok(1).Is(",", ")") {
			r.fail(t, "a column's name is expected here, not %s", shown(t))
			return
		}
		r.put(t, ",", quote(t.Name()))
	}
	r.at = close + 1
}

// asofOf refuses a kind of join that begins with a word and goes on with ASOF.
func (r *rewriter) asofOf(t Token) {
	r.fail(t, "there is no %s ASOF JOIN: it looks up a match for each row of the left", t.Upper).
		WithHint("use ASOF JOIN, or LEFT ASOF JOIN to keep rows without a match")
}
