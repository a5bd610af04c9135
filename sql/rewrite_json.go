package sql

import "strings"

// jsonTable rewrites JSON_TABLE(doc, 'path' COLUMNS (…)) to MarkerTableFunction('JSON_TABLE',
// doc, 'path', MarkerJSONColumn(…), …).
func (r *rewriter) jsonTable() {
	t, end := r.tok(0), r.match[r.at+1]
	r.put(t, MarkerTableFunction, "(", quote("JSON_TABLE"), ",")
	r.at += 2
	comma := r.argumentEnd(end)
	if comma == r.at || comma == end {
		r.fail(t, "JSON_TABLE is written JSON_TABLE(document, 'path' COLUMNS (…))")
		return
	}
	if r.inner(comma, level{}); r.err != nil {
		return
	}
	r.emit(1)
	r.jsonRows()
	if r.err == nil && r.at < end {
		r.unknownJSON("behind the columns")
	}
	r.emit1()
	if t := r.tok(0); t.Is("WITH") && r.tok(1).Is("ORDINALITY") {
		r.fail(t, "JSON_TABLE has no WITH ORDINALITY").WithHint("a column FOR ORDINALITY numbers its rows")
	}
}

// returnsJSON reports a JSON_VALUE that has more than its two arguments say.
func (r *rewriter) returnsJSON() bool {
	end := r.match[r.at+1]
	for i := r.at + 2; i < end; i = max(i, r.match[i]) + 1 {
		if r.ts[i].Is("RETURNING", "EMPTY", "ERROR") && !r.ts[i-1].Is("(", ".", ",") {
			return true
		}
	}
	return false
}

// jsonValue rewrites JSON_VALUE(doc, 'path' RETURNING type … ON EMPTY … ON ERROR).
func (r *rewriter) jsonValue(l *level) {
	t, from, end := r.tok(0), len(r.out), r.match[r.at+1]
	r.put(t, MarkerJSONValue, "(")
	r.at += 2
	if r.inner(r.argumentEnd(end), level{}); r.err != nil {
		return
	}
	r.put(r.tok(0), ",", MarkerJSONColumn, "(", quote("VALUE"), ",", quote("json_value"), ",")
	r.at++
	path := r.tok(0)
	if path.Kind != String {
		r.fail(path, "a path in quotes is expected here, not %s", shown(path))
		return
	}
	r.at++
	typ := quote("VARCHAR")
	if r.tok(0).Is("RETURNING") {
		_, n, err := parseType(r.src, r.ts[r.at+1:end])
		if err != nil {
			r.err = err
			return
		}
		typ = r.typeText(r.ts[r.at+1 : r.at+1+n])
		r.at += 1 + n
	}
	r.put(path, typ, ",", path.Text)
	for r.err == nil && r.at < end && r.tok(0).Is("NULL", "ERROR", "DEFAULT") {
		r.jsonOtherwise(end)
	}
	if r.err == nil && r.at < end {
		r.unknownJSON("in JSON_VALUE")
	}
	r.put(r.tok(0), ")")
	r.emit1()
	l.operand(from, 0)
}

// jsonRows rewrites 'path' COLUMNS (…) to 'path', MarkerJSONColumn(…), ….
func (r *rewriter) jsonRows() {
	if t := r.tok(0); t.Kind != String {
		r.fail(t, "a path in quotes is expected here, not %s", shown(t))
		return
	}
	r.emit(1)
	if !r.tok(0).Is("COLUMNS") || !r.tok(1).Is("(") {
		r.unknownJSON("COLUMNS (…) is expected")
		return
	}
	end := r.match[r.at+1]
	for r.at += 2; r.err == nil; r.at++ {
		r.put(r.tok(0), ",", MarkerJSONColumn, "(")
		r.jsonColumn(end)
		if r.err == nil && r.at < end && !r.tok(0).Is(",") {
			r.unknownJSON("in a column")
		}
		r.put(r.tok(-1), ")")
		if r.at >= end {
			r.at = end + 1
			return
		}
	}
}

