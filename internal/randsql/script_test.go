package randsql_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/randsql"
	"github.com/sqlstream/sqlstream/internal/sqltest"
)

// What a case prints is a test that runs, and keeps the laws in the whole engine.
func TestText(t *testing.T) {
	for seed := range uint64(30) {
		script(t, seed, randsql.NewCase(seed).String(), sqltest.Variations(0)[0])
	}
}

// A query over a materialized view of a query, both of everything that there is, keeps
// the laws however the rows come.
func TestViews(t *testing.T) {
	ways := sqltest.Variations(4)
	for seed := range *views {
		seed += *first
		script(t, seed, randsql.NewCase(seed).OverView(randsql.ViewLike(seed)), ways[seed%uint64(len(ways))])
	}
}

// failing is a value that cannot be computed.
var failing = regexp.MustCompile("beyond|out of range|more than one row|has failed")

func script(t *testing.T, seed uint64, text string, v sqltest.Variation) {
	t.Helper()
	if strings.Contains(text, randsql.OfVersions) {
		return // no table of a script has versions
	}
	s, err := sqltest.Parse(fmt.Sprintf("seed %d, %s", seed, v.Name), text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(t.Context(), v)
	if err != nil && failing.MatchString(err.Error()) {
		return // a view has, and is asked no more
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, f := range r.Failures {
		if failing.MatchString(f.Text) {
			return // as it is written
		}
		if !strings.HasPrefix(f.Text, "result printed") { // nothing is wanted of it
			t.Errorf("%s:%d: %s\n%s", s.Name, f.Line, f.Text, text)
		}
	}
}
