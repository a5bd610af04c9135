package sql

// beginsFetch reports that OFFSET n ROWS or FETCH FIRST begins here.
func (r *rewriter) beginsFetch() bool {
	t, next := r.tok(0), r.tok(1)
	return t.Is("FETCH") && next.Is("FIRST", "NEXT") || t.Is("OFFSET") && next.Kind == Number && r.tok(2).Is("ROW", "ROWS")
}

// fetch writes OFFSET m ROWS FETCH FIRST n ROWS ONLY as LIMIT n OFFSET m. WITH TIES is
// written as one item more to order by: MySQL's LIMIT has no place for it.
func (r *rewriter) fetch(l *level) {
	offset, count := "0", "4611686018427387904"
	if r.tok(0).Is("OFFSET") {
		offset = r.tok(1).Text
		r.at += 3
	}
	if r.tok(0).Is("FETCH") && r.tok(1).Is("FIRST", "NEXT") {
		r.at += 2
		if count = "1"; r.tok(0).Kind == Number {
			count = r.tok(0).Text
			r.at++
		}
		if t := r.tok(0); t.Is("PERCENT") {
			r.notYet(t, "FETCH FIRST … PERCENT")
			return
		}
		if t := r.tok(0); !t.Is("ROW", "ROWS") {
			r.fail(t, "ROWS is expected here, not %s", shown(t))
			return
		}
		r.at++
		switch t := r.tok(0); {
		case t.Is("ONLY"):
			r.at++
		case t.Is("WITH") && r.tok(1).Is("TIES"):
			if !l.ordered {
				r.fail(t, "WITH TIES needs an ORDER BY")
				return
			}
			r.put(t, ",", MarkerTies, "(", ")")
			r.at += 2
		default:
			r.fail(t, "ONLY or WITH TIES is expected here, not %s", shown(t))
			return
		}
	}
	r.put(r.tok(-1), "LIMIT", count, "OFFSET", offset)
	l.expect, l.prim, l.ordered = false, -1, false
}
