package stored

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// source parses the files of a package that are not tests.
func source(t *testing.T, dir string) []*ast.File {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []*ast.File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, e.Name()), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// implementers are the types of a package that have a method.
func implementers(t *testing.T, dir, method string) []string {
	var out []string
	for _, f := range source(t, dir) {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Name.Name != method {
				continue
			}
			if star, ok := fn.Recv.List[0].Type.(*ast.StarExpr); ok {
				out = append(out, star.X.(*ast.Ident).Name)
			}
		}
	}
	return out
}

// Every node and every expression that there is can be kept.
func TestEveryKindHasAForm(t *testing.T) {
	for _, name := range implementers(t, "../logical", "Properties") {
		if _, ok := nodes.byName[name]; !ok {
			t.Errorf("there is no form for the node %s", name)
		}
	}
	for _, dir := range []string{"../../sql/expr", "../logical"} {
		for _, name := range implementers(t, dir, "WithChildren") {
			if _, ok := exprs.byName[name]; !ok {
				t.Errorf("there is no form for the expression %s", name)
			}
		}
	}
}

// Every field of them can be kept, at any depth, or is said to be derived. So a field that is
// added is kept, or this fails.
func TestEveryFieldHasAForm(t *testing.T) {
	seen := map[reflect.Type]bool{}
	for _, k := range []kinds{nodes, exprs} {
		for name, typ := range k.byName {
			walk(t, name, typ, seen)
			if _, ok := typ.FieldByName("Is"); ok {
				t.Errorf("%s has a field that is written like the kind", name)
			}
		}
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[writtenBatch](), reflect.TypeFor[binding](), reflect.TypeFor[tableCall](),
		reflect.TypeFor[logical.Relation](), reflect.TypeFor[function.JSONColumn](), reflect.TypeFor[function.Least](), reflect.TypeFor[types.Type](),
	} {
		walk(t, typ.String(), typ, seen)
	}
	for typ := range words {
		if !seen[typ] {
			t.Errorf("%s has words and is in no plan", typ)
		}
	}
	for _, m := range []map[reflect.Type][]string{derived, optional} {
		for typ, fields := range m {
			for _, f := range fields {
				if _, ok := typ.FieldByName(f); !ok {
					t.Errorf("%s has no field %s", typ, f)
				}
			}
		}
	}
}

func walk(t *testing.T, path string, typ reflect.Type, seen map[reflect.Type]bool) {
	if seen[typ] {
		return
	}
	seen[typ] = true
	if _, ok := words[typ]; ok {
		return
	}
	switch typ.Kind() {
	case reflect.Uint8:
		if typ.Name() != "uint8" {
			t.Errorf("%s: there are no words for the values of %s", path, typ)
		}
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.String:
	case reflect.Slice, reflect.Pointer:
		follow(t, path, typ.Elem(), seen)
	case reflect.Struct:
		for i := range typ.NumField() {
			f := typ.Field(i)
			if slices.Contains(derived[typ], f.Name) {
				continue
			}
			if !f.IsExported() {
				t.Errorf("%s.%s is not exported", path, f.Name)
				continue
			}
			follow(t, path+"."+f.Name, f.Type, seen)
		}
	default:
		t.Errorf("%s: there is no form for a %s", path, typ)
	}
}

// follow walks a type that has no codec.
func follow(t *testing.T, path string, typ reflect.Type, seen map[reflect.Type]bool) {
	if _, ok := codecs(typ); !ok {
		walk(t, path, typ, seen)
	}
}

// Every value of an enumeration has a word, and no two have one.
func TestEveryValueHasAWord(t *testing.T) {
	for typ, list := range words {
		dir := map[string]string{
			"github.com/sqlstream/sqlstream/planner/logical": "../logical", "github.com/sqlstream/sqlstream/sql/expr": "../../sql/expr",
			"github.com/sqlstream/sqlstream/sql/types": "../../sql/types", "github.com/sqlstream/sqlstream/sql/function": "../../sql/function",
		}[typ.PkgPath()]
		if n := constants(t, dir, typ.Name()); n != len(list) {
			t.Errorf("%s has %d values and %d words", typ, n, len(list))
		}
		sorted := slices.Clone(list)
		slices.Sort(sorted)
		if len(slices.Compact(sorted)) != len(list) {
			t.Errorf("two values of %s have one word", typ)
		}
	}
}

// constants counts the names in the block that counts the values of a type.
func constants(t *testing.T, dir, name string) int {
	n := 0
	for _, f := range source(t, dir) {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			if id, ok := g.Specs[0].(*ast.ValueSpec).Type.(*ast.Ident); ok && id.Name == name {
				n += len(g.Specs)
			}
		}
	}
	return n
}
