package benchmark

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/rusage"
)

// Options say how a query is run.
type Options struct {
	Events     int64
	Seed       int64
	Rate       int64  // events a second; 0 for as fast as it goes
	Bootstrap  string // brokers of Kafka, from which the events are read; "" for the generators themselves
	Splits     int    // of each table, and partitions of a topic
	OutOfOrder int64  // the size of groups of events in disorder
	Workers    int
	EpochRows  int64 // how many rows of a table an epoch takes at most
	Runs       int
	Verify     bool

	// Observe is told of each epoch's progress; nil for nobody.
	Observe func(sqlstream.Progress)

	// Notice is told what the engine has to say, such as that it waits for a broker; nil for
	// nobody.
	Notice func(text string)

	topics string // what topics of their own end with
}

// A Report is what came of the runs of a query.
type Report struct {
	Workload    string `json:"workload"`
	Query       string `json:"query"`
	Mode        string `json:"mode"`
	Source      string `json:"source"` // "direct" or "kafka"
	Events      int64  `json:"events"`
	Seed        int64  `json:"seed"`
	Rate        int64  `json:"rate,omitempty"`
	Parallelism int    `json:"parallelism"`
	Runs        []Run  `json:"runs"`
	Verified    bool   `json:"verified,omitempty"` // that what the query put out is the answer
	Verdict     string `json:"verdict,omitempty"`  // "equal", or the difference
	Error       string `json:"error,omitempty"`
}

// A Run is what was measured in one run.
type Run struct {
	Records    int64   `json:"records"` // that the query read
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpuSeconds"` // of the whole process, the generators among it
	Epochs     int     `json:"epochs"`
	EpochP50   float64 `json:"epochP50Ms"`
	EpochP99   float64 `json:"epochP99Ms"`
	OutputRows int64   `json:"outputRows"`
	StateRows  int64   `json:"stateRows"`  // at the end
	StateBytes int64   `json:"stateBytes"` // the most at an epoch's end
	PeakRSS    int64   `json:"peakRssBytes,omitempty"`
}

// PerSecond is how many records were read in a second.
func (r *Run) PerSecond() float64 { return float64(r.Records) / r.Seconds }

// PerCPUSecond is how many records were read for each second of a processor's time.
func (r *Run) PerCPUSecond() float64 { return float64(r.Records) / r.CPUSeconds }

// sinkName is the table that queries write to, and so the name of the query that runs.
const sinkName = "benchmark_sink"

// Run runs a query of the workload.
func (w *Workload) Run(ctx context.Context, q Query, o Options) (Report, error) {
	rep := Report{
		Workload: w.Name, Query: q.Name, Mode: q.Mode, Source: "direct", Events: o.Events, Seed: o.Seed, Rate: o.Rate,
		Parallelism: max(o.Workers, 1),
	}
	if o.Bootstrap != "" {
		rep.Source = "kafka"
	}
	sink, err := w.sink(ctx, q)
	if err != nil {
		return rep, err
	}
	for range max(o.Runs, 1) {
		r, err := w.once(ctx, q, sink, o)
		if err != nil {
			return rep, err
		}
		rep.Runs = append(rep.Runs, r)
	}
	if o.Verify {
		rep.Verified, rep.Verdict, err = w.verify(ctx, q, o)
	}
	return rep, err
}

// sink is the definition of a table that takes what a query puts out, and drops it.
func (w *Workload) sink(ctx context.Context, q Query) (string, error) {
	db, err := sqlstream.Open(ctx)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := db.Exec(ctx, w.Setup); err != nil {
		return "", err
	}
	for _, t := range w.Tables {
		if err := db.Exec(ctx, t.Create(generated(t, Options{}, 0))); err != nil {
			return "", err
		}
	}
	run, err := db.Start(ctx, q.SQL+"\nEMIT "+q.Mode+" TRIGGER AVAILABLE NOW")
	if err != nil {
		return "", err
	}
	var columns []string
	for _, f := range run.Schema().Fields {
		columns = append(columns, fmt.Sprintf("`%s` %s", strings.ReplaceAll(f.Name, "`", "``"), f.Type))
	}
	return "CREATE TABLE " + sinkName + " (" + strings.Join(columns, ", ") + ") WITH (connector = 'discard')", nil
}

