package sql

// tablePartition rewrites PARTITION BY behind a table in the arguments of a table function.
// The keys end where the next argument begins: DESCRIPTOR(…), or one with its name.
func (r *rewriter) tablePartition(l *level) {
	t, from := r.tok(0), l.prim
	if from < 0 {
		r.fail(t, "PARTITION BY belongs behind the table of a table function")
		return
	}
	r.wrap(from, MarkerPartition)
	r.put(t, ",")
	r.at += 2
	end := r.argumentEnd(l.end)
	for end < l.end && !(r.ts[end+1].Is("DESCRIPTOR") && tokenAt(r.ts, end+2).Is("(")) && !tokenAt(r.ts, end+2).Is("=>") {
		at := r.at
		r.at = end + 1
		end = r.argumentEnd(l.end)
		r.at = at
	}
	if end == r.at {
		r.fail(r.tok(0), "a column is expected behind PARTITION BY")
		return
	}
	if r.inner(end, level{}); r.err == nil {
		r.put(r.tok(-1), ")")
	}
	l.operand(from, 0)
}
