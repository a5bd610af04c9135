package sql

import (
	"strings"
	"testing"
)

func seed(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text)
	}
}

// checkError holds that an error is one of ours, with a place in the text, and prints.
func checkError(t *testing.T, text string, err error) {
	e, ok := AsError(err)
	if !ok {
		t.Fatalf("%q: the error %v has no place", text, err)
	}
	if e.Offset < 0 || e.Offset > len(text) {
		t.Fatalf("%q: %d is outside of the text", text, e.Offset)
	}
	if strings.Contains(e.Error(), "internal error") {
		t.Fatalf("%q: %v", text, err)
	}
}

// Tokens are pieces of the text in their order, and what lies between them is
// nothing: written with one blank between them they are the same tokens.
func FuzzLex(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		tokens, incomplete, err := Lex(&Source{Text: text})
		if err != nil {
			checkError(t, text, err)
		} else if incomplete {
			t.Fatalf("%q is incomplete without an error", text)
		}
		end := 0
		texts := make([]string, len(tokens))
		for i, token := range tokens {
			if token.Start < end || token.End <= token.Start || token.End > len(text) || text[token.Start:token.End] != token.Text {
				t.Fatalf("%q: token %d %q is said to stand at %d to %d", text, i, token.Text, token.Start, token.End)
			}
			end, texts[i] = token.End, token.Text
			if token.IsName() && token.Name() == "" {
				t.Fatalf("%q: token %d is a name without a letter", text, i)
			}
		}
		if err != nil {
			return
		}
		again, _, err := Lex(&Source{Text: strings.Join(texts, " ")})
		if err != nil && len(text)+len(texts) <= MaxBytes {
			t.Fatalf("%q: its tokens give an error: %v", text, err)
		}
		for i := range again {
			if again[i].Kind != tokens[i].Kind || again[i].Text != tokens[i].Text {
				t.Fatalf("%q: token %d is %q, and later %q", text, i, tokens[i].Text, again[i].Text)
			}
		}
	})
}

// Statements and the semicolons between them are the whole text; divided again they
// are the same.
func FuzzSplit(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		tokens, _, err := Lex(&Source{Text: text})
		if err != nil {
			if u := Unfinished(text); u != "" && !strings.Contains("/*'\"`", u) {
				t.Fatalf("%q cannot be read and is said to lack %q", text, u)
			}
			return
		}
		statements, complete := Split(tokens)
		var parts []string
		n := 0
		for _, s := range statements {
			if len(s) == 0 {
				t.Fatalf("%q has an empty statement", text)
			}
			if s[len(s)-1].Is("-") {
				return // a second one, and a blank behind it, would be a comment
			}
			n += len(s)
			parts = append(parts, text[s[0].Start:s[len(s)-1].End])
		}
		for _, token := range tokens {
			if token.Is(";") {
				n++
			}
		}
		if n != len(tokens) {
			t.Fatalf("%q: %d of %d tokens are left", text, n, len(tokens))
		}
		if complete != Complete(text) {
			t.Fatalf("%q: complete is %v and %v", text, complete, !complete)
		}
		joined := strings.Join(parts, "\n;\n") + "\n;"
		if len(parts) > 0 && !Complete(joined) {
			t.Fatalf("%q is not complete", joined)
		}
		again, _, err := Lex(&Source{Text: joined})
		if err != nil {
			t.Fatalf("%q: %v", joined, err)
		}
		if same, _ := Split(again); len(parts) > 0 && len(same) != len(parts) {
			t.Fatalf("%q has %d statements, joined again %d", text, len(parts), len(same))
		}
	})
}

// Whatever is parsed gives statements or an error with a place. A statement's own
// text, which the catalog keeps, gives the same statement again.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		statements, err := Parse("", text)
		if err != nil {
			checkError(t, text, err)
			return
		}
		for _, st := range statements {
			checkPlaces(t, st)
			again, err := ParseOne("", st.Base().Text())
			if err != nil {
				t.Fatalf("%q: %v", st.Base().Text(), err)
			}
			if a, b := dump(st), dump(again); a != b {
				t.Fatalf("%q is\n%sand then\n%s", st.Base().Text(), a, b)
			}
			if v, ok := st.(*CreateView); ok {
				again, err := ParseOne("", v.Query.Text())
				if err != nil {
					t.Fatalf("%q: %v", v.Query.Text(), err)
				}
				if a, b := node(v.Query.Node), node(again.(*Select).Query.Node); a != b {
					t.Fatalf("%q is\n%s\nand then\n%s", v.Query.Text(), a, b)
				}
			}
		}
	})
}
