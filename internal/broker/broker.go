// Package broker runs a Kafka broker inside the process, for the demo, for
// trying things out and for tests. Its topics live in memory and are gone when
// it closes.
package broker

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

// DefaultListen is where Kafka's clients look for a broker on their own machine.
const DefaultListen = "127.0.0.1:9092"

// Options say what a broker starts with.
type Options struct {
	// Listen is a loopback host and a port; port 0 takes a free one. Empty means
	// DefaultListen. The broker asks nobody for a password, which is why it does
	// not listen to other machines.
	Listen string
	// Topics has the number of partitions of each topic that exists at once.
	Topics map[string]int32
	// AutoCreate makes a topic of one partition when a client first names it.
	AutoCreate bool
}

// Broker is one running broker node, the leader of all its partitions.
type Broker struct {
	cluster *kfake.Cluster
	addr    string
}

// Start returns a broker that already answers at Addr. It reports an address that
// is taken or not loopback, and a topic without partitions.
func Start(o Options) (*Broker, error) {
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	at, err := loopback(o.Listen)
	if err != nil {
		return nil, err
	}
	opts, err := options(o)
	if err != nil {
		return nil, err
	}
	listen := kfake.ListenFn(func(network, _ string) (net.Listener, error) {
		return net.Listen(network, at)
	})
	c, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1), listen)...)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("start broker: %w; stop what listens there or choose another port", err)
	}
	if err != nil {
		return nil, fmt.Errorf("start broker: %w", err)
	}
	return &Broker{cluster: c, addr: c.ListenAddrs()[0]}, nil
}

// Addr returns the host and port for a client's bootstrap.servers, also after Close.
func (b *Broker) Addr() string { return b.addr }

// Close disconnects all clients and forgets all topics. A second call does nothing.
func (b *Broker) Close() { b.cluster.Close() }

// loopback returns listen with its host resolved, so that the address that the
// broker gives to its clients is the very one that it listens on.
func loopback(listen string) (string, error) {
	a, err := net.ResolveTCPAddr("tcp", listen)
	if err != nil {
		return "", fmt.Errorf("listen address %q: %w; write host:port, as %s", listen, err, DefaultListen)
	}
	if !a.IP.IsLoopback() {
		return "", fmt.Errorf("listen address %q is not loopback; the broker has no access control: use 127.0.0.1", listen)
	}
	return a.String(), nil
}

func options(o Options) ([]kfake.Opt, error) {
	// One partition is Kafka's own default; it also keeps the order of a demo's lines.
	opts := []kfake.Opt{kfake.DefaultNumPartitions(1)}
	if o.AutoCreate {
		opts = append(opts, kfake.AllowAutoTopicCreation())
	}
	for _, topic := range slices.Sorted(maps.Keys(o.Topics)) {
		n := o.Topics[topic]
		if topic == "" || n < 1 {
			return nil, fmt.Errorf("topic %q with %d partitions: give it a name and at least one partition", topic, n)
		}
		opts = append(opts, kfake.SeedTopics(n, topic))
	}
	return opts, nil
}
