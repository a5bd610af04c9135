package broker_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/internal/broker"
)

func start(t *testing.T, o broker.Options) *broker.Broker {
	t.Helper()
	o.Listen = "127.0.0.1:0"
	b, err := broker.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func client(t *testing.T, addr string) sarama.Client {
	t.Helper()
	cfg := sarama.NewConfig()
	cfg.Version = sarama.V4_0_0_0
	cfg.Producer.Return.Successes = true
	cfg.Metadata.Retry.Max = 0
	c, err := sarama.NewClient([]string{addr}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// What is produced to a topic that nobody made is consumed from it in order.
func TestAutoCreate(t *testing.T) {
	c := client(t, start(t, broker.Options{AutoCreate: true}).Addr())
	producer, err := sarama.NewSyncProducerFromClient(c)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{"a", "b", "c"}
	for i, line := range lines {
		partition, offset, err := producer.SendMessage(&sarama.ProducerMessage{Topic: "tweet", Value: sarama.StringEncoder(line)})
		if err != nil {
			t.Fatal(err)
		}
		if partition != 0 || offset != int64(i) {
			t.Errorf("%q went to %d@%d, want 0@%d", line, partition, offset, i)
		}
	}
	consumer, err := sarama.NewConsumerFromClient(c)
	if err != nil {
		t.Fatal(err)
	}
	part, err := consumer.ConsumePartition("tweet", 0, sarama.OffsetOldest)
	if err != nil {
		t.Fatal(err)
	}
	defer part.AsyncClose()
	for _, want := range lines {
		if got := <-part.Messages(); string(got.Value) != want {
			t.Errorf("read %q, want %q", got.Value, want)
		}
	}
}

// Without AutoCreate the topics are those that were asked for, with their partitions.
func TestTopics(t *testing.T) {
	c := client(t, start(t, broker.Options{Topics: map[string]int32{"one": 1, "three": 3}}).Addr())
	for topic, want := range map[string]int{"one": 1, "three": 3} {
		got, err := c.Partitions(topic)
		if err != nil || len(got) != want {
			t.Errorf("%s has partitions %v, %v; want %d", topic, got, err, want)
		}
	}
	if _, err := c.Partitions("none"); !errors.Is(err, sarama.ErrUnknownTopicOrPartition) {
		t.Errorf("a topic that nobody made: %v", err)
	}
}

// The broker is the only node, and clients are sent to the address that Addr says.
func TestOneNode(t *testing.T) {
	b := start(t, broker.Options{})
	nodes := client(t, b.Addr()).Brokers()
	if len(nodes) != 1 || nodes[0].Addr() != b.Addr() {
		t.Errorf("nodes %v, want one at %s", nodes, b.Addr())
	}
}

// A port is free again after Close, which may be called twice.
func TestClose(t *testing.T) {
	b := start(t, broker.Options{})
	if _, err := broker.Start(broker.Options{Listen: b.Addr()}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a second broker at %s: %v", b.Addr(), err)
	}
	b.Close()
	b.Close()
	again, err := broker.Start(broker.Options{Listen: b.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

// Options that cannot work are refused with the way out.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		options broker.Options
		want    string
	}{
		{broker.Options{Listen: "0.0.0.0:0"}, "is not loopback"},
		{broker.Options{Listen: ":0"}, "is not loopback"},
		{broker.Options{Listen: "127.0.0.1"}, "write host:port"},
		{broker.Options{Listen: "127.0.0.1:0", Topics: map[string]int32{"t": 0}}, "at least one partition"},
		{broker.Options{Listen: "127.0.0.1:0", Topics: map[string]int32{"": 1}}, "give it a name"},
	} {
		b, err := broker.Start(c.options)
		if err == nil {
			b.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want an error with %q", c.options, err, c.want)
		}
	}
}
