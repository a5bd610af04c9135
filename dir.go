package sqlstream

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/sqlstream/sqlstream/builtin"
	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/internal/remedy"
)

// catalogFile is the catalog's name in the directory.
const catalogFile = "catalog"

// WithDir keeps tables, views, queries and their state in a directory, which is made where
// there is none. Opening it again brings everything back, and the queries that ran go on
// where they were, also after a crash. One process at a time may have it.
func WithDir(path string) Option { return func(c *config) { c.dir = path } }

// WithSetup calls f with the database before what its directory holds is brought back: the
// place to register the functions that its queries use.
func WithSetup(f func(*DB) error) Option { return func(c *config) { c.setup = f } }

// openDir opens the directory and reads what is kept in it: nil for nothing.
func (db *DB) openDir(c *config) (*catalog.Stored, error) {
	dir, err := builtin.OpenDir(c.fs, c.dir, builtin.DirOptions{Retain: 1, Report: func(err error) { c.notice(err.Error()) }})
	if err != nil {
		return nil, err
	}
	s, err := readCatalog(dir)
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	db.dir, db.instance = dir, builtin.NewID()
	if s != nil {
		db.instance = s.Instance
	}
	return s, nil
}

// readCatalog reads the catalog of a directory. It is the first that a database writes: one
// that is missing where there is something of flows and tables was lost, and what nobody
// knows any more would go with it.
func readCatalog(dir *builtin.Dir) (*catalog.Stored, error) {
	data, err := dir.ReadFile(catalogFile)
	if errors.Is(err, fs.ErrNotExist) {
		left, err := dir.Left()
		if err == nil && left != "" {
			err = fmt.Errorf("%s is missing, but there is %s: bring it back from a copy of the directory, or name another directory", dir.Path(catalogFile), left)
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	s, err := catalog.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir.Path(catalogFile), err)
	}
	return s, nil
}

// keep writes the catalog whenever it changes, and once now.
func (db *DB) keep() error {
	db.catalog.Keep(func(n *catalog.Names) error {
		data, err := n.Encode(db.instance)
		if err != nil {
			return err
		}
		if err := db.dir.WriteFile(catalogFile, data); err != nil {
			return fmt.Errorf("the change cannot be kept in %s: %w", db.dir.Path(catalogFile), remedy.With(err))
		}
		return nil
	})
	return db.catalog.Change(func(*catalog.Names) error { return nil })
}

// bringBack makes again what the directory holds, and lets its queries go on.
func (db *DB) bringBack(ctx context.Context, s *catalog.Stored) error {
	if s != nil {
		if err := db.remake(s); err != nil {
			return err
		}
		db.catalog.Restore(s)
	}
	if err := db.keep(); err != nil {
		return err
	}
	db.sweep()
	return db.goOn(ctx)
}

// sweep removes what is left of tables that the catalog does not know any more. What cannot
// be removed stays until the directory is opened again, and does no harm.
func (db *DB) sweep() {
	ids := map[string]bool{}
	for _, e := range db.catalog.List() {
		if e.Def != nil {
			ids[e.Def.ID] = true
		}
	}
	for i := range db.connectors {
		if db.connectors[i].Sweep == nil {
			continue
		}
		gone, err := db.connectors[i].Sweep(func(id string) bool { return ids[id] })
		for _, path := range gone {
			db.env.Notice(path + " was of a table that is no more, and is removed")
		}
		if err != nil {
			db.env.Notice(fmt.Sprintf("what is left of tables that are no more cannot be removed: %v", err))
		}
	}
}
