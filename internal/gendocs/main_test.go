package main

import (
	"os"
	"testing"

	"github.com/sqlstream/sqlstream/internal/evaltest"
)

// The committed page is what the registry says.
func TestPageIsCurrent(t *testing.T) {
	have, err := os.ReadFile("../../docs/functions.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != page() {
		t.Error("docs/functions.md is not what the registry says; run: go run ./internal/gendocs")
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
