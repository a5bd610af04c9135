// Command kafka runs a real Apache Kafka for the tests.
//
//	kafka start --dir DIR           start one that stays, print its address
//	kafka stop --dir DIR            stop it
//	kafka run [--dir DIR] -- CMD …  run CMD beside one, its address in SQLSTREAM_KAFKA
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

const usage = `usage: kafka start --dir DIR
       kafka stop --dir DIR
       kafka run [--dir DIR] -- COMMAND [ARGUMENT …]
`

// Exit statuses of this command's own making; run else exits with its command's.
const (
	exitFailed   = 1
	exitUsage    = 2
	exitNoStart  = 127 // as a shell's for a command that cannot be started
	exitSignaled = 128 // as a shell's, plus the signal
)

func main() { os.Exit(kafka(os.Args[1:])) }

func kafka(args []string) int {
	if len(args) == 0 {
		return misused()
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	dir := flags.String("dir", "", "")
	if flags.Parse(args[1:]) != nil {
		return misused()
	}
	rest := flags.Args()
	switch {
	case args[0] == "start" && *dir != "" && len(rest) == 0:
		return start(*dir)
	case args[0] == "stop" && *dir != "" && len(rest) == 0:
		return report(kafkatest.StopDaemon(*dir))
	case args[0] == "run" && len(rest) > 0:
		return run(*dir, rest)
	}
	return misused()
}

func start(dir string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	addr, err := kafkatest.StartDaemon(ctx, dir)
	if err == nil {
		_, err = fmt.Println(addr)
	}
	return report(err)
}

// run gives way to a broker that is named already, and does without one where
// Kafka cannot run, except in CI.
func run(dir string, command []string) int {
	if os.Getenv(kafkatest.Env) != "" {
		return do(command)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if dir == "" {
		tmp, err := os.MkdirTemp("", "sqlstream-kafka-")
		if err != nil {
			return report(err)
		}
		defer os.RemoveAll(tmp)
		dir = tmp
	}
	s, err := kafkatest.Start(ctx, dir)
	if errors.Is(err, kafkatest.ErrMissing) && os.Getenv("CI") != "true" {
		fmt.Fprintf(os.Stderr, "kafka: tests on a real broker are left out: %v\n", err)
		return do(command)
	}
	if err != nil {
		return report(err)
	}
	defer s.Stop()
	return do(command, kafkatest.Env+"="+s.Addr())
}

// do runs a command with more in its environment and returns its exit status.
func do(command []string, env ...string) int {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	// We outlive our command, to stop Kafka. A ^C goes from the terminal to the
	// command as well; a SIGTERM came to us alone.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		report(err)
		return exitNoStart
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			if sig != os.Interrupt {
				_ = cmd.Process.Signal(sig)
			}
		case err := <-ended:
			return status(err)
		}
	}
}

func status(err error) int {
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) {
		return report(err)
	}
	if w, ok := exit.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return exitSignaled + int(w.Signal())
	}
	return exit.ExitCode()
}

func report(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "kafka: %v\n", err)
	return exitFailed
}

func misused() int {
	fmt.Fprint(os.Stderr, usage)
	return exitUsage
}
