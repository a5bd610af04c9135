// Package catalog holds what names mean: tables, views, materialized views and
// running queries, as plain data. It knows nothing of how they run.
package catalog

import (
	"encoding/json"
	"errors"
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
	SQL    string            // the statement as it was written
	File   string            // where it stood, for messages about SQL
	Set    map[string]string // the settings when it was created, by canonical name
	Schema *types.Schema     // the columns a query sees; of a view, filled in when it is created

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

// A Query is a continuous query that outlives the process: what is needed to go on with
// it. Like an Entry it is immutable.
type Query struct {
	// ID is no other query's, also not of one that had the name before: what a dataflow
	// keeps is told apart by it.
	ID   string            `json:"id"`
	Name string            `json:"name"`
	Kind string            `json:"kind"` // "INSERT" or "MATERIALIZED VIEW"
	SQL  string            `json:"sql"`
	File string            `json:"file,omitempty"`
	Set  map[string]string `json:"settings"` // when it was created: it keeps them
	Mode string            `json:"mode"`     // of output, as SQL writes it
	Plan json.RawMessage   `json:"plan"`     // as it was optimised: nothing but this is run
	// Status is "RUNNING" for one that is to go on, else "STOPPED", "FAILED" or "FINISHED";
	// Error is that of a failed one.
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
}

// ErrExists and ErrNotFound say that a name is taken or unknown.
var (
	ErrExists   = errors.New("already exists")
	ErrNotFound = errors.New("does not exist")
)

// A Catalog maps names to entries and queries. Letter case is ignored. It may be used
// from several goroutines.
type Catalog struct {
	changing sync.Mutex // one change at a time
	save     func(*Names) error

	mu  sync.RWMutex
	now *Names // never changed, but replaced
}

// New returns an empty catalog.
func New() *Catalog { return &Catalog{now: &Names{}} }

// Keep lets save make every change durable before anybody sees it. Where save fails
// nothing has changed.
func (c *Catalog) Keep(save func(*Names) error) {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.save = save
}

// Now returns what names mean now.
func (c *Catalog) Now() *Names {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.now
}

// Change makes all changes of f, or none where f or what keeps them fails.
func (c *Catalog) Change(f func(*Names) error) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	next := c.Now().clone()
	if err := f(next); err != nil {
		return err
	}
	if c.save != nil {
		if err := c.save(next); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = next
	return nil
}

// Lookup returns the entry of that name.
func (c *Catalog) Lookup(name string) (*Entry, bool) { return c.Now().Lookup(name) }

// Put adds an entry. With replace, one of the same name gives way; otherwise
// that is ErrExists.
func (c *Catalog) Put(e *Entry, replace bool) error {
	return c.Change(func(n *Names) error { return n.Put(e, replace) })
}

// Drop removes an entry.
func (c *Catalog) Drop(name string) error {
	return c.Change(func(n *Names) error { return n.Drop(name) })
}

// List returns the entries in the order of their creation.
func (c *Catalog) List() []*Entry { return c.Now().entries }

// Names returns the names there are, for suggestions.
func (c *Catalog) Names() []string {
	var names []string
	for _, e := range c.List() {
		names = append(names, e.Name)
	}
	return names
}

// Query returns the query of that name.
func (c *Catalog) Query(name string) (*Query, bool) { return c.Now().Query(name) }
