package sqlstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/sqlstream/sqlstream/builtin"
	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/internal/confine"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/stream"
)

// A DB is an open database: a catalog of names and the queries that run. Its state
// is in memory and ends with Close, unless it has a directory: see WithDir.
type DB struct {
	catalog    *catalog.Catalog
	functions  *function.Registry
	connectors []connectors.Connector
	formats    []format.Format
	planner    planner.Planner
	engine     *stream.Engine
	env        connectors.Env
	dir        *builtin.Dir // nil where nothing outlives the process
	selects    bool         // its continuous SELECTs are kept, too
	instance   string       // tells the directory from all others
	closing    sync.Once
	closed     error
	watching   sync.WaitGroup // for the ends of queries that are kept

	write gate // one change of a memory table at a time

	mu       sync.Mutex
	settings settings
	touched  map[string]bool // the settings that were set in this session
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
	memory      string   // memory_limit, "" for its default
	paths       []string // below which files must be
	dir         string
	fs          builtin.FS
	selects     bool // continuous SELECTs are kept, too
	setup       func(*DB) error
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

// WithMemory sets how much memory all queries may hold together: the setting
// memory_limit, such as "8 GiB". What Go has not collected yet comes on top; a program for
// which that is too much sets GOMEMLIMIT.
func WithMemory(limit string) Option { return func(c *config) { c.memory = limit } }

// WithRestrictedPaths confines the files that statements name to these directories and what
// is below them: those of tables, read and written, of references such as ${file:path}, and of
// options of connectors. Symbolic links and ".." count as what they lead to. The directory of
// WithDir is no matter of statements. May be given several times.
func WithRestrictedPaths(dirs ...string) Option {
	return func(c *config) { c.paths = append(c.paths, dirs...) }
}

// WithoutRules leaves out the optimiser's optional rules. Results are the same; it
// is there to check that they are.
func WithoutRules() Option { return func(c *config) { c.noRules = true } }

// Open opens a database.
func Open(ctx context.Context, options ...Option) (*DB, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := config{parallelism: runtime.GOMAXPROCS(0), now: time.Now}
	for _, o := range options {
		o(&c)
	}
	if c.notice == nil {
		c.notice = func(string) {}
	}
	if c.parallelism < 1 || c.parallelism > 1024 {
		return nil, fmt.Errorf("parallelism must lie between 1 and 1024, not %d", c.parallelism)
	}
	if err := memorySize(c.memory); c.memory != "" && err != nil {
		return nil, fmt.Errorf("memory: %w", err)
	}
	dirs, err := confine.New(c.paths...)
	if err != nil {
		return nil, fmt.Errorf("restricted paths: %w", err)
	}
	db := newDB(c)
	db.env.Dirs = dirs
	if c.dir == "" {
		db.start(&c)
		return db, db.setUp(&c)
	}
	stored, err := db.openDir(&c)
	if err != nil {
		return nil, err
	}
	db.start(&c)
	if err = db.setUp(&c); err == nil {
		err = db.bringBack(ctx, stored)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// setUp lets the program add what is its own.
func (db *DB) setUp(c *config) error {
	if c.setup == nil {
		return nil
	}
	return c.setup(db)
}

func newDB(c config) *DB {
	db := &DB{
		catalog:   catalog.New(),
		functions: builtin.Functions(),
		formats:   builtin.Formats(),
		env:       connectors.Env{Notice: c.notice, Now: c.now, Out: c.out},
		settings:  defaultSettings(),
		touched:   map[string]bool{},
		running:   map[*stream.Query]*Query{},
		starting:  map[string]chan struct{}{},
		write:     make(gate, 1),
	}
	db.selects = c.selects
	if c.memory != "" {
		db.settings["memory.limit"] = c.memory
	}
	db.planner = planner.Planner{Catalog: db.catalog, Functions: db.functions, Workers: c.parallelism, NoRules: c.noRules}
	db.planner.Size = db.size
	return db
}

// start makes the engine, and the connectors, of which some keep what is theirs in the
// directory.
func (db *DB) start(c *config) {
	config := stream.Config{
		Workers: c.parallelism, Env: db.env, NewBackend: builtin.NewBackend, OnProgress: c.progress,
		MemoryLimit: memoryLimit(db.settings["memory.limit"]),
	}
	if db.dir != nil {
		config.NewFlow, config.OpenFlow, config.Instance = db.dir.NewFlow, db.dir.OpenFlow, db.instance
		config.Notebook = db.dir.Notebook
		config.NewBackend = db.dir.NewPassing
	}
	db.engine = stream.New(config)
	for _, c := range builtin.Connectors(db.dir) {
		db.connectors = append(db.connectors, c.Following(db.env.Dirs))
	}
}

// Close stops every query after its running epoch. One that takes longer than ten
// seconds, such as one that writes to a broker that is away, is given up: it is no part
// of any result. The queries of a database with a directory go on when it is opened again;
// one whose process dies without Close has lost nothing either.
func (db *DB) Close() error {
	db.closing.Do(func() {
		db.engine.Close()
		db.watching.Wait()
		db.afterWrites()
		if db.dir != nil {
			db.closed = db.dir.Close()
		}
	})
	return db.closed
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

// mayWrite waits until nobody else changes a memory table. Nobody does once the database is
// closed: its directory may be another process's by then.
func (db *DB) mayWrite(ctx context.Context) (leave func(), err error) {
	if err := db.write.enter(ctx); err != nil {
		return nil, err
	}
	if db.engine.Closed() {
		db.write.leave()
		return nil, stream.ErrClosed
	}
	return db.write.leave, nil
}

// afterWrites waits for who changes a memory table while the engine is closed, as long as for an
// epoch.
func (db *DB) afterWrites() {
	ctx, cancel := context.WithTimeout(context.Background(), stream.DefaultGrace)
	defer cancel()
	if db.write.enter(ctx) == nil {
		db.write.leave()
	}
}

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
