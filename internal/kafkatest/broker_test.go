package kafkatest_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

// verdict is a test that notes how Broker ends it.
type verdict struct {
	testing.TB
	skipped, failed string
}

func (v *verdict) Skip(args ...any) {
	v.skipped = args[0].(error).Error()
	runtime.Goexit()
}

func (v *verdict) Fatal(args ...any) {
	v.failed = args[0].(error).Error()
	runtime.Goexit()
}

func broker(t *testing.T) (string, verdict) {
	v, addr, done := verdict{TB: t}, "", make(chan struct{})
	go func() {
		defer close(done)
		addr = kafkatest.Broker(&v)
	}()
	<-done
	return addr, v
}

func withoutJava(t *testing.T) {
	for _, env := range []string{kafkatest.Env, "PATH", "JAVA_HOME", "CI"} {
		t.Setenv(env, "")
	}
}

// Without Java a test is skipped with one line that says what to install; under CI
// it fails with that line; a broker that is named needs nothing installed.
func TestBrokerWithoutJava(t *testing.T) {
	withoutJava(t)
	check := func(got, other string) {
		t.Helper()
		if !strings.Contains(got, "apt-get install") || strings.Contains(got, "\n") || other != "" {
			t.Errorf("said %q and %q, want one line in one of them", got, other)
		}
	}
	_, v := broker(t)
	check(v.skipped, v.failed)
	t.Setenv("CI", "true")
	_, v = broker(t)
	check(v.failed, v.skipped)
	t.Setenv(kafkatest.Env, "example.test:9092")
	if addr, v := broker(t); addr != "example.test:9092" || v.skipped+v.failed != "" {
		t.Errorf("address %q, %+v", addr, v)
	}
}

// Whatever needs Kafka says that it is missing in the same way.
func TestErrMissing(t *testing.T) {
	withoutJava(t)
	_, start := kafkatest.Start(t.Context(), t.TempDir())
	_, daemon := kafkatest.StartDaemon(t.Context(), t.TempDir())
	_, console := kafkatest.ConsoleConsumer(t.Context(), "127.0.0.1:1", "t", 1)
	for _, err := range []error{start, daemon, console} {
		if !errors.Is(err, kafkatest.ErrMissing) {
			t.Errorf("got %v, want %v", err, kafkatest.ErrMissing)
		}
	}
}

// All tests of a binary get one and the same broker, and it answers.
func TestBrokerIsShared(t *testing.T) {
	addr := kafkatest.Broker(t)
	if again := kafkatest.Broker(t); again != addr {
		t.Errorf("two brokers, %s and %s", addr, again)
	}
	produce(t, addr, "shared", "yes")
}