// once runs a query in a database of its own.
func (w *Workload) once(ctx context.Context, q Query, sink string, o Options) (Run, error) {
	seen := &observer{forward: o.Observe}
	if o.Rate > 0 { // topics that are empty yet
		o.topics = fmt.Sprintf("-%d", time.Now().UnixNano())
	}
	db, err := w.open(ctx, o, o.Rate, sqlstream.WithProgress(seen.observe))
	if err != nil {
		return Run{}, err
	}
	defer db.Close()
	if err := db.Exec(ctx, sink); err != nil {
		return Run{}, err
	}
	query := "INSERT INTO " + sinkName + " " + q.SQL + "\nEMIT " + q.Mode
	runtime.GC() // of the runs before
	debug.FreeOSMemory()
	rusage.ResetPeak()
	began, cpu := time.Now(), rusage.CPU()
	if o.Rate > 0 {
		err = w.paced(ctx, db, query, o)
	} else {
		err = db.Exec(ctx, query+" TRIGGER AVAILABLE NOW")
	}
	if err != nil {
		return Run{}, err
	}
	r := seen.run()
	r.Seconds, r.CPUSeconds, r.PeakRSS = time.Since(began).Seconds(), (rusage.CPU() - cpu).Seconds(), rusage.Peak()
	return r, nil
}

// open opens a database with the tables of the workload.
func (w *Workload) open(ctx context.Context, o Options, rate int64, more ...sqlstream.Option) (*sqlstream.DB, error) {
	db, err := sqlstream.Open(ctx, append(more, sqlstream.WithParallelism(max(o.Workers, 1)), sqlstream.WithNotice(o.Notice))...)
	if err != nil {
		return nil, err
	}
	if err = db.Exec(ctx, w.Setup); err == nil && o.EpochRows > 0 {
		err = db.Exec(ctx, fmt.Sprintf("SET max_rows_per_trigger = %d", o.EpochRows))
	}
	for _, t := range w.Tables {
		if err == nil {
			err = w.create(ctx, db, t, o, rate)
		}
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// create defines a table that is read. A static one is filled: it is there before any
// event.
func (w *Workload) create(ctx context.Context, db *sqlstream.DB, t Table, o Options, rate int64) error {
	switch {
	case t.Static:
		made := t
		made.Name = "made_" + t.Name
		return db.Exec(ctx, made.Create(generated(made, o, 0))+t.Create("connector = 'memory'")+
			"INSERT INTO "+t.Name+" SELECT * FROM "+made.Name)
	case o.Bootstrap != "":
		return db.Exec(ctx, t.Create(w.kafka(t, o)))
	}
	return db.Exec(ctx, t.Create(generated(t, o, rate)))
}

func generated(t Table, o Options, rate int64) string {
	more := []string{fmt.Sprintf("seed = '%d'", o.Seed)}
	if t.Static {
		return t.Generated(0, 0, more...)
	}
	more = append(more, fmt.Sprintf("'rows.per.second' = '%d'", rate))
	if o.Splits > 1 {
		more = append(more, fmt.Sprintf("splits = '%d'", o.Splits))
	}
	if o.OutOfOrder > 1 {
		more = append(more, fmt.Sprintf("'out.of.order' = '%d'", o.OutOfOrder))
	}
	return t.Generated(0, o.Events, more...)
}

// paced runs a query over rows that come at a rate, until all are there.
func (w *Workload) paced(ctx context.Context, db *sqlstream.DB, query string, o Options) error {
	if err := db.Exec(ctx, query); err != nil {
		return err
	}
	run := db.Queries()[0]
	if o.Bootstrap == "" {
		return run.Wait(ctx)
	}
	if err := w.produce(ctx, o); err != nil {
		return err
	}
	if err := run.ProcessAllAvailable(ctx); err != nil {
		return err
	}
	return run.Stop(ctx)
}

// An observer sums progress up.
type observer struct {
	forward func(sqlstream.Progress)

	mu         sync.Mutex
	records    int64
	output     int64
	stateRows  int64
	stateBytes int64
	millis     []float64 // by epoch
}

func (s *observer) observe(p sqlstream.Progress) {
	if p.Name != sinkName {
		return
	}
	if s.forward != nil {
		s.forward(p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = p.TotalRows
	for _, k := range p.Sink {
		s.output += k.NumOutputRows
	}
	var bytes int64
	s.stateRows = 0
	for _, st := range p.StateOperators {
		bytes += st.MemoryUsedBytes
		s.stateRows += st.NumRowsTotal
	}
	s.stateBytes = max(s.stateBytes, bytes)
	if p.ProcessedRowsPerSecond > 0 { // finer than DurationMs
		s.millis = append(s.millis, float64(p.NumInputRows)/p.ProcessedRowsPerSecond*1000)
	}
}

func (s *observer) run() Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.millis)
	return Run{
		Records: s.records, OutputRows: s.output, StateRows: s.stateRows, StateBytes: s.stateBytes,
		Epochs: len(s.millis), EpochP50: quantile(s.millis, 0.5), EpochP99: quantile(s.millis, 0.99),
	}
}

// quantile is the value of sorted ones below which a share of them lies, the nearest rank.
func quantile(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

// Median is the median of a figure over runs.
func Median(runs []Run, figure func(*Run) float64) float64 {
	if len(runs) == 0 {
		return 0
	}
	all := make([]float64, len(runs))
	for i := range runs {
		all[i] = figure(&runs[i])
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
