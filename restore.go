package sqlstream

import (
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/sql"
)

// remake makes the entries of a kept catalog from their statements, each under the settings
// that it was made under. A view may read one that stands behind it, which was replaced
// since: so they are tried until no more can be made.
func (db *DB) remake(s *catalog.Stored) error {
	made := make([]*catalog.Entry, len(s.Entries))
	failed := make([]error, len(s.Entries))
	for left, before := len(s.Entries), -1; left > 0 && left != before; {
		before = left
		for i, st := range s.Entries {
			if made[i] != nil {
				continue
			}
			db.under(st.Set, func() { made[i], failed[i] = db.remade(st, s.Queries) })
			if made[i] == nil {
				continue
			}
			left--
			if err := db.catalog.Put(made[i], false); err != nil {
				return err
			}
		}
	}
	for i, st := range s.Entries {
		if made[i] == nil {
			if made[i] = db.broken(st, failed[i]); made[i] == nil {
				return fmt.Errorf("%s cannot be brought back from %s: %w", oneLine(st.SQL), db.dir.Path(catalogFile), failed[i])
			}
		}
	}
	return db.catalog.Change(func(n *catalog.Names) error { return n.Reorder(made) })
}

// under runs f with the settings of a statement. It is for a database that nobody else has
// yet.
func (db *DB) under(s settings, f func()) {
	was := db.settings
	defer func() { db.settings = was }()
	db.settings = defaultSettings()
	for name, value := range s {
		db.settings[name] = value
	}
	f()
}

// remade makes an entry of its statement; that of a materialized view of its query's plan.
func (db *DB) remade(k catalog.Statement, queries []*catalog.Query) (*catalog.Entry, error) {
	st, err := sql.ParseOne(k.File, k.SQL)
	if err != nil {
		return nil, err
	}
	switch x := st.(type) {
	case *sql.CreateTable:
		e, _, err := db.tableEntry(x)
		if err != nil {
			return nil, err
		}
		e.Def.ID = k.ID
		return e, nil
	case *sql.CreateView:
		if !x.Materialized {
			e, _, err := db.viewPlan(x, db.terms())
			return e, err
		}
		for _, q := range queries {
			if strings.EqualFold(q.Name, x.Name.Text) {
				l, err := db.launchOf(q, db.terms())
				if err != nil {
					return nil, err
				}
				return l.entry, nil
			}
		}
	}
	return nil, fmt.Errorf("it is no CREATE TABLE or VIEW, or the query of a materialized view is missing")
}

// broken is the entry of a view that cannot be made any more, since what it reads is gone
// or has changed: it keeps its name and text, so that it can be shown and dropped. Of
// anything else there is none.
func (db *DB) broken(k catalog.Statement, why error) *catalog.Entry {
	st, err := sql.ParseOne(k.File, k.SQL)
	v, ok := st.(*sql.CreateView)
	if err != nil || !ok {
		return nil
	}
	e := viewEntry(v, terms{settings: k.Set})
	db.env.Notice(fmt.Sprintf("%s %s cannot be used: %v", viewWord(v), e.Name, why))
	return e
}
