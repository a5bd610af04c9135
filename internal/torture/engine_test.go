package torture_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
)

// buckets is how many groups the numbers are counted in.
const buckets = 7

// statements join the numbers with what is known of their groups, and keep the sum of each.
// Beside that, in dataflows of their own, the numbers are copied into files and into a table
// that the engine keeps.
const statements = `
CREATE TABLE nums (body VARCHAR) WITH (connector = 'kafka', format = 'raw', topic = 'in', 'bootstrap.servers' = '%[1]s', 'kafka.reconnect.backoff.max.ms' = '100');
CREATE TABLE names (id BIGINT, name VARCHAR, PRIMARY KEY (id)) WITH (connector = 'memory');
INSERT IGNORE INTO names VALUES (0, 'b0'), (1, 'b1'), (2, 'b2'), (3, 'b3'), (4, 'b4'), (5, 'b5'), (6, 'b6');
CREATE TABLE totals (name VARCHAR, c BIGINT, s BIGINT, PRIMARY KEY (name) NOT ENFORCED)
  WITH (connector = 'kafka', format = 'json', topic = 'totals', auto_create = 'true', partitions = '3', 'bootstrap.servers' = '%[1]s', 'kafka.reconnect.backoff.max.ms' = '100');
SET max_rows_per_trigger = 150;
INSERT INTO totals
  SELECT n.name, COUNT(*) AS c, CAST(SUM(CAST(i.body AS SIGNED)) AS SIGNED) AS s
  FROM nums i JOIN names n ON CAST(i.body AS SIGNED) %% 7 = n.id
  GROUP BY n.name EMIT UPDATE;
CREATE TABLE copies (body VARCHAR) WITH (connector = 'file', format = 'raw', path = '%[2]s');
INSERT INTO copies SELECT body FROM nums EMIT APPEND;
CREATE TABLE held (n BIGINT) WITH (connector = 'memory', append.only = 'true');
INSERT INTO held SELECT CAST(body AS SIGNED) FROM nums EMIT APPEND;
`

// mostPartitions is how many the topic of numbers grows to.
const mostPartitions = 5

type total struct {
	Name string
	C, S int64
}

// The whole engine, with a directory and a query that joins, groups and writes exactly once,
// is killed at any step, and Kafka with it. What can be read of each group afterwards grows
// with every record, so that none is there twice or in another order, and ends with what the
// numbers add up to. Files and tables have each number once. Meanwhile the topic gets more
// partitions.
func TestEngineKilled(t *testing.T) {
	k := newKiller(t, append([]string{"epoch-logged", "epoch-read", "epoch-written", "epoch-prepared", "epoch-shown", "epoch-kept"}, steps...))
	addr, bin := k.server.Addr(), build(t, "./engine")
	dir, copies, file := filepath.Join(t.TempDir(), "state"), filepath.Join(t.TempDir(), "copies"), filepath.Join(t.TempDir(), "app.sql")
	if err := os.WriteFile(file, fmt.Appendf(nil, statements, addr, copies), 0o600); err != nil {
		t.Fatal(err)
	}
	in := newInput(t, addr, "in")
	k.more = func() {
		if len(in.rows) < mostPartitions && k.rng.IntN(3) == 0 {
			in.grow()
		}
		in.add(400, func() int64 { return k.rng.Int64N(1000) })
	}
	k.more()
	k.run = func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, bin, "-dir", dir, "-file", file)
	}
	k.loop()
	k.report()
	onceEach(t, "the files", in.rows, inFiles(t, copies))
	onceEach(t, "the table", in.rows, inTable(t, dir))
	want := map[string]total{}
	for _, numbers := range in.rows {
		for _, n := range numbers {
			name := fmt.Sprint("b", n%buckets)
			sum := want[name]
			want[name] = total{name, sum.C + 1, sum.S + n}
		}
	}
	got := map[string]total{}
	for part := range partitions {
		for i, value := range committed(t, addr, "totals", part) {
			var now total
			if err := json.Unmarshal([]byte(value), &now); err != nil {
				t.Fatal(err)
			}
			if was := got[now.Name]; now.C <= was.C {
				t.Errorf("record %d of partition %d: %v comes after %v", i, part, now, was)
			}
			got[now.Name] = now
		}
	}
	for name, sum := range want {
		if got[name] != sum {
			t.Errorf("%s ends with %v, want %v", name, got[name], sum)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d groups, want %d", len(got), len(want))
	}
}

// onceEach compares numbers, in whichever order, with the input.
func onceEach(t *testing.T, where string, rows [][]int64, got []int64) {
	t.Helper()
	left := map[int64]int{}
	for _, n := range slices.Concat(rows...) {
		left[n]++
	}
	for _, n := range got {
		left[n]--
	}
	for n, c := range left {
		if c != 0 {
			t.Errorf("%s: %d is there %d times too few", where, n, c)
		}
	}
}

// inFiles reads the numbers of all files that can be seen.
func inFiles(t *testing.T, dir string) (numbers []int64) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "run-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			n, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// inTable reads the numbers of the table that the engine keeps.
func inTable(t *testing.T, dir string) (numbers []int64) {
	t.Helper()
	db, err := sqlstream.Open(t.Context(), sqlstream.WithDir(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(t.Context(), "SELECT n FROM held")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return numbers
}
