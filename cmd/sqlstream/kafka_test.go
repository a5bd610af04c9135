package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

// The tweet application on a real Kafka, each part a process of its own: what the
// producer wrote comes out processed, once each and in order, for our consumer, for
// Kafka's own, and for SQL from a Go program; and what a minute's hash-tags come to when
// a later tweet ends it.
func TestTweetsOnKafka(t *testing.T) {
	addr := kafkatest.Broker(t)
	id := fmt.Sprintf("%08x", rand.Uint32())
	in, out, minutes := "tweet-"+id, "processed-"+id, "minutes-"+id
	dir := t.TempDir()
	for _, name := range []string{"tables.sql", "queries.sql"} {
		text, err := os.ReadFile("../../examples/tweets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		own := strings.NewReplacer("'tweet'", "'"+in+"'", "'processed-tweet'", "'"+out+"'", "'hashtag-per-minute'", "'"+minutes+"'", "127.0.0.1:9092", addr).Replace(string(text))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(own), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var tweets strings.Builder
	var want []string
	for i := range 300 {
		lang := []string{"ko", "en", "ja"}[i%3]
		fmt.Fprintf(&tweets, `{"id": %d, "user": "하은", "lang": %q, "text": "점심은 김밥 #점심 %d", "retweets": %d, "created_at": "2026-11-25 10:20:30.500"}`+"\n", i, lang, i%10, i)
		if lang != "en" {
			want = append(want, fmt.Sprintf(`{"id":%d,"user":"하은","lang":%q,"hashtag":"#점심","word":"점심은","chars":%d}`, i, lang, 12))
		}
	}
	tweets.WriteString(`{"id": 300, "user": "ann", "lang": "en", "text": "later", "created_at": "2026-11-25 10:21:05"}` + "\n")
	sqlstreamProcess(t, tweets.String(), "produce", in, "--bootstrap", addr)

	queries := exec.CommandContext(t.Context(), "sqlstream", "run", filepath.Join(dir, "tables.sql"), filepath.Join(dir, "queries.sql"))
	var said bytes.Buffer
	queries.Stderr = &said
	if err := queries.Start(); err != nil {
		t.Fatal(err)
	}
	ours := consumed(t, addr, out, len(want))
	theirs, err := kafkatest.ConsoleConsumer(t.Context(), addr, out, len(want))
	if err != nil {
		t.Fatal(err)
	}
	final := consumed(t, addr, minutes, 1)
	if err := queries.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := queries.Wait(); err != nil {
		t.Errorf("the queries ended with %v\n%s", err, said.String())
	}
	if !strings.Contains(said.String(), "processed_tweet") {
		t.Errorf("nothing was said of what was done:\n%s", said.String())
	}
	for name, got := range map[string][]string{"our consumer": ours, "Kafka's consumer": theirs} {
		if !slices.Equal(got, want) {
			t.Errorf("%s read %d lines, not the %d written; the first is %s", name, len(got), len(want), got[0])
		}
	}
	if want := `{"minute":"2026-11-25 10:20:00","hashtag":"#점심","tweets":300}`; final[0] != want {
		t.Errorf("the minute came out as %s, not %s", final[0], want)
	}
	askedFromGo(t, filepath.Join(dir, "tables.sql"))
}

func sqlstreamProcess(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sqlstream", args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("sqlstream %s: %v\n%s", args[0], err, stderr.String())
	}
	return string(out)
}

// consumed reads n records with our consumer, once the topic has been made.
func consumed(t *testing.T, addr, topic string, n int) []string {
	t.Helper()
	for {
		cmd := exec.CommandContext(t.Context(), "sqlstream", "consume", topic, "--from-beginning", "--max", fmt.Sprint(n), "--bootstrap", addr)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err == nil {
			return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		}
		if !strings.Contains(stderr.String(), "does not exist") || t.Context().Err() != nil {
			t.Fatalf("consume: %v\n%s", err, stderr.String())
		}
	}
}

// askedFromGo asks the same topics through the API.
func askedFromGo(t *testing.T, tables string) {
	t.Helper()
	db, err := sqlstream.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	text, err := os.ReadFile(tables)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Exec(t.Context(), string(text)); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(t.Context(), `SELECT lang, COUNT(*) AS n, SUM(chars) AS c FROM processed_tweet GROUP BY lang ORDER BY lang`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for rows.Next() {
		lang, _ := rows.Text(0)
		n, _ := rows.Text(1)
		chars, _ := rows.Text(2)
		got = append(got, lang+" "+n+" "+chars)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"ja 100 1200", "ko 100 1200"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
