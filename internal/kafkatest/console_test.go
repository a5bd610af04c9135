package kafkatest_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

// The console consumer stops at the number of messages asked for, and takes flags.
func TestConsoleConsumer(t *testing.T) {
	addr, topic := kafkatest.Broker(t), "console-"+rand.Text()
	produce(t, addr, topic, "one", "two", "three")
	for _, c := range []struct {
		max   int
		flags []string
		want  []string
	}{
		{2, nil, []string{"one", "two"}},
		{3, []string{"--isolation-level", "read_committed"}, []string{"one", "two", "three"}},
		{1, []string{"--formatter-property", "print.offset=true"}, []string{"Offset:0\tone"}},
	} {
		got, err := kafkatest.ConsoleConsumer(t.Context(), addr, topic, c.max, c.flags...)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%d messages with %q: %q, %v; want %q", c.max, c.flags, got, err, c.want)
		}
	}
}

// A console consumer that cannot do its work says why.
func TestConsoleConsumerErrors(t *testing.T) {
	addr := kafkatest.Broker(t)
	if _, err := kafkatest.ConsoleConsumer(t.Context(), addr, "t", 1, "--no-such-flag"); err == nil || !strings.Contains(err.Error(), "no-such-flag") {
		t.Errorf("a flag that it does not know: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	if _, err := kafkatest.ConsoleConsumer(ctx, addr, "t", 1); !errors.Is(err, enough) {
		t.Errorf("its context has ended: %v, want %v", err, enough)
	}
}
