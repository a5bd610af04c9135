package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/sqlstream/sqlstream"
)

// A source is a text of statements and its name in errors.
type source struct {
	name string
	read func() (string, error)
}

func runCommand() *cobra.Command {
	var format string
	var keep place
	var texts []string
	cmd := &cobra.Command{
		Use:   "run [FILE ...] [-e SQL]",
		Short: "Run SQL files",
		Long: `Run the statements of files, of -e, or of standard input (-) in order. At the end
it waits for the continuous queries among them; ^C ends these after their running
epoch.

With --dir tables, queries and their state are kept in a directory. Queries that ran
in it go on where they were; the same file can be run again, and starts nothing twice.
A second ^C ends at once, and loses nothing of what is kept.

Results go to standard output: as a table on a terminal, otherwise bounded ones as
csv and continuous ones as ndjson. A continuous result whose rows may change is
printed as a changelog: op is +I for a new row, -U and +U for one and what takes its
place, -D for one that is gone; epoch numbers the steps.`,
		Example: `  sqlstream run tables.sql report.sql
  sqlstream run -e 'SELECT 1 + 1' --format json
  sqlstream run tables.sql -e 'SELECT * FROM tweets EMIT' | head
  sqlstream run --dir state tables.sql queries.sql
  echo 'SHOW FUNCTIONS' | sqlstream run -`,
		Args: func(_ *cobra.Command, files []string) error {
			if len(files) == 0 && len(texts) == 0 {
				return usagef("run needs a FILE, -e 'SQL', or - for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := keep.check(); err != nil {
				return err
			}
			if err := checkFormat(format); err != nil {
				return err
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return runTexts(ctx, sources(files, texts), format, keep)
		},
	}
	keep.flags(cmd)
	formatFlag(cmd, &format)
	cmd.Flags().StringArrayVarP(&texts, "execute", "e", nil, "statements to run, after the files")
	return cmd
}

func formatFlag(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "format", "", "how results are printed: "+strings.Join(formats, ", "))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)) // the flag was made one line above
}

func checkFormat(format string) error {
	if format != "" && !slices.Contains(formats, format) {
		return usagef("--format may not be '%s'; it takes %s", format, strings.Join(formats, ", "))
	}
	return nil
}

func sources(files, texts []string) []source {
	var out []source
	for _, f := range files {
		if f == "-" {
			out = append(out, source{"stdin", readStdin})
			continue
		}
		out = append(out, source{f, func() (string, error) {
			b, err := os.ReadFile(f)
			return string(b), err
		}})
	}
	for _, t := range texts {
		out = append(out, source{"-e", func() (string, error) { return t, nil }})
	}
	return out
}

// A runner runs statements for somebody who reads along rather than types.
type runner struct {
	db     *sqlstream.DB
	keep   place
	screen *screen
	out    *output
	meter  *meter

	begun    bool // a statement was about a query that runs on, which is waited for
	printing sync.WaitGroup
	mu       sync.Mutex
	failed   error // of printing
}

// runTexts runs texts in order and then waits for the continuous queries.
func runTexts(ctx context.Context, texts []source, format string, keep place) error {
	s := newScreen()
	r := &runner{keep: keep, screen: s, out: &output{w: s, format: format, screen: s}, meter: newMeter(s)}
	db, err := sqlstream.Open(ctx, append(keep.options(),
		sqlstream.WithOutput(s), sqlstream.WithNotice(s.say), sqlstream.WithProgress(r.meter.observe))...)
	if err != nil {
		return err
	}
	defer db.Close()
	r.db = db
	r.broughtBack()
	stop := r.meter.start()
	defer stop()
	defer s.tidy(ctx)()
	err = r.all(ctx, texts)
	if err == nil || ctx.Err() != nil {
		err = errors.Join(r.wait(ctx), interrupted(ctx, err))
	} else {
		r.stopAll()
	}
	stop()
	return err
}

// broughtBack says what has become of the queries that the directory holds.
func (r *runner) broughtBack() {
	for _, q := range r.db.Queries() {
		status, err := q.Status()
		epoch, resumed := q.Resumed()
		switch {
		case err != nil:
			r.screen.say(fmt.Sprintf("query %s has failed: %v", q.Name(), err))
		case status != sqlstream.Running:
			r.screen.say(fmt.Sprintf("query %s is %s", q.Name(), strings.ToLower(status.String())))
		case resumed:
			r.screen.say(fmt.Sprintf("query %s goes on behind epoch %d", q.Name(), epoch))
		default:
			r.screen.say(fmt.Sprintf("query %s begins", q.Name()))
		}
	}
}

// interrupted is the error of a statement that ^C has cut short.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return errors.New("interrupted")
	}
	return err
}

