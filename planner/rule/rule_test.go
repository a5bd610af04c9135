package rule_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/plantest"
	"github.com/sqlstream/sqlstream/planner/rule"
)

func TestRules(t *testing.T) { plantest.Run(t, "testdata") }

// Each rule has a file of tests, where it fires and where it must not.
func TestEveryRuleIsTested(t *testing.T) {
	for _, r := range slices.Concat(rule.Required, rule.Default) {
		var file strings.Builder
		for i, c := range r.Name {
			if i > 0 && 'A' <= c && c <= 'Z' {
				file.WriteByte('_')
			}
			file.WriteRune(c)
		}
		text, err := os.ReadFile("testdata/" + strings.ToLower(file.String()) + ".test")
		if err != nil {
			t.Error(err)
			continue
		}
		for _, want := range []string{"expect=" + r.Name, "expect-not=" + r.Name} {
			if !strings.Contains(string(text), want) {
				t.Errorf("no test of %s says %s", r.Name, want)
			}
		}
	}
}
