package randsql

import (
	"regexp"
	"strings"
)

// tokens cuts a query into words, texts and marks, each with the blanks before it.
var tokens = regexp.MustCompile(`\s*('[^']*'|[A-Za-z_0-9.]+|<=>|<>|>=|<=|\S)`)

// smallerQueries calls try with queries that lack a piece, the largest pieces first,
// until it has taken none; what it takes goes on from. Brackets are left out in pairs.
func smallerQueries(query string, try func(string) bool) string {
	for changed := true; changed; {
		changed = false
		parts := tokens.FindAllString(query, -1)
		for size := len(parts) - 1; size > 0; size = size * 2 / 3 {
			for at := 0; at+size <= len(parts); {
				smaller := strings.TrimSpace(strings.Join(parts[:at], "") + strings.Join(parts[at+size:], ""))
				if balanced(parts[at:at+size]) && try(smaller) {
					query, changed = smaller, true
					parts = tokens.FindAllString(query, -1)
				} else {
					at++
				}
			}
		}
		for open := 0; open < len(parts); open++ {
			end := closing(parts, open)
			if end < 0 {
				continue
			}
			inside := strings.Join(parts[open+1:end], "")
			for _, smaller := range []string{
				strings.TrimSpace(inside),
				strings.TrimSpace(strings.Join(parts[:open], "") + " " + inside + strings.Join(parts[end+1:], "")),
			} {
				if try(smaller) {
					query, changed = smaller, true
					parts = tokens.FindAllString(query, -1)
					open = 0
					break
				}
			}
		}
	}
	return query
}

func balanced(parts []string) bool {
	depth := 0
	for _, p := range parts {
		switch strings.TrimSpace(p) {
		case "(":
			depth++
		case ")":
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}

// closing returns where the bracket that opens at a place closes, -1 where none opens.
func closing(parts []string, open int) int {
	if strings.TrimSpace(parts[open]) != "(" {
		return -1
	}
	for end := open + 1; end < len(parts); end++ {
		if strings.TrimSpace(parts[end]) == ")" && balanced(parts[open+1:end]) {
			return end
		}
	}
	return -1
}
