package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/vec"
)

func consumeCommand() *cobra.Command {
	var servers, separator string
	var beginning bool
	var most int64
	cmd := &cobra.Command{
		Use:   "consume TOPIC",
		Short: "Print the records of a topic, a line each",
		Long: `Print the values of a topic's records as they come, until ^C: from now on, or with
--from-beginning all that are there. A record without a value is printed as NULL.`,
		Example: `  sqlstream consume processed-tweet
  sqlstream consume tweet --from-beginning --max 10
  sqlstream consume users --from-beginning --key-separator '|' --bootstrap kafka-1:9092`,
		Args: exactly("TOPIC"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if most < 0 {
				return usagef("--max takes a number from 0 on")
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			t := topicTable{name: "topic", topic: args[0], servers: servers, keyed: separator != ""}
			if !beginning {
				t.options = append(t.options, "'scan.startup' = 'latest'")
			}
			c := consumer{out: os.Stdout, separator: separator, most: most}
			if err := c.run(ctx, t); err != nil {
				return plainly(err)
			}
			if isTerminal(os.Stderr) {
				fmt.Fprintf(os.Stderr, "\r%s\n", count(c.printed, "record")) // over the ^C
			}
			return nil
		},
	}
	bootstrapFlag(cmd, &servers)
	cmd.Flags().BoolVar(&beginning, "from-beginning", false, "print what is there already, too")
	cmd.Flags().Int64Var(&most, "max", 0, "stop after so many records; 0 for never")
	cmd.Flags().StringVar(&separator, "key-separator", "", "print each record's key and this before its value")
	return cmd
}

// A consumer prints records.
type consumer struct {
	out       io.Writer
	separator string
	most      int64 // 0 for no end
	drain     bool  // at ctx's end print first what is there already
	printed   int64
}

// run prints the topic until ctx ends or there are enough.
func (c *consumer) run(ctx context.Context, t topicTable) error {
	s := newScreen()
	db, err := sqlstream.Open(ctx, sqlstream.WithNotice(s.say), sqlstream.WithParallelism(1))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Exec(ctx, t.create()); err != nil {
		return err
	}
	q, err := db.Start(ctx, "SELECT * FROM topic EMIT APPEND")
	if err != nil {
		return interrupted(ctx, err)
	}
	background := context.WithoutCancel(ctx)
	defer context.AfterFunc(ctx, func() {
		if c.drain {
			_ = q.ProcessAllAvailable(background) // its error ends the changes
		}
		_ = q.Stop(background)
	})()
	out := bufio.NewWriter(c.out)
	for change, err := range q.Changes(background) {
		if err != nil {
			return err
		}
		for row := range change.Delta.Len {
			c.print(out, change.Delta.Cols, row)
			if c.printed++; c.printed == c.most {
				return out.Flush()
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// print buffers a record's line; an error is the buffer's to tell.
func (c *consumer) print(out *bufio.Writer, cols []*vec.Vec, row int) {
	for i, col := range cols {
		if i > 0 {
			_, _ = out.WriteString(c.separator)
		}
		if col.IsNull(row) {
			_, _ = out.WriteString("NULL")
		} else {
			_, _ = out.Write(col.Bytes(row))
		}
	}
	_ = out.WriteByte('\n')
}
