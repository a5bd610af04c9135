package kafkatest_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

// start returns a server of the test's own, or skips where Kafka cannot run.
func start(t *testing.T) *kafkatest.Server {
	t.Helper()
	s, err := kafkatest.Start(t.Context(), t.TempDir())
	if errors.Is(err, kafkatest.ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func config() *sarama.Config {
	cfg := sarama.NewConfig()
	cfg.Version = sarama.V4_0_0_0
	cfg.Producer.Return.Successes = true
	cfg.Producer.RequiredAcks = sarama.WaitForAll
	// A topic that the first record makes has its leader later, on a busy machine much.
	cfg.Producer.Retry.Max, cfg.Metadata.Retry.Max = 200, 200
	return cfg
}

func produce(t *testing.T, addr, topic string, lines ...string) {
	t.Helper()
	p, err := sarama.NewSyncProducer([]string{addr}, config())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, line := range lines {
		if _, _, err := p.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(line)}); err != nil {
			t.Fatal(err)
		}
	}
}

// led waits until the broker leads a topic's partition: one that has just been started
// says that it does, and for a while refuses to act as the leader.
func led(t *testing.T, addr, topic string) {
	t.Helper()
	c, err := sarama.NewClient([]string{addr}, config())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for {
		_, err := c.GetOffset(topic, 0, sarama.OffsetOldest)
		if err == nil {
			return
		}
		if !errors.Is(err, sarama.ErrNotLeaderForPartition) || t.Context().Err() != nil {
			t.Fatal(err)
		}
		if err := c.RefreshMetadata(topic); err != nil {
			t.Fatal(err)
		}
	}
}

func consume(t *testing.T, addr, topic string, n int) []string {
	t.Helper()
	led(t, addr, topic)
	c, err := sarama.NewConsumer([]string{addr}, config())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	part, err := c.ConsumePartition(topic, 0, sarama.OffsetOldest)
	if err != nil {
		t.Fatal(err)
	}
	defer part.AsyncClose()
	var lines []string
	for range n {
		select {
		case m := <-part.Messages():
			lines = append(lines, string(m.Value))
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
	return lines
}

// What a client wrote, clients and Kafka's own console read, and it survives both
// ways for a server to end, on the same address.
func TestServer(t *testing.T) {
	s := start(t)
	addr := s.Addr()
	want := []string{"a", "b", "ü"}
	check := func(when string) {
		t.Helper()
		if got := consume(t, addr, "letters", len(want)); !slices.Equal(got, want) {
			t.Errorf("%s: a client reads %q, want %q", when, got, want)
		}
	}
	produce(t, addr, "letters", want...)
	check("at first")
	got, err := kafkatest.ConsoleConsumer(t.Context(), addr, "letters", len(want))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the console reads %q, %v; want %q", got, err, want)
	}

	for _, c := range []struct {
		when string
		end  func()
	}{
		{"after a stop", func() {}}, // Restart does it
		{"after a kill", s.Kill},
	} {
		c.end()
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s.Addr() != addr {
			t.Errorf("%s: address %s, was %s", c.when, s.Addr(), addr)
		}
		check(c.when)
	}

	s.Stop()
	s.Stop()
	s.Kill()
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Errorf("something still listens at %s after Stop", addr)
	}
}

// A server that does not come up says why, and leaves nothing running.
func TestStartSaysWhy(t *testing.T) {
	s := start(t)
	second, err := kafkatest.Start(t.Context(), filepath.Dir(s.Log()))
	if err == nil {
		second.Stop()
	}
	if err == nil || !strings.Contains(err.Error(), "another one runs") {
		t.Errorf("a second one in the same directory: %v", err)
	}

	s.Stop()
	held, err := net.Listen("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	err = s.Restart(t.Context())
	if err == nil || !strings.Contains(err.Error(), "Address already in use") {
		t.Errorf("a start on a port that is taken: %v", err)
	}

	held.Close()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Restart(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("a start that is not wanted any more: %v", err)
	}
}
