package sql

import "testing"

// A query of a stream, from its text to its tree; and one with constructs of ours.
func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"plain", "SELECT lang, count(*) AS n, sum(retweets) FROM tweets t JOIN users u ON t.user = u.id WHERE t.lang IN ('ko', 'en') AND u.age > 20 GROUP BY lang HAVING count(*) > 5 ORDER BY n DESC LIMIT 10"},
		{"dialect", "SELECT key, count(*) FILTER (WHERE a > 1) AS n, CAST(b AS VARCHAR), c::BIGINT FROM TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECONDS) w FULL JOIN u USING (key) GROUP BY key EMIT UPDATE"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				if _, err := Parse("", c.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
