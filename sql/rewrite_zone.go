package sql

// momentAt returns how many tokens on the text of a TIMESTAMP WITH LOCAL TIME ZONE stands,
// 0 where the words at hand are none.
func (r *rewriter) momentAt() int {
	n := 1
	if r.tok(0).Is("TIMESTAMP") {
		for _, w := range []string{"WITH", "LOCAL", "TIME", "ZONE"} {
			if !r.tok(n).Is(w) {
				return 0
			}
			n++
		}
	}
	if r.tok(n).Kind != String {
		return 0
	}
	return n
}

// moment rewrites TIMESTAMP_LTZ 'text' and its longer form.
func (r *rewriter) moment(l *level) {
	t, n, from := r.tok(0), r.momentAt(), len(r.out)
	r.put(t, MarkerMoment, "(")
	r.at += n
	r.emit(1)
	r.put(r.tok(-1), ")")
	l.operand(from, 0)
}

// atTimeZone rewrites x AT TIME ZONE zone, which binds as close as x::type does on
// both sides.
func (r *rewriter) atTimeZone(l *level) {
	t := r.tok(0)
	if !r.postfix(l, MarkerAtZone) {
		return
	}
	r.put(t, ",")
	r.at += 3
	z := level{end: l.end, expect: true, prim: -1, pred: -1}
	z.stop = func() bool { return !z.expect && !r.tok(0).Is(".", "[", "::", "->", "->>") }
	if r.walk(&z); r.err != nil {
		return
	}
	if z.expect {
		r.fail(t, "a time zone is expected behind AT TIME ZONE").WithHint("as in AT TIME ZONE 'Europe/Berlin'")
		return
	}
	r.put(r.tok(-1), ")")
}
