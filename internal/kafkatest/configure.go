package kafkatest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const propertiesFile = "server.properties"

// Settings that are not about having one node and being quick are Kafka's own, so
// that tests meet what users have. Only retention is off: the records of tests have
// times of their own, and what lies years back would be deleted the moment that Kafka
// looks, half a minute after its start and every five minutes from then on. A node that was killed comes back only when its
// earlier self has been given up, which the session timeout says. %[1]d is the port of clients, %[2]d of the
// controller, %[3]s the directory.
const properties = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:%[2]d
listeners=PLAINTEXT://127.0.0.1:%[1]d,CONTROLLER://127.0.0.1:%[2]d
advertised.listeners=PLAINTEXT://127.0.0.1:%[1]d
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=%[3]s
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
`

// configure writes server.properties and formats the storage, or takes up those of
// an earlier server.
func (s *Server) configure(ctx context.Context) error {
	at := s.file(propertiesFile)
	old, err := os.ReadFile(at)
	if err == nil {
		s.port, err = portOf(string(old))
		return err
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	s.port = ports[0]
	// Under its name it says that the storage is ready. A start that was cut short
	// between the two leaves a storage which is formatted already.
	draft := at + ".new"
	text := fmt.Sprintf(properties+s.extra, ports[0], ports[1], escape(s.file("data")))
	if err := os.WriteFile(draft, []byte(text), 0o644); err != nil {
		return err
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never errs
	id[0] &= 0x7f        // in base64 it might otherwise begin with '-' and look like a flag
	args := s.kit.command("warn", "kafka.tools.StorageTool", "format", "--ignore-formatted",
		"--cluster-id", base64.RawURLEncoding.EncodeToString(id), "--config", draft)
	if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("format kafka's storage in %s: %w (it needs Java 17 or later)\n%s", s.dir, err, bytes.TrimSpace(out))
	}
	return os.Rename(draft, at)
}

// escape writes a path as the value of a Java property.
func escape(path string) string { return strings.ReplaceAll(path, `\`, `\\`) }

func portOf(properties string) (int, error) {
	const key = "\nadvertised.listeners=PLAINTEXT://127.0.0.1:"
	_, rest, _ := strings.Cut(properties, key)
	value, _, _ := strings.Cut(rest, "\n")
	port, err := strconv.Atoi(value)
	if err != nil {
		return 0, fmt.Errorf("server.properties has no port of advertised.listeners; remove the directory: %w", err)
	}
	return port, nil
}

// freePorts returns n ports that nobody listens on. They are below those that
// systems hand out to connections, so that they are still free at a restart.
func freePorts(n int) ([]int, error) {
	const low, high = 15000, 30000
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close()
		}
	}()
	var ports []int
	for range 1000 {
		port := low + mathrand.IntN(high-low)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		held = append(held, l)
		if ports = append(ports, port); len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("no free port between %d and %d on 127.0.0.1", low, high)
}

// answers reports whether a broker at addr says which requests it knows, which it
// does as soon as it serves any.
func answers(ctx context.Context, addr string) bool {
	const apiVersions = 18
	d := net.Dialer{Timeout: time.Second}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return false
	}
	// Length, key, version 0, correlation id, no client id.
	req := []byte{0, 0, 0, 10, 0, apiVersions, 0, 0, 0, 0, 0, 1, 0xff, 0xff}
	if _, err := conn.Write(req); err != nil {
		return false
	}
	// Length, correlation id, error code.
	resp := make([]byte, 10)
	_, err = io.ReadFull(conn, resp)
	return err == nil && resp[7] == 1 && binary.BigEndian.Uint16(resp[8:]) == 0
}
