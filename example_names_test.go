package sqlstream_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// Every exported type and function has an example, which go doc shows beside it.
func TestEveryNameHasAnExample(t *testing.T) {
	exported, examples := map[string]bool{}, map[string]bool{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		test := strings.HasSuffix(f.Name(), "_test.go")
		for _, d := range file.Decls {
			for _, name := range declared(d) {
				if example, ok := strings.CutPrefix(name, "Example"); test && ok {
					examples[strings.TrimPrefix(example, "_")] = true
				}
				if !test {
					exported[name] = true
				}
			}
		}
	}
	for name := range exported {
		if !examples[name] {
			t.Errorf("%s has no example", name)
		}
	}
}

// declared returns the exported names of a declaration: Type, Func, Type_Method.
func declared(d ast.Decl) []string {
	var names []string
	switch d := d.(type) {
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			if s, ok := spec.(*ast.TypeSpec); ok && s.Name.IsExported() {
				names = append(names, s.Name.Name)
			}
		}
	case *ast.FuncDecl:
		name := d.Name.Name
		if !d.Name.IsExported() {
			return nil
		}
		if d.Recv == nil {
			return []string{name}
		}
		recv := d.Recv.List[0].Type
		if star, ok := recv.(*ast.StarExpr); ok {
			recv = star.X
		}
		if of, ok := recv.(*ast.Ident); ok && of.IsExported() {
			names = append(names, of.Name+"_"+name)
		}
	}
	return names
}
