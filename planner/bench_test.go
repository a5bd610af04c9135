package planner_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/internal/plantest"
)

// BenchmarkPlan parses, binds, rewrites and lowers a query of everyday size.
func BenchmarkPlan(b *testing.B) {
	p := plantest.New()
	if err := plantest.Define(p, `CREATE TABLE tweets (id BIGINT, user VARCHAR, lang VARCHAR, text VARCHAR, retweets INT) WITH (append_only = 'true');
CREATE VIEW english AS SELECT id, user, text, retweets FROM tweets WHERE lang = 'en'`); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		parsed, err := plantest.Parse("SELECT user, count(*) AS n, max(retweets) FROM english WHERE retweets > 10 AND text LIKE '%#go%' GROUP BY user HAVING n > 2 ORDER BY n DESC LIMIT 10")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Plan(parsed); err != nil {
			b.Fatal(err)
		}
	}
}
