package sql

import (
	"strings"
	"testing"
)

// Hostile text is refused by what it is, before it costs more than its length. Each
// message is the whole first line; the place is where the limit is passed.
func TestLimits(t *testing.T) {
	rep := strings.Repeat
	for _, c := range []struct{ name, text, want string }{
		{"a text of 1 MB", "SELECT '" + rep("x", MaxBytes) + "'", "SQL:1:1: the statement has more than 1048576 bytes"},
		{"a comment of 1 MB", "SELECT /*" + rep("x", MaxBytes) + "*/ 1", "SQL:1:1: the statement has more than 1048576 bytes"},
		{"1 MB that never ends", "SELECT '" + rep("x", MaxBytes), "SQL:1:8: the text is not closed: ' is missing"},
		{"100k brackets", "SELECT " + rep("(", 100_000) + "1" + rep(")", 100_000), "SQL:1:264: the expression is nested more than 256 deep"},
		{"100k square brackets", "SELECT " + rep("[", 100_000), "SQL:1:264: the expression is nested more than 256 deep"},
		{"100k subqueries", rep("(SELECT ", 100_000), "SQL:1:2049: the expression is nested more than 256 deep"},
		{"100k calls", "SELECT " + rep("f(", 100_000), "SQL:1:521: the expression is nested more than 256 deep"},
		{"100k NOTs", "SELECT " + rep("NOT ", 100_000) + "a", "SQL:1:1032: the expression is nested more than 256 deep"},
		{"100k minus signs", "SELECT " + rep("- ", 100_000) + "a", "SQL:1:520: the expression is nested more than 256 deep"},
		{"NOT and minus by turns", "SELECT " + rep("NOT - ", 100_000) + "a", "SQL:1:776: the expression is nested more than 256 deep"},
		{"100k BINARY", "SELECT " + rep("BINARY ", 100_000) + "a", "SQL:1:1800: the expression is nested more than 256 deep"},
		{"100k CASE", "SELECT " + rep("CASE WHEN ", 100_000), "SQL:1:2568: the expression is nested more than 256 deep"},
		{"100k EXISTS", "SELECT " + rep("EXISTS (", 100_000), "SQL:1:2063: the expression is nested more than 256 deep"},
		{"20k joins", "SELECT * FROM t" + rep(" JOIN t", 20_000), "SQL:1:7017: more than 1000 joins"},
		{"20k tables with commas", "SELECT * FROM t" + rep(",t", 20_000), "SQL:1:2017: more than 1000 joins"},
		{"30k columns", "SELECT 1" + rep(",1", 30_000), "SQL:1:50007: the statement has more than 50000 words and symbols"},
		{"a sum of 20k", "SELECT 1" + rep("+1", 20_000), "SQL:1:1: the expression is nested more than 4000 deep"},
		{"20k ANDs", "SELECT a" + rep(" AND a", 20_000), "SQL:1:1: the expression is nested more than 4000 deep"},
		{"10k IS NULL", "SELECT a" + rep(" IS NULL", 10_000), "SQL:1:1: the expression is nested more than 4000 deep"},
		{"a text of 20k texts joined", "SELECT a" + rep(" || a", 20_000), "SQL:1:1: the expression is nested more than 4000 deep"},
		{"10k casts of one operand", "SELECT a" + rep("::INT", 10_000), "SQL:1:1289: the expression is nested more than 256 deep"},
		{"10k indexes", "SELECT a" + rep("[1]", 10_000), "SQL:1:777: the expression is nested more than 256 deep"},
		{"10k fields", "SELECT a" + rep(".b", 10_000), "SQL:1:525: the expression is nested more than 256 deep"},
		{"10k paths", "SELECT a" + rep("->'$'", 8_000), "SQL:1:1289: the expression is nested more than 256 deep"},
		{"10k arrays in a cast", "SELECT CAST(a AS " + rep("ARRAY<", 10_000) + ")", "SQL:1:1554: the type is nested more than 256 deep"},
		{"10k arrays in a column", "CREATE TABLE t (a " + rep("ARRAY<", 10_000) + "INT" + rep(">", 10_000) + ")", "SQL:1:1555: the type is nested more than 256 deep"},
		{"10k array signs", "CREATE TABLE t (a INT" + rep("[]", 10_000) + ")", "SQL:1:19: the type is nested more than 256 deep"},
		{"10k EXPLAINs", rep("EXPLAIN ", 10_000), "SQL:1:9: EXPLAIN cannot be explained"},
		{"10k nested brackets in DDL", "CREATE TABLE t (a AS " + rep("(", 10_000), "SQL:1:277: the expression is nested more than 256 deep"},
		{"not UTF-8", "SELECT 'a\xff'", "SQL:1:10: the text is not valid UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("", c.text)
			if err == nil {
				t.Fatal("it is accepted")
			}
			first, rest, _ := strings.Cut(err.Error(), "\n")
			if first != c.want {
				t.Errorf("got  %s\nwant %s", first, c.want)
			}
			if len(rest) > 600 {
				t.Errorf("the message shows %d bytes of the text", len(rest))
			}
		})
	}
}

// What is below the limits is read, however long it is.
func TestBelowLimits(t *testing.T) {
	rep := strings.Repeat
	for _, c := range []struct{ name, text string }{
		{"a text of almost 1 MB", "SELECT '" + rep("x", MaxBytes-20) + "'"},
		{"256 brackets", "SELECT " + rep("(", MaxDepth) + "1" + rep(")", MaxDepth)},
		{"256 CASE", "SELECT " + rep("CASE WHEN ", MaxDepth) + "1" + rep(" THEN 1 END", MaxDepth)},
		{"256 NOTs", "SELECT " + rep("NOT ", MaxDepth) + "1"},
		{"1000 joins", "SELECT * FROM t" + rep(" JOIN t", MaxJoins)},
		{"a list of 20k", "SELECT a IN (1" + rep(",1", 20_000) + ")"},
		{"10k branches", "SELECT 1" + rep(" UNION ALL SELECT 1", 10_000)},
		{"10k rows", "INSERT INTO t VALUES (1)" + rep(",(1)", 10_000)},
		{"a sum of 3000", "SELECT 1" + rep("+1", 3000)},
		{"10k WHENs", "SELECT CASE" + rep(" WHEN a THEN b", 10_000) + " END"},
		{"20k casts, each of its own operand", "SELECT a::INT" + rep(",a::INT", 9_000)},
		{"many statements", rep("SELECT (1), 'some text that is long'; ", 100_000)},
		{"256 arrays", "CREATE TABLE t (a " + rep("ARRAY<", MaxDepth-1) + "INT" + rep(">", MaxDepth-1) + ")"},
		{"300 conditions of our own", "SELECT a IS DISTINCT FROM b" + rep(" AND a IS DISTINCT FROM b", 300)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Parse("", c.text); err != nil {
				t.Error(err)
			}
		})
	}
}
