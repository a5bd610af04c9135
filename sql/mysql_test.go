package sql

import (
	"strings"
	"testing"
)

// What MySQL can say means here what it means there: a query that the TiDB parser reads
// by itself is the same tree when we hand it over. The exceptions are INTERVAL and ->,
// which are calls here, and what testdata/misread.test is about.
func TestReadsAsMySQL(t *testing.T) {
	compared := 0
	for _, text := range corpus(t) {
		if own, theirs, ok := bothTrees(text); ok {
			compared++
			if own != theirs {
				t.Errorf("%s\nown  %s\nTiDB %s", text, own, theirs)
			}
		}
	}
	if compared < 15 {
		t.Errorf("only %d queries are compared", compared)
	}
}

func FuzzReadsAsMySQL(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		if own, theirs, ok := bothTrees(text); ok && own != theirs {
			t.Fatalf("%q\nown  %s\nTiDB %s", text, own, theirs)
		}
	})
}

// bothTrees reads a query with and without our rewriting.
func bothTrees(text string) (own, theirs string, ok bool) {
	for _, s := range []string{"INTERVAL", "->", "/*", "FULL", "ASOF", "SEMI", "ANTI", "EMIT", "FINAL", "CUBE", "ROLLUP", "__SQS", "N'", `\`} {
		if strings.Contains(strings.ToUpper(text), s) {
			return "", "", false
		}
	}
	st, err := ParseOne("", text)
	if err != nil {
		return "", "", false
	}
	s, isQuery := st.(*Select)
	raw, _, err := newParser().Parse(text, "utf8mb4", "utf8mb4_bin")
	if !isQuery || err != nil || len(raw) != 1 {
		return "", "", false
	}
	return node(s.Query.Node), node(raw[0]), true
}
