package sql

import "strings"

// interval rewrites INTERVAL value unit to MarkerInterval(value, 'UNIT'). It
// reports false where the word is a column's name.
func (r *rewriter) interval(l *level) bool {
	t, next := r.tok(0), r.tok(1)
	if r.at+1 >= l.end || l.args == ownAggregate && next.Is(",") {
		return false
	}
	if next.Kind == String {
		r.textInterval(l)
		return true
	}
	unit := r.unitAfter(l.end)
	switch {
	case unit > 0:
		r.putInterval(l, unit)
		return true
	case next.Kind == Number || next.Kind == Param:
		r.fail(t, "INTERVAL needs a unit").WithHint("as in INTERVAL 5 SECOND")
		return true
	}
	return false
}

// unitAfter finds the unit of the INTERVAL at hand: the first one at its level.
func (r *rewriter) unitAfter(end int) int {
	for i := r.at + 1; i < end; i = max(i, r.match[i]) + 1 {
		t := r.ts[i]
		if t.Is(",", "AS", "AND", "OR", "FROM", "=", "<", ">", "<=", ">=", "<>", "!=") {
			return 0
		}
		if i > r.at+1 && t.Kind == Word && isUnit(t.Upper) && !r.ts[i-1].Is(".") && !tokenAt(r.ts, i+1).Is("(", ".") {
			return i
		}
	}
	return 0
}

// putInterval writes an interval whose unit stands at a place.
func (r *rewriter) putInterval(l *level, unit int) {
	from := len(r.out)
	r.put(r.tok(0), MarkerInterval, "(")
	r.at++
	if r.inner(unit, level{}); r.err != nil {
		return
	}
	r.unit(r.tok(0).Upper)
	l.operand(from, 0)
}

// unit writes the unit at hand as the marker's second argument. DAY TO SECOND is
// what MySQL calls DAY_SECOND.
func (r *rewriter) unit(name string) {
	name = singular(name)
	if r.tok(1).Is("TO") && isUnit(r.tok(2).Upper) {
		name += "_" + singular(r.tok(2).Upper)
		r.at += 2
	}
	r.put(r.tok(0), ",", quote(name), ")")
	r.at++
}

// textInterval rewrites INTERVAL '5' SECOND and INTERVAL '5 seconds'.
func (r *rewriter) textInterval(l *level) {
	t, value, from := r.tok(0), r.tok(1), len(r.out)
	r.put(t, MarkerInterval, "(")
	r.at += 2
	if u := r.tok(0); r.at < l.end && u.Kind == Word && isUnit(u.Upper) {
		r.out = append(r.out, value)
		r.unit(u.Upper)
		l.operand(from, 0)
		return
	}
	parts := strings.Fields(Unquote(value.Text))
	if len(parts) == 2 && isUnit(strings.ToUpper(parts[1])) {
		r.put(value, quote(parts[0]), ",", quote(singular(strings.ToUpper(parts[1]))), ")")
		l.operand(from, 0)
		return
	}
	r.fail(value, "INTERVAL takes one number and one unit").WithHint("as in INTERVAL '5' SECOND or INTERVAL '5 seconds'")
}

var unitNames = words("MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR",
	"SECOND_MICROSECOND", "MINUTE_MICROSECOND", "MINUTE_SECOND", "HOUR_MICROSECOND", "HOUR_SECOND", "HOUR_MINUTE",
	"DAY_MICROSECOND", "DAY_SECOND", "DAY_MINUTE", "DAY_HOUR", "YEAR_MONTH")

func singular(unit string) string {
	if s := strings.TrimSuffix(unit, "S"); unitNames[s] {
		return s
	}
	return unit
}

func isUnit(upper string) bool { return unitNames[singular(upper)] }
