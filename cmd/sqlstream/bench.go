package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/sqlstream/sqlstream/bench/nexmark"
	"github.com/sqlstream/sqlstream/bench/ysb"
	"github.com/sqlstream/sqlstream/internal/benchmark"
	"github.com/sqlstream/sqlstream/internal/broker"
)

func benchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Run the Nexmark and Yahoo benchmarks",
		Example: `  sqlstream bench nexmark --query q5,q7
  sqlstream bench ysb --events 10000000`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			return usagef("bench needs the name of a benchmark; there is: nexmark, ysb")
		},
	}
	cmd.AddCommand(workloadCommand(&nexmark.Workload, "The Nexmark benchmark: auctions, bids and people",
		`Run queries of the Nexmark benchmark (q0 to q23, q101 to q106) over made-up events, and
measure them. Of 50 events one is a person, three are auctions, the rest bids.`),
		workloadCommand(&ysb.Workload, "The Yahoo Streaming Benchmark: views of ads by campaign",
			`Run the query of the Yahoo Streaming Benchmark over made-up events, and measure it.`))
	return cmd
}

// benchFlags are the flags of a benchmark.
type benchFlags struct {
	benchmark.Options
	queries []string
	source  string
	json    bool
	profile string
}

func workloadCommand(w *benchmark.Workload, short, long string) *cobra.Command {
	f := benchFlags{}
	cmd := &cobra.Command{
		Use:   w.Name,
		Short: short,
		Long: long + `

The figures are of the whole process: with --source direct what it takes to make the
events up is part of them. --source kafka writes the events to topics first, as JSON,
uncompressed; without --bootstrap the broker runs in this process as well, and its work
counts, so that only a broker of its own tells how fast the engine is.

records are what the query reads, per core is for each second of a processor's time, p50
and p99 are of the time that an epoch takes, state is the most that was kept. Of several
runs the median of each figure is shown.`,
		Example: fmt.Sprintf(`  sqlstream bench %[1]s --events 1000000 --verify
  sqlstream bench %[1]s --rate 50000 --events 500000 --json
  sqlstream bench %[1]s --source kafka --bootstrap localhost:9092`, w.Name),
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			queries, err := f.check(w)
			if err != nil {
				return err
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return runBench(ctx, w, queries, f)
		},
	}
	flags := cmd.Flags()
	flags.Int64Var(&f.Events, "events", 1_000_000, "how many events there are")
	flags.StringSliceVar(&f.queries, "query", []string{"all"}, "the queries, apart by commas, or all")
	flags.Int64Var(&f.Rate, "rate", 0, "events a second; 0 for as fast as it goes")
	flags.StringVar(&f.source, "source", "direct", "where the events come from: direct, kafka")
	flags.StringVar(&f.Bootstrap, "bootstrap", "", "with --source kafka: brokers, host:port")
	flags.Int64Var(&f.Seed, "seed", 1, "another seed gives other events")
	flags.IntVar(&f.Splits, "splits", 1, "splits of each table, or partitions of each topic")
	flags.Int64Var(&f.OutOfOrder, "out-of-order", 1, "the size of groups of events in disorder")
	flags.IntVar(&f.Workers, "parallelism", 1, "workers")
	flags.Int64Var(&f.EpochRows, "epoch-rows", 0, "the most rows of a table that an epoch takes; 0 for the engine's own measure")
	flags.IntVar(&f.Runs, "runs", 1, "how often each query is run")
	flags.BoolVar(&f.Verify, "verify", false, "run each query once more, and compare what it puts out with the answer to the bounded query")
	flags.StringVar(&f.profile, "cpuprofile", "", "write where the processors' time of the runs goes to this file, for go tool pprof")
	flags.BoolVar(&f.json, "json", false, "print the report as JSON, an object for each query")
	return cmd
}

// check refuses flags that make no sense, and finds the queries.
func (f *benchFlags) check(w *benchmark.Workload) ([]benchmark.Query, error) {
	switch {
	case f.source != "direct" && f.source != "kafka":
		return nil, usagef("--source may not be '%s'; it takes direct, kafka", f.source)
	case f.source == "direct" && f.Bootstrap != "":
		return nil, usagef("--bootstrap goes with --source kafka")
	case f.Events < 1:
		return nil, usagef("--events takes a number from 1 on")
	case f.Rate < 0 || f.EpochRows < 0:
		return nil, usagef("--rate and --epoch-rows take a number from 0 on")
	case f.Splits < 1 || f.OutOfOrder < 1 || f.Workers < 1 || f.Runs < 1:
		return nil, usagef("--splits, --out-of-order, --parallelism and --runs take a number from 1 on")
	}
	if slices.Equal(f.queries, []string{"all"}) {
		return w.Queries, nil
	}
	var queries []benchmark.Query
	for _, name := range f.queries {
		q, ok := w.Query(name)
		if !ok {
			var names []string
			for _, q := range w.Queries {
				names = append(names, q.Name)
			}
			return nil, usagef("%s has no query '%s'; it has %s", w.Name, name, strings.Join(names, ", "))
		}
		queries = append(queries, q)
	}
	return queries, nil
}

func runBench(ctx context.Context, w *benchmark.Workload, queries []benchmark.Query, f benchFlags) error {
	f.Observe, f.Notice = easeCollector, newScreen().say
	if f.source == "kafka" {
		if f.Bootstrap == "" {
			b, err := broker.Start(broker.Options{Listen: "127.0.0.1:0", AutoCreate: true})
			if err != nil {
				return err
			}
			defer b.Close()
			f.Bootstrap = b.Addr()
		}
		if f.Rate == 0 || f.Verify {
			load := f.Options
			load.Rate = 0
			if err := w.Load(ctx, load); err != nil {
				return interrupted(ctx, err)
			}
		}
	}
	if !f.json {
		printBenchRow("query", "mode", "records", "seconds", "records/s", "per core", "epochs", "p50 ms", "p99 ms", "rows out", "state", "peak RSS", "")
	}
	if f.profile != "" {
		stop, err := profile(f.profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	wrong := false
	for _, q := range queries {
		rep, err := w.Run(ctx, q, f.Options)
		if ctx.Err() != nil {
			return interrupted(ctx, err)
		}
		if err != nil { // the others may do
			rep.Error = err.Error()
		}
		wrong = wrong || err != nil || f.Verify && !rep.Verified
		if err := f.print(rep); err != nil {
			return err
		}
	}
	if wrong {
		return errReported
	}
	return nil
}

// profile begins to write a profile of the process, until the function that it returns is
// called.
func profile(path string) (stop func(), err error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		if err := file.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "the profile is not whole:", err)
		}
	}, nil
}

func (f *benchFlags) print(rep benchmark.Report) error {
	switch {
	case f.json:
		return json.NewEncoder(os.Stdout).Encode(rep)
	case rep.Error != "":
		fmt.Printf("%-6s%s\n", rep.Query, rep.Error)
	default:
		printBench(rep)
	}
	return nil
}

func printBench(rep benchmark.Report) {
	of := func(digits int, value func(*benchmark.Run) float64) string {
		return humanize.CommafWithDigits(benchmark.Median(rep.Runs, value), digits)
	}
	bytes := func(value func(*benchmark.Run) int64) string {
		return humanize.IBytes(uint64(benchmark.Median(rep.Runs, func(r *benchmark.Run) float64 { return float64(value(r)) })))
	}
	printBenchRow(rep.Query, rep.Mode,
		of(0, func(r *benchmark.Run) float64 { return float64(r.Records) }),
		of(2, func(r *benchmark.Run) float64 { return r.Seconds }),
		of(0, (*benchmark.Run).PerSecond), of(0, (*benchmark.Run).PerCPUSecond),
		of(0, func(r *benchmark.Run) float64 { return float64(r.Epochs) }),
		of(2, func(r *benchmark.Run) float64 { return r.EpochP50 }),
		of(2, func(r *benchmark.Run) float64 { return r.EpochP99 }),
		of(0, func(r *benchmark.Run) float64 { return float64(r.OutputRows) }),
		bytes(func(r *benchmark.Run) int64 { return r.StateBytes }),
		bytes(func(r *benchmark.Run) int64 { return r.PeakRSS }), rep.Verdict)
}

// printBenchRow prints a line of the table. It does not wait for the others, which may
// take long.
func printBenchRow(cells ...any) {
	fmt.Printf("%-6s%-7s%12s%9s%12s%12s%7s%9s%9s%12s%10s%10s  %s\n", cells...)
}
