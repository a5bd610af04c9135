// Package sqltest runs test files in the .test language: statements, rows and
// queries go in, and what the engine answers is compared with the file. README.md
// describes the language. While a script runs, the laws of the engine are checked
// after every change, whatever the file says: see check.go.
//
// The package knows nothing of go test, so that a command can run scripts, too.
package sqltest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/zset"
)

// A Variation is one way to run a script. Results are the same in all of them.
type Variation struct {
	Name    string
	Workers int    // parallelism; 0 is 1
	NoRules bool   // without the optimiser's optional rules
	Recut   uint64 // the seed by which fed rows are cut into epochs at random; 0: as the file has them
	Crowded bool   // with a directory, and hardly any memory: state is on disk between epochs
	Restart uint64 // the seed by which the process ends and another goes on, now and then; 0: never
	Judges  []Judge
}

// plain reports that outcomes which depend on how a query is run can be compared:
// plans, changes by epoch, progress.
func (v Variation) plain() bool {
	return v.Workers <= 1 && !v.NoRules && v.Recut == 0 && v.Restart == 0 && !v.Crowded
}

// failing is an error of eval, to the end of its line.
var failing = regexp.MustCompile("error: .*")

// comparable leaves out what a variation may say in other words: an error names the
// expression that failed, which a rule may have made of the one that was written.
func (v Variation) comparable(text string) string {
	if v.NoRules {
		return failing.ReplaceAllString(text, "error")
	}
	return text
}

// A Judge answers a bounded query by means of its own. After each epoch the result
// of every running query is compared with what each judge says of the same SQL.
type Judge struct {
	Name   string
	Answer func(ctx context.Context, db *sqlstream.DB, query string) (*zset.Batch, error)
}

// BatchPath is the judge that every variation has: the engine's own answer to the
// query asked from scratch.
var BatchPath = Judge{"the bounded query", func(ctx context.Context, db *sqlstream.DB, query string) (*zset.Batch, error) {
	rows, err := db.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return collect(rows)
}}

// Variations are the ways in which every script is run, given how many seeds it is
// cut by. Between them any two of cut, workers and rules come in every combination.
func Variations(seeds int) []Variation {
	list := []Variation{
		{Name: "written"},
		{Name: "two-workers", Workers: 2},
		{Name: "no-rules", NoRules: true},
		{Name: "two-workers-no-rules", Workers: 2, NoRules: true},
	}
	list = append(list, Variation{Name: "without-memory", Workers: 2, Crowded: true}, Variation{Name: "recut-without-memory", Recut: 1, Crowded: true})
	for seed := 1; seed <= seeds; seed++ {
		list = append(list, Variation{
			Name: fmt.Sprintf("recut-%d", seed), Recut: uint64(seed), Workers: 1 + seed%2, NoRules: seed%4 > 1,
		})
	}
	list = append(list,
		Variation{Name: "restart", Restart: 1, Workers: 2},
		Variation{Name: "restart-recut", Restart: 2, Recut: 2},
		Variation{Name: "restart-without-memory", Restart: 3, Recut: 3, Workers: 2, Crowded: true})
	return judged(list)
}

// AllVariations are all combinations: as written and cut by each of the seeds, by one
// worker and by two, with rules and without, and with a process that ends and goes on, with
// memory and without.
func AllVariations(seeds int) []Variation {
	var list []Variation
	for seed := range seeds + 1 {
		for workers := 1; workers <= 2; workers++ {
			for _, noRules := range []bool{false, true} {
				v := Variation{Name: "written", Recut: uint64(seed), Workers: workers, NoRules: noRules}
				if seed > 0 {
					v.Name = fmt.Sprintf("recut-%d", seed)
				}
				if v.Name += fmt.Sprintf("-%d", workers); noRules {
					v.Name += "-no-rules"
				}
				list = append(list, v)
				v.Name, v.Restart = v.Name+"-restart", uint64(len(list))
				list = append(list, v)
				v.Name, v.Crowded = v.Name+"-without-memory", true
				list = append(list, v)
			}
		}
	}
	return judged(list)
}

func judged(list []Variation) []Variation {
	for i := range list {
		list[i].Judges = []Judge{Naive}
	}
	return list
}

// A Failure is a place of the script where what happened is not what must.
type Failure struct {
	Line int
	Text string
}

// A Report is what came of a run.
type Report struct {
	Got      []string // by block: what it printed; what the file says where the variation cannot tell
	Failures []Failure
}

// deadline bounds a run: a query that hangs is an error and not the end of all tests.
const deadline = 2 * time.Minute

// Run runs the script in a database of its own. The error is of the script, not of
// what it tests.
func (s *Script) Run(ctx context.Context, v Variation) (Report, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	r := Report{}
	ses, err := openSession(ctx, v)
	if err != nil {
		return r, err
	}
	for _, b := range s.Blocks {
		ses.line = b.Line
		if v.Restart > 0 && ses.dice.IntN(3) == 0 {
			if err := ses.reopen(); err != nil {
				return r, fmt.Errorf("%s:%d: before this, on opening the directory again: %w", s.Name, b.Line, errors.Join(err, ses.close()))
			}
		}
		got, err := ses.run(b)
		if err != nil {
			return r, errors.Join(fmt.Errorf("%s:%d: %w%s", s.Name, b.Line, err, r.before(ses)), ses.close())
		}
		if want := b.Want; got != want && !nearlySame(v.comparable(got), v.comparable(want)) {
			r.Failures = append(r.Failures, Failure{b.Line, fmt.Sprintf("%s printed\n%swant\n%s", b.Cmd, quoted(got), quoted(b.Want))})
		}
		for _, p := range ses.problems() {
			r.Failures = append(r.Failures, Failure{b.Line, p})
		}
		r.Got = append(r.Got, got)
	}
	if len(r.Failures) > 0 && len(ses.events) > 0 {
		r.Failures[0].Text += fmt.Sprintf("\nwith the restarts of seed %d:\n%s", v.Restart, quoted(strings.Join(ses.events, "\n")))
	}
	return r, ses.close()
}

// before tells what failed before a script could not go on, which may be why.
func (r *Report) before(ses *session) string {
	out := ""
	for _, f := range r.Failures {
		out += fmt.Sprintf("\nafter line %d: %s", f.Line, f.Text)
	}
	if out != "" {
		out += "\nwith these restarts:\n" + quoted(strings.Join(ses.events, "\n"))
	}
	return out
}

// quoted sets a text apart from the words around it.
func quoted(text string) string {
	if text == "" {
		return "    (nothing)\n"
	}
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}
