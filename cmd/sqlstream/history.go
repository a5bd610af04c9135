package main

import "strings"

// oneLine folds a statement into the one line that the editor's history keeps, and
// means the same: comments to the end of a line go, a line's end becomes a blank, and
// inside single quotes \n.
func oneLine(text string) string {
	var b strings.Builder
	text = strings.TrimSpace(text)
	for i := 0; i < len(text); {
		rest := text[i:]
		switch c := rest[0]; {
		case c == '\'' || c == '"' || c == '`':
			n := quoted(rest)
			b.WriteString(unbroken(rest[:n]))
			i += n
		case strings.HasPrefix(rest, "/*"):
			n := len(rest)
			if end := strings.Index(rest[2:], "*/"); end >= 0 {
				n = end + 4
			}
			b.WriteString(strings.ReplaceAll(rest[:n], "\n", " "))
			i += n
		case c == '#' || strings.HasPrefix(rest, "--") && (len(rest) == 2 || rest[2] <= ' '):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			i += n
		case c == '\n' || c == '\r':
			b.WriteByte(' ')
			i++
		default:
			b.WriteByte(c)
			i++
		}
	}
	return strings.TrimSpace(b.String())
}

// quoted returns the length of the quoted text that begins s; doubled quotes and, in
// single quotes, backslashes keep it open.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && s[0] == '\'':
			i++
		case s[i] == s[0] && i+1 < len(s) && s[i+1] == s[0]:
			i++
		case s[i] == s[0]:
			return i + 1
		}
	}
	return len(s)
}

func unbroken(s string) string {
	if s[0] == '\'' {
		return strings.ReplaceAll(s, "\n", `\n`)
	}
	return strings.ReplaceAll(s, "\n", " ")
}
