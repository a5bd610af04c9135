package sql

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// The files under testdata hold statements and what is made of them:
//
//	parse [file=NAME]   the statements as trees, or the error with its place
//	names               how the result columns of a query without alias are called
//	split               the statements of a text, and what it ends inside of
//	type                a type, as it is written back
//	unquote             the text that a literal means
func TestData(t *testing.T) {
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".test"), func(t *testing.T) { datadriven.RunTest(t, f, dataCommand) })
	}
}

func dataCommand(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "parse":
		var file string
		d.MaybeScanArgs(t, "file", &file)
		return parseText(t, file, d.Input)
	case "names":
		return namesText(d.Input)
	case "split":
		return splitText(d.Input)
	case "type":
		ty, err := ParseType(d.Input)
		return orError(ty.String(), err)
	case "unquote":
		return fmt.Sprintf("%q", Unquote(d.Input))
	}
	d.Fatalf(t, "unknown command %s", d.Cmd)
	return ""
}

func orError(text string, err error) string {
	if err != nil {
		return err.Error()
	}
	return text
}

func parseText(t *testing.T, file, text string) string {
	statements, err := Parse(file, text)
	if err != nil {
		return err.Error()
	}
	var parts []string
	for _, st := range statements {
		checkPlaces(t, st)
		parts = append(parts, dump(st))
	}
	return strings.Join(parts, "")
}

func namesText(text string) string {
	st, err := ParseOne("", text)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	q := st.(*Select).Query
	for _, f := range q.Node.(*ast.SelectStmt).Fields.Fields {
		b.WriteString(q.FieldText(f) + "\n")
	}
	return b.String()
}

func splitText(text string) string {
	src := &Source{Text: text}
	tokens, _, err := Lex(src)
	if err != nil {
		return fmt.Sprintf("%v\nunfinished: %q", err, Unfinished(text))
	}
	var b strings.Builder
	statements, _ := Split(tokens)
	for _, s := range statements {
		fmt.Fprintf(&b, "%q\n", text[s[0].Start:s[len(s)-1].End])
	}
	fmt.Fprintf(&b, "unfinished: %q", Unfinished(text))
	return b.String()
}

// checkPlaces holds that every column of a query stands in the source where it is
// said to stand.
func checkPlaces(t testing.TB, st Statement) {
	for _, q := range queries(st) {
		q.node.Accept(&placeVisitor{t, q.m})
	}
}

type placed struct {
	m    *Mapping
	node ast.Node
}

// queries returns the parts of a statement that the TiDB parser has read.
func queries(st Statement) (out []placed) {
	query := func(q *Query) {
		if q != nil {
			out = append(out, placed{q.Mapping, q.Node.(ast.Node)})
		}
	}
	expr := func(e *Expr) {
		if e != nil {
			out = append(out, placed{e.Mapping, e.Node})
		}
	}
	rows := func(r Rows) {
		expr(r.Where)
		for _, o := range r.Order {
			expr(o.Expr)
		}
	}
	switch x := st.(type) {
	case *Select:
		query(x.Query)
	case *Insert:
		query(x.Query)
		for _, a := range x.OnDuplicate {
			expr(a.Expr)
		}
	case *CreateView:
		query(x.Query)
	case *CreateQuery:
		query(x.Insert.Query)
	case *CreateTable:
		for _, c := range x.Columns {
			expr(c.Computed)
			expr(c.Default)
		}
		for _, c := range x.Checks {
			expr(c.Expr)
		}
		if x.Watermark != nil {
			expr(x.Watermark.Expr)
		}
	case *Delete:
		rows(x.Rows)
	case *Update:
		rows(x.Rows)
		for _, a := range x.Set {
			expr(a.Expr)
		}
	case *Explain:
		return queries(x.Statement)
	}
	return out
}

type placeVisitor struct {
	t testing.TB
	m *Mapping
}

func (v *placeVisitor) Enter(n ast.Node) (ast.Node, bool) {
	at := v.m.At(n)
	if at < 0 || at > len(v.m.Source.Text) {
		v.t.Fatalf("%T stands at %d, outside of the text", n, at)
	}
	if c, ok := n.(*ast.ColumnNameExpr); ok {
		first := strings.TrimLeft(c.Name.Schema.O+"."+c.Name.Table.O+"."+c.Name.Name.O, ".")
		first, _, _ = strings.Cut(first, ".")
		there := strings.TrimLeft(v.m.Source.Text[at:], "`\"")
		if !strings.HasPrefix(there, first) && !strings.ContainsAny(first, "`\"") {
			v.t.Errorf("column %s is said to stand at %d, where %.20q is", columnText(c.Name), at, there)
		}
	}
	return n, false
}

func (v *placeVisitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }
