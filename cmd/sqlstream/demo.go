package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/broker"
)

// demoFiles are the same files as in examples/tweets.
//
//go:embed demo/*.sql
var demoFiles embed.FS

func demoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "See it work, without any set-up",
		Example: "  sqlstream demo tweets",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			return usagef("demo needs the name of a demonstration; there is: tweets")
		},
	}
	cmd.AddCommand(tweetsCommand())
	return cmd
}

func tweetsCommand() *cobra.Command {
	var seconds int
	cmd := &cobra.Command{
		Use:   "tweets",
		Short: "Tweets from Kafka, through SQL, back to Kafka",
		Long: `Start a broker inside this process, write made-up tweets to the topic "tweet", run
streaming queries over them, and print what arrives in the topics "processed-tweet" and
"hashtag-per-minute".`,
		Example: `  sqlstream demo tweets
  sqlstream demo tweets --seconds 10`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if seconds < 0 {
				return usagef("--seconds takes a number from 0 on")
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			if seconds > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
				defer cancel()
			}
			return demoTweets(ctx, seconds)
		},
	}
	cmd.Flags().IntVar(&seconds, "seconds", 0, "end after so many seconds; 0 for ^C")
	return cmd
}

// A demo is the application: three programs in one process, each with a database of
// its own, that know each other through the broker alone.
type demo struct {
	screen *screen
	addr   string
	app    *sqlstream.DB // the queries
	source *sqlstream.DB // the producer
}

func demoTweets(ctx context.Context, seconds int) error {
	b, err := demoBroker()
	if err != nil {
		return err
	}
	defer b.Close()
	d := &demo{screen: newScreen(), addr: b.Addr()}
	if err := d.introduce(seconds); err != nil {
		return err
	}
	for _, db := range []**sqlstream.DB{&d.app, &d.source} {
		if *db, err = sqlstream.Open(context.WithoutCancel(ctx), sqlstream.WithNotice(d.screen.say)); err != nil {
			return err
		}
		defer (*db).Close()
	}
	defer d.screen.tidy(ctx)()
	return d.run(ctx)
}

// demoBroker listens where Kafka's clients look, or where there is room.
func demoBroker() (*broker.Broker, error) {
	b, err := broker.Start(broker.Options{AutoCreate: true})
	if errors.Is(err, syscall.EADDRINUSE) {
		return broker.Start(broker.Options{Listen: "127.0.0.1:0", AutoCreate: true})
	}
	return b, err
}

// text is a file of the demonstration, at this broker.
func (d *demo) text(name string) (string, error) {
	b, err := demoFiles.ReadFile("demo/" + name)
	return strings.ReplaceAll(string(b), broker.DefaultListen, d.addr), err
}

// introduce says what runs and what else can be tried meanwhile.
func (d *demo) introduce(seconds int) error {
	fmt.Printf("A broker runs in this process at %s. These statements run on it:\n\n", d.addr)
	for _, name := range []string{"fake.sql", "tables.sql", "queries.sql"} {
		text, err := d.text(name)
		if err != nil {
			return err
		}
		fmt.Printf("-------- %s\n%s\n", name, text)
	}
	at := ""
	if d.addr != broker.DefaultListen {
		at = " --bootstrap " + d.addr
	}
	fmt.Printf(`-------- try meanwhile, in another terminal
%[1]s consume tweet%[2]s
echo '{"id": 1, "user": "you", "lang": "ko", "text": "안녕 #서울"}' | %[1]s produce tweet%[2]s

-------- what arrives in processed-tweet, and when a minute of tweets is over in hashtag-per-minute (%[3]s)
`, self(), at, ending(seconds))
	return nil
}

// self is how the user starts this program.
func self() string {
	name := os.Args[0]
	if strings.Contains(name, "go-build") {
		return "go run ./cmd/sqlstream"
	}
	if base := filepath.Base(name); base != name {
		if found, err := exec.LookPath(base); err == nil && found == name {
			return base
		}
	}
	return name
}

func ending(seconds int) string {
	if seconds == 0 {
		return "^C ends"
	}
	return "for " + count(int64(seconds), "second")
}

// run starts the programs from the last to the first, and at the end stops them from
// the first to the last.
func (d *demo) run(ctx context.Context) error {
	background := context.WithoutCancel(ctx)
	if err := d.start(background, d.app, "tables.sql", "queries.sql"); err != nil {
		return err
	}
	reading, stopReading := context.WithCancel(background)
	defer stopReading()
	var consumers sync.WaitGroup
	failed := make(chan error, 3)
	for _, topic := range []string{"processed-tweet", "hashtag-per-minute"} {
		consumers.Go(func() {
			c := consumer{out: d.screen, drain: true}
			t := topicTable{name: "topic", topic: topic, servers: d.addr}
			if err := c.run(reading, t); err != nil {
				failed <- err
			}
		})
	}
	if err := d.start(background, d.source, "tables.sql", "fake.sql"); err != nil {
		return err
	}
	for _, q := range append(d.app.Queries(), d.source.Queries()...) {
		go func() {
			if err := q.Wait(ctx); err != nil && ctx.Err() == nil {
				select {
				case failed <- err:
				default: // the first one is told
				}
			}
		}()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	if err == nil {
		err = d.finish(background)
	}
	stopReading()
	consumers.Wait()
	if err == nil {
		err = d.counts(background)
	}
	return err
}

func (d *demo) start(ctx context.Context, db *sqlstream.DB, files ...string) error {
	for _, name := range files {
		text, err := d.text(name)
		if err != nil {
			return err
		}
		if err := db.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// finish stops the producer and lets the queries work off what it has written.
func (d *demo) finish(ctx context.Context) error {
	for _, q := range d.source.Queries() {
		if err := q.Stop(ctx); err != nil {
			return err
		}
	}
	for _, q := range d.app.Queries() {
		if err := q.ProcessAllAvailable(ctx); err != nil {
			return err
		}
	}
	return nil
}

// counts prints the result that was kept up to date.
func (d *demo) counts(ctx context.Context) error {
	const ask = "SELECT * FROM per_language ORDER BY tweets DESC"
	rows, err := d.app.Query(ctx, ask)
	if err != nil {
		return err
	}
	fmt.Printf("\n-------- %s\n", ask)
	out := &output{w: d.screen, format: "table", screen: d.screen}
	if _, err := out.printRows(rows, heading{}); err != nil {
		return err
	}
	fmt.Printf(`
The same on your own Kafka: examples/tweets. A shell of its own: %s
`, self())
	return nil
}
