package sql

// postfix begins an operator that stands behind its operand: it reports whether
// there is one, and wraps it in a call of the marker.
func (r *rewriter) postfix(l *level, marker string) bool {
	t := r.tok(0)
	if l.prim < 0 || l.expect {
		r.fail(t, "%q has nothing before it", t.Text)
		return false
	}
	if l.wraps++; l.wraps > MaxDepth {
		r.fail(t, "the expression is nested more than %d deep", MaxDepth)
		return false
	}
	r.wrap(l.prim, marker)
	l.chain = 0
	return true
}

// doubleColon rewrites x::type.
func (r *rewriter) doubleColon(l *level) {
	if r.at+1 >= l.end {
		r.fail(r.tok(1), "a type is expected behind %q", "::")
		return
	}
	_, n, err := parseType(r.src, r.ts[r.at+1:l.end])
	if err != nil {
		r.err = err
		return
	}
	if !r.postfix(l, MarkerCast) {
		return
	}
	typ := r.ts[r.at+1 : r.at+1+n]
	r.put(typ[0], ",", r.typeText(typ))
	r.put(typ[n-1], ")")
	r.at += n + 1
}

// element rewrites x[i]; where an operand is expected the bracket begins an array.
func (r *rewriter) element(l *level) {
	if l.expect {
		r.elements(l)
		return
	}
	open, end := r.tok(0), r.match[r.at]
	if end == r.at+1 {
		r.fail(open, "an index is missing in the bracket")
		return
	}
	if !r.postfix(l, MarkerIndex) {
		return
	}
	r.put(open, ",")
	r.at++
	r.inner(end, level{})
	r.put(r.ts[end], ")")
	r.at = end + 1
}

// elements rewrites [a, b], ARRAY[a, b] and MAP[key, value, …].
func (r *rewriter) elements(l *level) {
	t, from := r.tok(0), len(r.out)
	marker := MarkerArray
	if t.Is("MAP") {
		marker = MarkerMap
	}
	if t.Kind == Word {
		r.at++
	}
	end := r.match[r.at]
	r.put(t, marker, "(")
	r.at++
	r.inner(end, level{})
	r.put(r.ts[end], ")")
	r.at = end + 1
	l.operand(from, 0)
}

// jsonPath rewrites x -> 'path' and x ->> 'path', which MySQL has for columns only.
func (r *rewriter) jsonPath(l *level) {
	t := r.tok(0)
	if r.tok(1).Kind != String {
		r.fail(t, "%q takes a path in quotes, as in %s '$.name'", t.Text, t.Text)
		return
	}
	if !r.postfix(l, "json_extract") {
		return
	}
	unquote := t.Is("->>")
	if unquote {
		r.wrap(l.prim, "json_unquote")
	}
	r.put(t, ",")
	r.at++
	r.emit(1)
	r.put(r.tok(-1), ")")
	if unquote {
		r.put(r.tok(-1), ")")
	}
}

// maxChain is how many names with dots MySQL takes for a column.
const maxChain = 3

// dot rewrites the .name behind an operand: part of a column's name, or a field of
// what is before it.
func (r *rewriter) dot(l *level) {
	name := r.tok(1)
	switch {
	case name.Is("*") && l.chain > 0:
		r.emit(2)
		l.chain = 0
		r.starParts()
	case !name.IsName(), name.Space && structural[name.Upper]:
		r.fail(r.tok(0), "a name is expected behind the dot, not %s", shown(name))
	case l.chain > 0 && l.chain < maxChain || l.prim < 0:
		r.emit(2)
		l.chain++
	default:
		if !r.postfix(l, MarkerField) {
			return
		}
		r.put(name, ",", quote(name.Name()), ")")
		r.at += 2
	}
}
