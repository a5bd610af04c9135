// Package catalog holds what names mean: tables, views, materialized views and
// running queries, as plain data. It knows nothing of how they run.
package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A Kind says what an entry is.
type Kind uint8

// The kinds of entries.
const (
	Table            Kind = iota // an outside system, or memory, seen as rows
	View                         // a name for a query
	MaterializedView             // a running query whose result can be asked
)

// String gives the kind as SQL writes it.
func (k Kind) String() string { return [...]string{"TABLE", "VIEW", "MATERIALIZED VIEW"}[k] }

// An Entry is a named relation. Entries are immutable; a change replaces them.
type Entry struct {
	Kind   Kind
	Name   string
	SQL    string        // the statement as it was written
	File   string        // where it stood, for messages about SQL
	Schema *types.Schema // the columns a query sees; of a view, filled in when it is created

	// Of a table.
	Def       *connectors.Table // columns as declared, computed ones included
	Connector string
	Computed  map[int]string // column position -> expression text
	Defaults  map[int]string // column position -> text of what INSERT writes where it gives no value
	Checks    []Check
	Watermark *Watermark // declared, nil for none

	// Of a view or materialized view: the query's text, and names for its columns where given.
	Query   string
	Columns []string

	// Of a materialized view, and of a table that is read: what its changes look like.
	AppendOnly bool // rows are only ever added
	Changes    connectors.Changes
	Keys       [][]int // sets of columns that are unique
	Timed      []int   // of a materialized view: columns that have a watermark
}

// A Check is a condition that no row of a table may make FALSE.
type Check struct {
	Name string
	Expr string // the condition's text
}

// A Watermark is a declared bound on how late rows may be.
type Watermark struct {
	Column int
	Expr   string // the expression's text
}

// ErrExists and ErrNotFound say that a name is taken or unknown.
var (
	ErrExists   = errors.New("already exists")
	ErrNotFound = errors.New("does not exist")
)

// A Catalog maps names to entries. Letter case is ignored. It may be used from
// several goroutines.
type Catalog struct {
	mu      sync.RWMutex
	entries map[string]*Entry
	order   []string // by creation
}

// New returns an empty catalog.
func New() *Catalog { return &Catalog{entries: map[string]*Entry{}} }

// Lookup returns the entry of that name.
func (c *Catalog) Lookup(name string) (*Entry, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.entries[strings.ToLower(name)]
	return e, ok
}

// Put adds an entry. With replace, one of the same name gives way; otherwise
// that is ErrExists.
func (c *Catalog) Put(e *Entry, replace bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.ToLower(e.Name)
	if old, ok := c.entries[key]; ok {
		if !replace {
			return fmt.Errorf("%s %s %w", strings.ToLower(old.Kind.String()), old.Name, ErrExists)
		}
	} else {
		c.order = append(c.order, key)
	}
	c.entries[key] = e
	return nil
}

// Drop removes an entry.
func (c *Catalog) Drop(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.ToLower(name)
	if _, ok := c.entries[key]; !ok {
		return fmt.Errorf("%s %w", name, ErrNotFound)
	}
	delete(c.entries, key)
	c.order = slices.DeleteFunc(c.order, func(k string) bool { return k == key })
	return nil
}

// List returns the entries in the order of their creation.
func (c *Catalog) List() []*Entry {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := make([]*Entry, len(c.order))
	for i, key := range c.order {
		out[i] = c.entries[key]
	}
	return out
}

// Names returns the names there are, for suggestions.
func (c *Catalog) Names() []string {
	var names []string
	for _, e := range c.List() {
		names = append(names, e.Name)
	}
	return names
}
