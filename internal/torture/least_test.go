package torture_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// passing hands every number on, at least once.
const passing = `
CREATE TABLE nums (body VARCHAR) WITH (connector = 'kafka', format = 'raw', topic = 'in', 'bootstrap.servers' = '%[1]s', 'kafka.reconnect.backoff.max.ms' = '100');
CREATE TABLE copied (body VARCHAR)
  WITH (connector = 'kafka', format = 'raw', topic = 'copied', auto_create = 'true', partitions = '3', 'bootstrap.servers' = '%[1]s', 'kafka.reconnect.backoff.max.ms' = '100',
  'delivery.guarantee' = 'at-least-once');
SET max_rows_per_trigger = 150;
SET checkpoint_interval = '1 millisecond';
INSERT INTO copied SELECT body FROM nums EMIT APPEND;
`

// What is written at least once is never lost, at whichever step the engine is killed: also
// not when its state is durable and the sink has not been told yet.
func TestAtLeastOnceKilled(t *testing.T) {
	k := newKiller(t, []string{"epoch-logged", "epoch-read", "epoch-written", "epoch-prepared", "epoch-shown", "epoch-kept"})
	addr, bin := k.server.Addr(), build(t, "./engine")
	dir, file := filepath.Join(t.TempDir(), "state"), filepath.Join(t.TempDir(), "app.sql")
	if err := os.WriteFile(file, fmt.Appendf(nil, passing, addr), 0o600); err != nil {
		t.Fatal(err)
	}
	in, next := newInput(t, addr, "in"), int64(0)
	k.more = func() { in.add(400, func() int64 { next++; return next }) }
	k.more()
	k.run = func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, bin, "-dir", dir, "-file", file)
	}
	k.kills, k.brokerKills = max(1, k.kills/3), 0 // there are fewer steps, and no end that Kafka could lose
	k.loop()
	k.report()
	there := map[string]int{}
	for part := range partitions {
		for _, v := range committed(t, addr, "copied", part) {
			there[v]++
		}
	}
	lost, twice := 0, 0
	for n := int64(1); n <= next; n++ {
		switch c := there[fmt.Sprint(n)]; {
		case c == 0:
			lost++
		case c > 1:
			twice++
		}
	}
	t.Logf("%d numbers, %d of them more than once", next, twice)
	if lost > 0 {
		t.Errorf("%d of %d numbers are not there", lost, next)
	}
}
