package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// Names is what names mean at one time: entries and queries, in the order of their
// creation.
type Names struct {
	entries []*Entry
	queries []*Query
}

func (n *Names) clone() *Names {
	return &Names{entries: slices.Clone(n.entries), queries: slices.Clone(n.queries)}
}

// Lookup returns the entry of that name.
func (n *Names) Lookup(name string) (*Entry, bool) {
	if i := n.entry(name); i >= 0 {
		return n.entries[i], true
	}
	return nil, false
}

func (n *Names) entry(name string) int {
	key := strings.ToLower(name)
	return slices.IndexFunc(n.entries, func(e *Entry) bool { return strings.ToLower(e.Name) == key })
}

// Put adds an entry. With replace, one of the same name gives way; otherwise
// that is ErrExists.
func (n *Names) Put(e *Entry, replace bool) error {
	i := n.entry(e.Name)
	switch {
	case i < 0:
		n.entries = append(n.entries, e)
	case !replace:
		old := n.entries[i]
		return fmt.Errorf("%s %s %w", strings.ToLower(old.Kind.String()), old.Name, ErrExists)
	default:
		n.entries[i] = e
	}
	return nil
}

// Reorder puts entries in the place of all that there are.
func (n *Names) Reorder(entries []*Entry) error {
	n.entries = entries
	return nil
}

// Drop removes an entry.
func (n *Names) Drop(name string) error {
	i := n.entry(name)
	if i < 0 {
		return fmt.Errorf("%s %w", name, ErrNotFound)
	}
	n.entries = slices.Delete(n.entries, i, i+1)
	return nil
}

// Queries returns the queries. The caller does not change the slice.
func (n *Names) Queries() []*Query { return n.queries }

// Query returns the query of that name.
func (n *Names) Query(name string) (*Query, bool) {
	if i := n.query(name); i >= 0 {
		return n.queries[i], true
	}
	return nil, false
}

func (n *Names) query(name string) int {
	return slices.IndexFunc(n.queries, func(q *Query) bool { return strings.EqualFold(q.Name, name) })
}

// PutQuery adds a query, or puts it in the place of the one of that name.
func (n *Names) PutQuery(q Query) {
	if i := n.query(q.Name); i >= 0 {
		n.queries[i] = &q
	} else {
		n.queries = append(n.queries, &q)
	}
}

// DropQuery removes the query of that name, if there is one.
func (n *Names) DropQuery(name string) {
	n.queries = slices.DeleteFunc(n.queries, func(q *Query) bool { return strings.EqualFold(q.Name, name) })
}
