package sql

// Split divides tokens at semicolons, empty statements left out. A semicolon ends a
// statement within brackets, too: they will not be closed in the next one.
// complete reports that the last one was ended by a semicolon.
func Split(tokens []Token) (statements [][]Token, complete bool) {
	start := 0
	for i, t := range tokens {
		if t.Is(";") {
			if i > start {
				statements = append(statements, tokens[start:i])
			}
			start = i + 1
		}
	}
	if start < len(tokens) {
		return append(statements, tokens[start:]), false
	}
	return statements, true
}

// Complete reports whether a text typed so far can be run: everything in it is
// closed, and it ends with a semicolon or is empty. A text that is wrong beyond
// repair is complete, too: running it tells the error.
func Complete(text string) bool { return Unfinished(text) == "" }

// Unfinished says what a text typed so far ends inside of: "" for nothing, so that it
// can be run, "/*" for a comment, a quote ("'", "\"", "`"), "(" for brackets, and ";"
// for a statement that only lacks its semicolon.
func Unfinished(text string) string {
	tokens, incomplete, err := Lex(&Source{Text: text})
	switch e, ok := AsError(err); {
	case incomplete && ok && text[e.Offset] == '/':
		return "/*"
	case incomplete && ok:
		if q := text[e.Offset]; q == '"' || q == '`' {
			return string(q)
		}
		return "'"
	case err != nil:
		return ""
	}
	statements, complete := Split(tokens)
	if complete {
		return ""
	}
	depth := 0
	for _, t := range statements[len(statements)-1] {
		switch {
		case t.Is("(", "["):
			depth++
		case t.Is(")", "]"):
			depth--
		}
	}
	if depth > 0 {
		return "("
	}
	return ";"
}
