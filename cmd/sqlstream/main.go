// Command sqlstream is the engine's shell: a REPL, a runner of SQL files, a broker
// and console clients to try things out with, and the demonstration. Everything it
// does goes through the public API.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1 // a statement failed
	exitUsage  = 2 // the command line is wrong
)

func main() { os.Exit(execute(os.Args[1:])) }

// execute runs a command line and returns its exit status.
func execute(args []string) int {
	root := rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(context.Background())
	var used *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &used):
		fmt.Fprintf(os.Stderr, "sqlstream: %v\nsqlstream --help says what there is\n", used)
		return exitUsage
	case errors.Is(err, errReported):
		return exitFailed
	}
	fmt.Fprintln(os.Stderr, err)
	return exitFailed
}

// errReported is a failure that the user has been told of.
var errReported = errors.New("reported")

// A usageError says what is wrong with the command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// interruptible ends the context at the first ^C or SIGTERM; the second kills the
// process as if nobody had asked to be told, however soon after the context's end it comes.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancel(ctx)
	told := make(chan os.Signal, 1)
	signal.Notify(told, os.Interrupt, syscall.SIGTERM)
	stop := func() {
		signal.Stop(told)
		end()
	}
	go func() {
		select {
		case <-told:
		case <-ctx.Done():
		}
		stop()
	}()
	return ctx, stop
}

func rootCommand() *cobra.Command {
	var keep place
	root := &cobra.Command{
		Use:   "sqlstream",
		Short: "Streaming SQL over Kafka topics, files and tables in memory",
		Long: `sqlstream is a streaming SQL engine in one file. Topics become tables with CREATE
TABLE; a SELECT reads what is there and stops, the same SELECT with EMIT goes on
and keeps its result up to date as rows arrive.

Without a command it is a shell: type statements, end them with a semicolon.`,
		Example: `  sqlstream                                       the shell
  sqlstream --dir DIR                             the shell; tables, queries and their state are kept
  sqlstream demo tweets                           see it work; needs no set-up
  sqlstream run -e 'SELECT 1 + 1'
  sqlstream run tables.sql queries.sql            continuous queries run until ^C`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := keep.check(); err != nil {
				return err
			}
			if !isTerminal(os.Stdin) {
				ctx, stop := interruptible(cmd.Context())
				defer stop()
				return runTexts(ctx, []source{{name: "stdin", read: readStdin}}, "", keep)
			}
			return repl(cmd.Context(), keep)
		},
	}
	keep.flags(root)
	root.SetVersionTemplate("sqlstream {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(runCommand(), demoCommand(), brokerCommand(), produceCommand(), consumeCommand(), stateCommand(), benchCommand())
	root.CompletionOptions.DisableDescriptions = true
	root.SuggestionsMinimumDistance = 2
	return root
}

// noArguments refuses arguments, which on the root are misspelt commands.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasParent() {
		return usagef("%s takes no argument, but there is '%s'", cmd.CommandPath(), args[0])
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef("there is no command '%s'; did you mean %s?", args[0], near[0])
	}
	return usagef("there is no command '%s'; a file is run with 'sqlstream run %s'", args[0], args[0])
}

// exactly asks for named arguments.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef("%s needs a %s", cmd.CommandPath(), names[len(args)])
		case len(args) > len(names):
			return usagef("%s does not take '%s'", cmd.CommandPath(), args[len(names)])
		}
		return nil
	}
}

// version is what the Go tool knows of the build.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown version)"
	}
	return info.Main.Version + " " + info.GoVersion
}

func readStdin() (string, error) {
	b, err := io.ReadAll(os.Stdin)
	return string(b), err
}
