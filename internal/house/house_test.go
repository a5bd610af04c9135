// Package house checks what the style guide promises and no public tool knows.
package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// longest is how many lines a file may have: one that a person reads in one sitting.
const longest = 400

// files calls f for every Go file of the project.
func files(t *testing.T, f func(path string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && path != root && (strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata" || e.Name() == "bin") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil {
			f(strings.TrimPrefix(path, root+"/"), text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A file fits one sitting.
func TestHouseFileSize(t *testing.T) {
	files(t, func(path string, text []byte) {
		if n := bytes.Count(text, []byte("\n")); n > longest && !strings.HasSuffix(path, "_test.go") {
			t.Errorf("%s has %d lines, more than %d", path, n, longest)
		}
	})
}

// What is not done is an issue and not a note in the code; no test is left out.
func TestHouseNothingLeftOpen(t *testing.T) {
	open := regexp.MustCompile(`//.*\b(TODO|FIXME|XXX)\b|\bt\.Skip(Now)?\(\)`)
	files(t, func(path string, text []byte) {
		if strings.HasPrefix(path, "internal/house/") {
			return
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			if open.Match(line) {
				t.Errorf("%s:%d: %s", path, i+1, bytes.TrimSpace(line))
			}
		}
	})
}

// Every package says what goes in and what comes out, and every exported name what
// it does. Operators, functions and kernels neither read the clock nor roll dice.
func TestHouseComments(t *testing.T) {
	documented := map[string]bool{}
	files(t, func(path string, text []byte) {
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(path)
		if !strings.HasSuffix(path, "_test.go") {
			documented[dir] = documented[dir] || file.Doc != nil
			for _, d := range file.Decls {
				undocumented(d, func(name string) { t.Errorf("%s: %s has no comment", path, name) })
			}
		}
	})
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package %s has no comment", dir)
		}
	}
}

func undocumented(d ast.Decl, report func(name string)) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
			report(d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			if s, ok := spec.(*ast.TypeSpec); ok && s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
				report(s.Name.Name)
			}
			if s, ok := spec.(*ast.ValueSpec); ok && d.Doc == nil && s.Doc == nil && s.Comment == nil && s.Names[0].IsExported() {
				report(s.Names[0].Name)
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	x := d.Recv.List[0].Type
	if star, ok := x.(*ast.StarExpr); ok {
		x = star.X
	}
	if generic, ok := x.(*ast.IndexExpr); ok {
		x = generic.X
	}
	id, ok := x.(*ast.Ident)
	return ok && id.IsExported()
}

// The clock and the dice of an epoch come in a Step, so that it can be run again.
func TestHouseNoClockInOperators(t *testing.T) {
	clock := regexp.MustCompile(`\b(time\.(Now|Since|After|Sleep)|rand\.)`)
	files(t, func(path string, text []byte) {
		pure := strings.HasPrefix(path, "exec/") || strings.HasPrefix(path, "sql/") || strings.HasPrefix(path, "planner/") ||
			strings.HasPrefix(path, "state/") && !strings.HasPrefix(path, "state/statetest/") || strings.HasPrefix(path, "zset/") || strings.HasPrefix(path, "vec/")
		if pure && !strings.HasSuffix(path, "_test.go") && clock.Match(text) {
			t.Errorf("%s: %s", path, clock.Find(text))
		}
	})
}
