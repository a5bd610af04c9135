package sql

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	tidb "github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
)

// tidbTokens returns where the tokens of a text begin for the TiDB scanner. Its
// method takes a type that is not exported: reflection makes one.
func tidbTokens(t testing.TB, text string) []int {
	s := tidb.NewScanner(text)
	mode, err := mysql.GetSQLMode(sqlMode)
	if err != nil {
		t.Fatal(err)
	}
	s.SetSQLMode(mode)
	s.EnableWindowFunc(true)
	lex := reflect.ValueOf(s).MethodByName("Lex")
	symbol := reflect.New(lex.Type().In(0).Elem())
	var starts []int
	for len(starts) <= len(text) && lex.Call([]reflect.Value{symbol})[0].Int() != 0 {
		starts = append(starts, int(symbol.Elem().FieldByName("offset").Int()))
	}
	return starts
}

func ownTokens(text string) ([]int, error) {
	tokens, _, err := Lex(&Source{Text: text})
	var starts []int
	for _, t := range tokens {
		starts = append(starts, t.Start)
	}
	return starts, err
}

// Our lexer divides a text as the TiDB scanner does. Where it does not, the text holds
// something that we read in another way on purpose.
func TestLexAsTiDB(t *testing.T) {
	for _, text := range corpus(t) {
		own, err := ownTokens(text)
		if err != nil || differs(text) {
			continue
		}
		if want := tidbTokens(t, text); !reflect.DeepEqual(own, want) {
			t.Errorf("%s\nown  %v\nTiDB %v", text, own, want)
		}
	}
}

// differs reports that a text holds what we read in our own way: :: and => are one
// symbol, code in comments is a comment, N before a text is a word, and the scanner
// makes one token of AS OF.
func differs(text string) bool {
	upper := strings.ToUpper(text)
	for _, s := range []string{"::", "=>", "/*!", "/*T!", "N'", "_LATIN1'", "AS OF", `\"`} {
		if strings.Contains(upper, s) {
			return true
		}
	}
	return false
}

// corpus returns the inputs of all test files.
func corpus(t testing.TB) []string {
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	var out []string
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(string(raw), "\n\n") {
			body, _, ok := strings.Cut(block, "\n----\n")
			if !ok {
				continue
			}
			lines := strings.Split(body, "\n")
			for len(lines) > 0 && strings.HasPrefix(lines[0], "#") {
				lines = lines[1:]
			}
			out = append(out, strings.Join(lines[1:], "\n"))
		}
	}
	return out
}

func literalOf(st ast.StmtNode) any {
	return LiteralValue(st.(*ast.SelectStmt).Fields.Fields[0].Expr.(ast.ValueExpr))
}

// Texts mean what the TiDB parser takes them for: escapes are resolved alike.
func TestUnquoteAsTiDB(t *testing.T) {
	for _, literal := range []string{
		`'a'`, `'a''b'`, `'\n\t\r\0\b\Z'`, `'\%\_'`, `'\\'`, `'\''`, `'\"'`, `'\x\y'`, `'한\글'`, `''`, `''''`,
	} {
		p := newParser()
		st, _, err := p.Parse("SELECT "+literal, "utf8mb4", "utf8mb4_bin")
		if err != nil {
			t.Fatal(err)
		}
		if got, want := Unquote(literal), literalOf(st[0]); got != want {
			t.Errorf("%s: got %q, want %q", literal, got, want)
		}
	}
}
