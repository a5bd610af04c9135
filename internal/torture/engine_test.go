package torture_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// buckets is how many groups the numbers are counted in.
const buckets = 7

// statements join the numbers with what is known of their groups, and keep the sum of each.
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
`

type total struct {
	Name string
	C, S int64
}

// The whole engine, with a directory and a query that joins, groups and writes exactly once,
// is killed at any step, and Kafka with it. What can be read of each group afterwards grows
// with every record, so that none is there twice or in another order, and ends with what the
// numbers add up to.
func TestEngineKilled(t *testing.T) {
	k := newKiller(t, append([]string{"epoch-logged", "epoch-read", "epoch-prepared", "epoch-shown", "epoch-kept"}, steps...))
	addr, bin := k.server.Addr(), build(t, "./engine")
	dir, file := filepath.Join(t.TempDir(), "state"), filepath.Join(t.TempDir(), "app.sql")
	if err := os.WriteFile(file, fmt.Appendf(nil, statements, addr), 0o600); err != nil {
		t.Fatal(err)
	}
	in := newInput(t, addr, "in")
	k.more = func() { in.add(400, func() int64 { return k.rng.Int64N(1000) }) }
	k.more()
	k.run = func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, bin, "-dir", dir, "-file", file)
	}
	k.loop()
	k.report()
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
