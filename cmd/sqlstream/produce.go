package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/zset"
)

func produceCommand() *cobra.Command {
	var servers, separator string
	cmd := &cobra.Command{
		Use:   "produce TOPIC",
		Short: "Write the lines of standard input to a topic",
		Long: `Write each line of standard input to a topic as one record. The topic is made where
it does not exist. With --key-separator what stands before its first occurrence in a
line is the record's key; a line without it has none.`,
		Example: `  sqlstream produce tweet < tweets.ndjson
  echo '{"id": 1, "lang": "ko", "text": "안녕 #서울"}' | sqlstream produce tweet
  sqlstream produce users --key-separator '|' --bootstrap kafka-1:9092 < users.txt`,
		Args: exactly("TOPIC"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			t := topicTable{
				name: "topic", topic: args[0], servers: servers, keyed: separator != "",
				options: []string{"'auto.create' = 'true'", "deletes = 'ignore'"},
			}
			return plainly(produce(ctx, os.Stdin, t, separator))
		},
	}
	bootstrapFlag(cmd, &servers)
	cmd.Flags().StringVar(&separator, "key-separator", "", "what divides a record's key from its value")
	return cmd
}

// A producer writes lines to a topic: a query copies them there from a table in
// memory, which is given up and made anew before it has grown large.
type producer struct {
	db        *sqlstream.DB
	keyed     bool
	separator string

	table *sqlstream.Table
	query *sqlstream.Query
	bytes int // in the table
	total int64
}

// The most that the table in memory holds, and that a batch of lines does.
const (
	tableBytes = 64 << 20
	batchBytes = 1 << 20
)

// produce copies lines until the input or ctx ends.
func produce(ctx context.Context, in io.Reader, t topicTable, separator string) (err error) {
	s := newScreen()
	db, err := sqlstream.Open(ctx, sqlstream.WithNotice(s.say), sqlstream.WithParallelism(1))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Exec(ctx, t.create()); err != nil {
		return err
	}
	p := &producer{db: db, keyed: t.keyed, separator: separator}
	batches, failed := readLines(ctx, in)
	for lines := range batches {
		if err := p.write(ctx, lines); err != nil {
			return interrupted(ctx, err)
		}
	}
	if s.errTerminal || ctx.Err() != nil {
		s.say(count(p.total, "record") + " written to " + t.topic)
	}
	return <-failed
}

// readLines reads lines in the background, as many at once as there are: what is
// typed goes out line by line, a file in batches. After ctx's end what was read is
// not lost, but nothing more is read.
func readLines(ctx context.Context, in io.Reader) (<-chan []string, <-chan error) {
	batches, failed := make(chan []string), make(chan error, 1)
	go func() {
		defer close(failed)
		defer close(batches)
		r := bufio.NewReaderSize(in, 1<<16)
		for {
			lines, err := someLines(r)
			if len(lines) > 0 {
				select {
				case batches <- lines:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					failed <- err
				}
				return
			}
		}
	}()
	return untilDone(ctx, batches), failed
}

// untilDone passes batches on until ctx ends, even if the reader blocks.
func untilDone(ctx context.Context, from <-chan []string) <-chan []string {
	to := make(chan []string)
	go func() {
		defer close(to)
		for {
			select {
			case b, ok := <-from:
				if !ok {
					return
				}
				to <- b
			case <-ctx.Done():
				return
			}
		}
	}()
	return to
}

// someLines reads at least one line, and more as long as they are there already.
func someLines(r *bufio.Reader) (lines []string, err error) {
	for size := 0; size < batchBytes; {
		line, err := r.ReadString('\n')
		if line != "" {
			size += len(line)
			lines = append(lines, strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
		}
		if err != nil {
			return lines, err
		}
		if r.Buffered() == 0 {
			break
		}
	}
	return lines, nil
}

// write hands lines on and returns when the topic has them.
func (p *producer) write(ctx context.Context, lines []string) error {
	if p.bytes > tableBytes {
		if err := p.renew(ctx); err != nil {
			return err
		}
	}
	if p.table == nil {
		if err := p.start(ctx); err != nil {
			return err
		}
	}
	b := zset.NewBuilder(p.table.Schema())
	for _, line := range lines {
		p.bytes += len(line)
		if p.keyed {
			key, value, found := strings.Cut(line, p.separator)
			if !found {
				b.Cols[0].AppendNull()
				value = line
			} else {
				b.Cols[0].AppendString(key)
			}
			line = value
		}
		b.Cols[len(b.Cols)-1].AppendString(line)
		b.EndRow()
	}
	if err := p.table.Apply(ctx, b.Build()); err != nil {
		return err
	}
	if _, err := p.query.Status(); err != nil {
		return err
	}
	p.total += int64(len(lines))
	return nil
}

func (p *producer) start(ctx context.Context) (err error) {
	columns := "line BINARY"
	if p.keyed {
		columns = "k BINARY, line BINARY"
	}
	if p.table, err = p.db.RegisterTable(ctx, "lines", columns); err != nil {
		return err
	}
	p.bytes = 0
	names := strings.Join(p.table.Schema().Names(), ", ") // a key is written only where it is named
	p.query, err = p.db.Start(ctx, fmt.Sprintf("INSERT INTO topic (%s) SELECT * FROM lines EMIT UPDATE", names))
	return err
}

// renew gives up the table in memory with all that it holds.
func (p *producer) renew(ctx context.Context) error {
	if err := p.query.Stop(ctx); err != nil {
		return err
	}
	p.table = nil
	return p.db.Exec(ctx, fmt.Sprintf("DROP QUERY %s; DROP TABLE lines", p.query.Name()))
}
