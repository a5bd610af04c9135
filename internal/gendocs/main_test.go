package main

import (
	"os"
	"testing"

	"github.com/sqlstream/sqlstream/internal/evaltest"
)

// The committed pages are what the code says of itself.
func TestPagesAreCurrent(t *testing.T) {
	for name, want := range pages() {
		have, err := os.ReadFile("../../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if string(have) != want {
			t.Errorf("docs/%s is not current; run: go run ./internal/gendocs", name)
		}
	}
}

// The examples of the language's own forms hold. Those of functions are tested beside
// them.
func TestForms(t *testing.T) {
	for _, f := range forms {
		for _, x := range f.examples {
			if got, err := evaltest.Value(x.Expr); err != nil || got != x.Value {
				t.Errorf("%s: %s, not %s (%v)", x.Expr, got, x.Value, err)
			}
		}
	}
}
