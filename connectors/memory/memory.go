// Package memory is tables whose rows live in the engine: written by INSERT, UPDATE
// and DELETE or from Go, read by any query.
package memory

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// New returns the connector with tables of its own, found by name. They last as long as it
// does.
func New() connectors.Connector { return newStore(nil, "").connector() }

// NewIn returns the connector with tables that are kept in a directory, each in one of its
// own that is called by the table's ID; one without an ID lasts as long as the connector.
// No other process may use the directory.
func NewIn(fs vfs.FS, dir string) connectors.Connector { return newStore(fs, dir).connector() }

func (s *store) connector() connectors.Connector {
	c := connectors.Connector{
		Name:   "memory",
		Doc:    "Rows kept in the engine; INSERT, UPDATE and DELETE change them.",
		Memory: true,
		Options: []connectors.Option{
			{Name: "append.only", Default: "false", Values: []string{"true", "false"}, Doc: "rows are only ever added: UPDATE and DELETE are refused, and queries may be in mode APPEND"},
		},
		Source: s.source,
		Sink:   s.sink,
		Size: func(_ context.Context, t *connectors.Table, _ connectors.Env) (int64, error) {
			m, err := s.table(t)
			if err != nil {
				return 0, err
			}
			return m.logged(), nil
		},
		Modes: modes,
		Guarantee: func(_ *connectors.Table, durable bool) connectors.Guarantee {
			if durable {
				return connectors.ExactlyOnce
			}
			return connectors.AtMostOnce
		},
		Drop: s.drop,
	}
	if s.fs != nil {
		c.Sweep = s.sweep
	}
	return c
}

func (s *store) source(_ context.Context, t *connectors.Table, env connectors.Env) (connectors.Source, error) {
	m, err := s.table(t)
	if err != nil {
		return nil, err
	}
	return m.open(env.Query), nil
}

func (s *store) sink(_ context.Context, t *connectors.Table, mode connectors.Mode, schema *types.Schema, env connectors.Env) (connectors.Sink, error) {
	m, err := s.table(t)
	if err != nil {
		return nil, err
	}
	return &sink{table: m, query: env.Query, mode: mode, schema: schema, rows: zset.NewBuilder(schema)}, nil
}

// modes says in which modes a table can be written to.
func modes(t *connectors.Table) connectors.ModeCheck {
	return func(m connectors.Mode) error {
		if appendOnly(t) && m != connectors.Append {
			return fmt.Errorf("rows of table %s are only ever added, and %s takes rows back; declare the table without 'append.only'", t.Name, m)
		}
		return nil
	}
}

func appendOnly(t *connectors.Table) bool { return t.Options.Get("append.only") == "true" }

// split is the one split of a memory table.
const split connectors.Split = "0"

// A store holds the tables of a connector.
type store struct {
	fs    vfs.FS // nil where nothing is kept
	dir   string
	least int64 // compactRows
	away  int64 // awayRows

	mu     sync.Mutex
	tables map[string]*table
}

func newStore(fs vfs.FS, dir string) *store {
	return &store{fs: fs, dir: dir, least: compactRows, away: awayRows, tables: map[string]*table{}}
}

// lasts reports that a table outlives the process.
func (s *store) lasts(t *connectors.Table) bool { return s.fs != nil && t.ID != "" }

// key is what a table is found by. No name begins with a slash.
func (s *store) key(t *connectors.Table) string {
	if s.lasts(t) {
		return "/" + t.ID
	}
	return strings.ToLower(t.Name)
}

// table returns the rows of a catalog entry; one that was dropped and created anew
// begins empty.
func (s *store) table(t *connectors.Table) (*table, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.tables[s.key(t)]
	if ok && (s.lasts(t) || m.def == t) {
		return m, nil
	}
	m = &table{def: t, schema: t.Schema(), least: s.least, away: s.away, index: newIndex(t), sources: map[*source]struct{}{}, changed: make(chan struct{})}
	if s.lasts(t) {
		if err := m.load(s); err != nil {
			return nil, err
		}
	}
	s.tables[s.key(t)] = m
	return m, nil
}

// drop forgets the rows of a table.
func (s *store) drop(t *connectors.Table) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, ok := s.tables[s.key(t)]; ok && (s.lasts(t) || m.def == t) {
		delete(s.tables, s.key(t))
	}
	if !s.lasts(t) {
		return nil
	}
	dir := s.fs.PathJoin(s.dir, t.ID)
	if _, err := s.fs.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := s.fs.RemoveAll(dir); err != nil {
		return err
	}
	return syncDir(s.fs, s.dir)
}