// jsonColumn rewrites one column, of several that end before a token, to 'KIND', 'name', 'type',
// 'path' and what it holds otherwise.
func (r *rewriter) jsonColumn(end int) {
	t := r.tok(0)
	if t.Is("NESTED") && (r.tok(1).Is("PATH") && r.tok(2).Kind == String || r.tok(1).Kind == String) {
		r.put(t, quote("NESTED"), ",")
		if r.at++; r.tok(0).Is("PATH") {
			r.at++
		}
		r.jsonRows()
		return
	}
	if !t.IsName() || r.at >= end {
		r.fail(t, "a column's name is expected here, not %s", shown(t))
		return
	}
	if r.at++; r.tok(0).Is("FOR") && r.tok(1).Is("ORDINALITY") {
		r.put(t, quote("ORDINALITY"), ",", quote(t.Name()))
		r.at += 2
		return
	}
	if r.at >= end {
		r.fail(t, "column %s has no type", t.Name())
		return
	}
	_, n, err := parseType(r.src, r.ts[r.at:end])
	if err != nil {
		r.err = err
		return
	}
	typ, kind := r.typeText(r.ts[r.at:r.at+n]), "VALUE"
	if r.at += n; r.tok(0).Is("EXISTS") {
		kind = "EXISTS"
		r.at++
	}
	path := quote(`$."` + strings.ReplaceAll(strings.ReplaceAll(t.Name(), `\`, `\\`), `"`, `\"`) + `"`)
	if r.tok(0).Is("PATH") {
		if path = r.tok(1).Text; r.tok(1).Kind != String {
			r.fail(r.tok(1), "a path in quotes is expected behind PATH, not %s", shown(r.tok(1)))
			return
		}
		r.at += 2
	}
	r.put(t, quote(kind), ",", quote(t.Name()), ",", typ, ",", path)
	end = r.argumentEnd(end)
	for kind == "VALUE" && r.err == nil && r.at < end && r.tok(0).Is("NULL", "ERROR", "DEFAULT") {
		r.jsonOtherwise(end)
	}
}

// jsonOtherwise rewrites NULL | ERROR | DEFAULT value, ON EMPTY | ERROR, to
// MarkerJSONOn('EMPTY', 'DEFAULT', value).
func (r *rewriter) jsonOtherwise(end int) {
	t := r.tok(0)
	on := r.at + 1
	for on < end && (!r.ts[on].Is("ON") || !tokenAt(r.ts, on+1).Is("EMPTY", "ERROR")) {
		on = max(on, r.match[on]) + 1
	}
	if on >= end || !t.Is("DEFAULT") && on != r.at+1 || t.Is("DEFAULT") && on == r.at+1 {
		r.fail(t, "this is written NULL, ERROR or DEFAULT value, and ON EMPTY or ON ERROR behind it")
		return
	}
	r.put(t, ",", MarkerJSONOn, "(", quote(r.ts[on+1].Upper), ",", quote(t.Upper))
	if r.at++; t.Is("DEFAULT") {
		r.put(t, ",")
		r.inner(on, level{})
	}
	r.put(r.ts[on+1], ")")
	r.at = on + 2
}

// unknownJSON refuses the token at hand: what other databases have, as such.
func (r *rewriter) unknownJSON(where string) {
	switch t := r.tok(0); {
	case t.Is("AS", "PASSING", "FORMAT", "PLAN", "WITH", "WITHOUT", "KEEP", "OMIT", "TRUE", "FALSE", "UNKNOWN", "NULL", "ERROR", "DEFAULT", "EMPTY"):
		r.notYet(t, t.Upper+" at this place")
	case t.Is("CHARACTER", "CHARSET", "COLLATE"):
		r.fail(t, "there is no character set or collation here: all text is UTF-8")
	default:
		r.fail(t, "unexpected %s: %s", shown(t), where)
	}
}
