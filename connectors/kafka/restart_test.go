package kafka

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

// A real broker is stopped and killed while a range is read and epochs are written:
// both go on where they were, and every record comes once and in order.
func TestBrokerRestarts(t *testing.T) {
	kafkatest.Broker(t) // skips where Kafka cannot run
	server, err := kafkatest.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	n := newNotices()
	in := tweets(server.Addr(), "in", "auto.create", "true", "kafka.max.partition.fetch.bytes", "4000", "kafka.reconnect.backoff.max.ms", "100")
	const records = 4000
	var lines []string
	for i := range records {
		lines = append(lines, fmt.Sprintf("%d %0100d", i, i))
	}
	for at := 0; at < records; at += 20 {
		put(t, in, connectors.Append, rows(in, lines[at:at+20]...))
	}
	s := openWith(t, in, n.env())
	rd, err := s.Open(t.Context(), connectors.Range{Split: "in/0", To: records})
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	out := tweets(server.Addr(), "out", "auto.create", "true", "kafka.reconnect.backoff.max.ms", "100")
	sk, err := openSink(t.Context(), out, connectors.Append, out.Schema(), n.env())
	if err != nil {
		t.Fatal(err)
	}
	defer sk.Close()

	buf := make([]connectors.Record, 100)
	read, epoch := 0, int64(0)
	restarted := make(chan error, 1)
	for read < records {
		got, err := rd.Next(t.Context(), buf)
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range buf[:got] {
			if want := fmt.Sprintf("%0100d", read); int(rec.Offset) != read || !strings.Contains(string(rec.Value), want) {
				t.Fatalf("record %d comes where %d should", rec.Offset, read)
			}
			read++
		}
		epoch++
		commit(t, sk, epoch, rows(out, fmt.Sprintf("%d epoch", epoch)))
		switch epoch {
		case 5, 25:
			if epoch == 5 {
				server.Stop()
			} else {
				server.Kill()
			}
			go func() { restarted <- server.Restart(t.Context()) }()
			defer func() {
				if err := <-restarted; err != nil {
					t.Error(err)
				}
			}()
		}
	}
	if epoch < 25 {
		t.Fatalf("all was read after %d epochs, before the second restart", epoch)
	}
	n.await(t, "answers again")
	got := everything(t, open(t, out))
	for i := range epoch {
		if want := fmt.Sprintf(`out/0@%d {"id":%d,"body":"epoch"}`, i, i+1); int(i) >= len(got) || got[i] != want {
			t.Fatalf("epoch %d of %d is not in its place among %q", i+1, epoch, got)
		}
	}
	if len(got) != int(epoch) {
		t.Errorf("%d records of %d epochs", len(got), epoch)
	}
}
