package kafkatest

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// ConsoleConsumer runs Kafka's own console consumer from the beginning of topic at
// the broker addr, and returns the lines that it prints, in their order. It ends
// after max messages; flags are given to it as they are and may end it sooner.
//
// When ctx ends first, the lines printed until then come with an error.
func ConsoleConsumer(ctx context.Context, addr, topic string, max int, flags ...string) ([]string, error) {
	k, err := install(ctx)
	if err != nil {
		return nil, err
	}
	args := k.command("warn", "org.apache.kafka.tools.consumer.ConsoleConsumer", append([]string{
		"--bootstrap-server", addr, "--topic", topic, "--from-beginning", "--max-messages", strconv.Itoa(max),
	}, flags...)...)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if out.Len() == 0 {
		lines = nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return lines, fmt.Errorf("console consumer of %s after %d of %d messages: %w\n%s", topic, len(lines), max, err, head(errs.String(), 5))
	}
	return lines, nil
}
