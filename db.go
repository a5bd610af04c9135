package sqlstream

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/sqlstream/sqlstream/builtin"
	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/stream"
)

// A DB is an open database: a catalog of names and the queries that run. Its state
// is in memory and ends with Close.
type DB struct {
	catalog    *catalog.Catalog
	functions  *function.Registry
	connectors []connectors.Connector
	formats    []format.Format
	planner    planner.Planner
	engine     *stream.Engine
	env        connectors.Env
	durable    bool // state is kept beyond the process

	write gate // one change of a memory table at a time

	mu       sync.Mutex
	settings settings
	running  map[*stream.Query]*Query
	starting map[string]chan struct{} // names of queries that are about to start, closed then
	serial   int                      // names of queries without one
}

type config struct {
	parallelism int
	noRules     bool
	notice      func(string)
	progress    func(Progress)
	out         io.Writer
	now         func() time.Time
}

// An Option changes how a database is opened.
type Option func(*config)

// WithParallelism sets the number of workers of each query; the default is the
// number of cores.
func WithParallelism(n int) Option { return func(c *config) { c.parallelism = n } }

// WithNotice calls f with what the user should know and need not answer: a broker
// that is away, the first bad record of a table. f is called from any goroutine
// and must not block. Without it notices are dropped.
func WithNotice(f func(text string)) Option { return func(c *config) { c.notice = f } }

// WithProgress calls f after each epoch of each query. f must not block.
func WithProgress(f func(Progress)) Option { return func(c *config) { c.progress = f } }

// WithOutput sets where the console connector prints; the default is standard
// output.
func WithOutput(w io.Writer) Option { return func(c *config) { c.out = w } }

// WithClock replaces the clock that NOW() and triggers go by.
func WithClock(now func() time.Time) Option { return func(c *config) { c.now = now } }

// WithoutRules leaves out the optimiser's optional rules. Results are the same; it
// is there to check that they are.
func WithoutRules() Option { return func(c *config) { c.noRules = true } }

// Open opens a database.
func Open(ctx context.Context, options ...Option) (*DB, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := config{parallelism: runtime.GOMAXPROCS(0), now: time.Now, notice: func(string) {}}
	for _, o := range options {
		o(&c)
	}
	if c.parallelism < 1 || c.parallelism > 1024 {
		return nil, fmt.Errorf("parallelism must lie between 1 and 1024, not %d", c.parallelism)
	}
	db := &DB{
		catalog:    catalog.New(),
		functions:  builtin.Functions(),
		connectors: builtin.Connectors(),
		formats:    builtin.Formats(),
		env:        connectors.Env{Notice: c.notice, Now: c.now, Out: c.out},
		settings:   defaultSettings(),
		running:    map[*stream.Query]*Query{},
		starting:   map[string]chan struct{}{},
		write:      make(gate, 1),
	}
	for i, c := range db.connectors {
		db.connectors[i] = c.Following()
	}
	db.planner = planner.Planner{Catalog: db.catalog, Functions: db.functions, Workers: c.parallelism, NoRules: c.noRules}
	db.planner.Size = db.size
	db.engine = stream.New(stream.Config{
		Workers: c.parallelism, Env: db.env, NewBackend: builtin.NewBackend, OnProgress: c.progress, MemoryLimit: memoryLimit(db.settings["memory.limit"]),
	})
	return db, nil
}

// Close stops every query after its running epoch. One that takes longer than ten
// seconds, such as one that writes to a broker that is away, is given up: it is no part
// of any result.
func (db *DB) Close() error {
	db.engine.Close()
	return nil
}

// A gate lets one through at a time; who waits may give up.
type gate chan struct{}

func (g gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g gate) leave() { <-g }

// connector returns the connector of that name.
func (db *DB) connector(name string) *connectors.Connector {
	for i := range db.connectors {
		if db.connectors[i].Name == name {
			return &db.connectors[i]
		}
	}
	return nil
}

func (db *DB) format(name string) *format.Format {
	for i := range db.formats {
		if db.formats[i].Name == name {
			return &db.formats[i]
		}
	}
	return nil
}

// nextName returns a name for a query that was given none.
func (db *DB) nextName(kind string) string {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.serial++
	return fmt.Sprintf("%s_%d", kind, db.serial)
}
