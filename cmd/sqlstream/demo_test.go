package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/broker"
)

// Of 200 tweets, a second and up to four out of order apart, three minutes are over. What
// arrives in the topic is each count of theirs, once, as a batch query over the tweets has
// it, and nothing of the fourth, which is not.
func TestHashtagsOfMinutesThatAreOver(t *testing.T) {
	b, err := broker.Start(broker.Options{Listen: "127.0.0.1:0", AutoCreate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	d := &demo{addr: b.Addr()}
	files := func(names ...string) string {
		var all strings.Builder
		for _, name := range names {
			text, err := d.text(name)
			if err != nil {
				t.Fatal(err)
			}
			all.WriteString(text)
		}
		return all.String()
	}
	app, source := opened(t), opened(t)
	if err := app.Exec(t.Context(), files("tables.sql", "queries.sql")); err != nil {
		t.Fatal(err)
	}
	atOnce := strings.NewReplacer("'rows.per.second' = '5'", "'rows.per.second' = '0', 'number.of.rows' = '200'", "EMIT APPEND", "EMIT APPEND TRIGGER AVAILABLE NOW")
	if err := source.Exec(t.Context(), atOnce.Replace(files("tables.sql", "fake.sql"))); err != nil {
		t.Fatal(err)
	}
	for _, q := range app.Queries() {
		if err := q.ProcessAllAvailable(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got := lines(t, source, "SELECT DATE_FORMAT(minute, '%H:%i'), hashtag, tweets FROM hashtag_per_minute")
	want := lines(t, source, `
		SELECT DATE_FORMAT(created_at, '%H:%i'), hashtag, COUNT(*)
		FROM tweet CROSS JOIN UNNEST(REGEXP_EXTRACT_ALL(text, '#[^ #]+')) AS h (hashtag)
		WHERE created_at < '2026-01-01 00:03:00' GROUP BY 1, 2`)
	if len(want) < 30 {
		t.Fatalf("%d counts: too few to say anything", len(want))
	}
	if !slices.Equal(got, want) {
		t.Errorf("hashtag-per-minute has\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func opened(t *testing.T) *sqlstream.DB {
	t.Helper()
	db, err := sqlstream.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// lines are the rows of a bounded query as text, in order.
func lines(t *testing.T, db *sqlstream.DB, sql string) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var line []string
		for i := range rows.Columns() {
			text, _ := rows.Text(i)
			line = append(line, text)
		}
		out = append(out, strings.Join(line, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}
