package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/sqlstream/sqlstream"
)

func stateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state",
		Short: "Look into a directory that --dir keeps",
		Long: `Look into a directory that --dir keeps, while no process has it open. Nothing is
changed. What each file is says docs/state-format.md.`,
		Example: `  sqlstream state ls DIR
  sqlstream state verify DIR
  sqlstream state show DIR counts --format json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		lookingCommand("ls DIR", "List state tables: of which query, how many rows, how many bytes", []string{"DIR"},
			func(ctx context.Context, s *sqlstream.StateDir, _ []string) (*sqlstream.Rows, error) {
				return s.Tables(ctx)
			}),
		lookingCommand("show DIR QUERY", "Print the result table of a query as of its last checkpoint", []string{"DIR", "QUERY"},
			func(ctx context.Context, s *sqlstream.StateDir, args []string) (*sqlstream.Rows, error) {
				return s.Result(ctx, args[0])
			}),
		lookingCommand("verify DIR", "Read all checksums, and say what is damaged", []string{"DIR"},
			func(ctx context.Context, s *sqlstream.StateDir, _ []string) (*sqlstream.Rows, error) {
				rows, sound, err := s.Verify(ctx)
				if err == nil && !sound {
					err = errUnsound
				}
				return rows, err
			}),
	)
	return cmd
}

// errUnsound ends verify where something is damaged, behind the table that says what.
var errUnsound = errors.New("the directory is damaged")

// lookingCommand is a command that prints what ask says of a directory.
func lookingCommand(use, short string, args []string, ask func(context.Context, *sqlstream.StateDir, []string) (*sqlstream.Rows, error)) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: use, Short: short, Args: exactly(args...),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			s, err := sqlstream.OpenStateDir(args[0])
			if err != nil {
				return err
			}
			defer s.Close()
			rows, err := ask(ctx, s, args[1:])
			if rows == nil {
				return err
			}
			screen := newScreen()
			out := &output{w: screen, format: format, screen: screen}
			_, printed := out.printRows(rows, heading{})
			return errors.Join(printed, err)
		},
	}
	formatFlag(cmd, &format)
	return cmd
}
