package mysqltest

import "strings"

// Judged returns the line with our answer where it differs. A reason that stood there
// stays while our answer does; a new one is what is plain from the two answers, else ?.
func (l Line) Judged(v Verdict) Line {
	if v.Agrees(l.Answer) {
		return Line{Expr: l.Expr, Answer: l.Answer}
	}
	if l.Reason == "" || l.Ours != v.Text {
		l.Reason = reason(l, v)
	}
	l.Ours = v.Text
	return l
}

func reason(l Line, v Verdict) string {
	switch {
	case v.Text == refused:
		return "refused"
	case v.Text == failing && strings.Contains(l.Answer, " (warning "):
		return "strict"
	}
	return "?"
}