func (r *runner) all(ctx context.Context, texts []source) error {
	for _, t := range texts {
		text, err := t.read()
		if err != nil {
			return err
		}
		for res, err := range r.db.Run(ctx, t.name, text) {
			if err != nil {
				return err
			}
			if err := r.result(ctx, res); err != nil {
				return err
			}
		}
	}
	return nil
}

// result prints what a statement gave. A continuous SELECT that does not end by
// itself is printed beside the statements that follow.
func (r *runner) result(ctx context.Context, res sqlstream.Result) error {
	if text := told(res); text != "" && (r.screen.outTerminal || len(res.Notes) > 0) {
		r.screen.say(text)
	}
	if q := res.Query; q != nil && q.Trigger() != "ONCE" && q.Trigger() != "AVAILABLE NOW" {
		r.begun = true
	}
	switch {
	case res.Rows != nil:
		_, err := r.out.printRows(res.Rows, heading{plain: isExplain(res.Statement)})
		return err
	case res.Query != nil && res.Query.Kind() == "SELECT":
		return r.print(ctx, res.Query)
	}
	return nil
}

// told is what was done and how, in one line.
func told(res sqlstream.Result) string {
	return strings.Join(append([]string{res.Message}, res.Notes...), ", ")
}

func isExplain(statement string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(statement), " ")
	return strings.EqualFold(word, "EXPLAIN")
}

func (r *runner) print(ctx context.Context, q *sqlstream.Query) error {
	// What was put out until the query was stopped is printed, after ^C too.
	ctx = context.WithoutCancel(ctx)
	if t := q.Trigger(); t == "ONCE" || t == "AVAILABLE NOW" {
		return r.out.printChanges(ctx, q)
	}
	r.printing.Go(func() {
		err := r.out.printChanges(ctx, q)
		if status, _ := q.Status(); err != nil && status != sqlstream.Failed {
			r.mu.Lock()
			r.failed = errors.Join(r.failed, err)
			r.mu.Unlock()
			_ = q.Stop(ctx) // nobody sees its rows any more
		}
	})
	return nil
}

// wait waits until every query has ended. Those that nothing from outside can change
// any more are done when they have taken in what there is; the others run until ^C or
// until one of all fails.
//
// Where no statement has started one or attached to one, nothing is waited for: those that the
// directory has brought back go on when it is opened again.
func (r *runner) wait(ctx context.Context) error {
	if !r.begun && r.keep.dir != "" {
		r.stopAll()
		r.printing.Wait()
		return r.failed
	}
	queries := r.queries()
	failed := make(chan error, len(queries))
	ended := make(chan struct{})
	var all sync.WaitGroup
	for _, q := range queries {
		all.Go(func() {
			err := r.await(ctx, q)
			if err != nil && r.keep.dir != "" {
				r.screen.say(fmt.Sprintf("query %s has failed: %v", q.Name(), err))
				err = errReported
			}
			if err != nil {
				failed <- err
			}
		})
	}
	go func() {
		all.Wait()
		close(ended)
	}()
	var err error
	select {
	case err = <-r.fatal(failed):
	case <-ended:
	case <-ctx.Done():
	}
	r.stopAll()
	<-ended
	r.printing.Wait()
	r.meter.report(queries, ctx.Err() != nil)
	for err == nil && len(failed) > 0 {
		err = <-failed
	}
	return errors.Join(err, r.failed)
}

// queries are those that are waited for. What had failed or was stopped in a directory
// before was said, and stays so.
func (r *runner) queries() []*sqlstream.Query {
	return slices.DeleteFunc(r.db.Queries(), func(q *sqlstream.Query) bool {
		status, _ := q.Status()
		return r.keep.dir != "" && status != sqlstream.Running && q.Kind() != "SELECT"
	})
}

// fatal is the failures that end everything: with a directory none does, since what fails
// keeps its place there and the others go on.
func (r *runner) fatal(failed chan error) chan error {
	if r.keep.dir != "" {
		return nil
	}
	return failed
}

func (r *runner) await(ctx context.Context, q *sqlstream.Query) error {
	background := context.WithoutCancel(ctx)
	if !q.ReadsOutside() {
		return q.ProcessAllAvailable(background)
	}
	return q.Wait(background)
}

// stopAll ends the running queries after their epochs, readers before what they read.
// Those that are kept are not stopped: they go on when the directory is opened again.
func (r *runner) stopAll() {
	if r.keep.dir != "" {
		defer func() {
			if err := r.db.Close(); err != nil {
				r.screen.say(err.Error())
			}
		}()
	}
	for _, q := range slices.Backward(r.db.Queries()) {
		if status, _ := q.Status(); status == sqlstream.Running && (r.keep.dir == "" || q.Kind() == "SELECT") {
			if err := q.Stop(context.Background()); err != nil {
				r.screen.say(err.Error())
			}
		}
	}
}

// count is a number and what it counts.
func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if stem, ok := strings.CutSuffix(what, "y"); ok {
		what = stem + "ie"
	}
	return humanize.Comma(n) + " " + what + "s"
}
