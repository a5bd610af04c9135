package sql

// starParts writes EXCEPT (a, …) and REPLACE (x AS a, …) behind * or t.* as result columns
// of their own: MySQL has no place for them.
func (r *rewriter) starParts() {
	if t := r.tok(0); t.Is("EXCEPT", "EXCLUDE") && r.tok(1).Is("(") && r.tok(2).IsName() && r.tok(3).Is(",", ")") {
		r.put(t, ",", MarkerExcept, "(")
		close := r.match[r.at+1]
		for r.at += 2; r.at < close; r.at++ {
			switch c := r.tok(0); {
			case c.IsName():
				r.put(c, quote(c.Name()))
			case c.Is(","):
				r.emit(1)
				r.at--
			default:
				r.fail(c, "a column's name is expected here, not %s", shown(c))
				return
			}
		}
		r.emit(1)
	}
	if t := r.tok(0); t.Is("REPLACE") && r.tok(1).Is("(") {
		r.put(t, ",", MarkerReplace, "(")
		close := r.match[r.at+1]
		for r.at += 2; r.err == nil && r.at < close; {
			end := r.argumentEnd(close)
			name := tokenAt(r.ts, end-1)
			if end-r.at < 3 || !tokenAt(r.ts, end-2).Is("AS") || !name.IsName() {
				r.fail(t, "REPLACE behind a star is written REPLACE (value AS column, …)")
				return
			}
			if r.inner(end-2, level{}); r.err != nil {
				return
			}
			r.put(name, ",", quote(name.Name()))
			if r.at = end; r.at < close {
				r.emit(1)
			}
		}
		r.emit1()
	}
}
