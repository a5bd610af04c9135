package kafkatest

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"
)

// Env names the environment variable with the address of a broker that all tests
// of a run share.
const Env = "SQLSTREAM_KAFKA"

// Broker returns the address of a real Kafka for a test: the one that Env names, or
// one that is started for the test binary and ends with it. Tests share it, so they
// take topics, groups and transactional ids of their own.
//
// Where Kafka cannot run the test is skipped, but under CI=true it is broken: there
// a tier that does not run must not look like one that passes.
func Broker(t testing.TB) string {
	t.Helper()
	if addr := os.Getenv(Env); addr != "" {
		return addr
	}
	ctx, cancel := context.WithTimeout(t.Context(), fetchLimit)
	defer cancel()
	err := Fetch(ctx)
	if errors.Is(err, ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	addr, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// fetchLimit is for Maven's first run, which fetches Maven's own plugins too.
const fetchLimit = 5 * time.Minute

// shared starts the one server of this process, once.
var shared = sync.OnceValues(func() (string, error) {
	ctx := context.Background() // the server is not the first test's alone
	dir, err := os.MkdirTemp("", "sqlstream-kafka-")
	if err != nil {
		return "", err
	}
	s, err := prepare(ctx, dir, "")
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	// Nobody tells us when the last test has ended: the directory goes with the server.
	return s.Addr(), s.start(ctx, s.tied(dir))
})
