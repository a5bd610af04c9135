package catalog_test

import (
	"errors"
	"testing"

	"github.com/sqlstream/sqlstream/catalog"
)

func entry(name string) *catalog.Entry {
	return &catalog.Entry{Name: name, SQL: "CREATE TABLE " + name}
}

// Several changes are made as one, or none of them: where one fails, and where what is to
// keep them fails.
func TestChangeIsAllOrNothing(t *testing.T) {
	c := catalog.New()
	full := errors.New("the disk is full")
	both := func(n *catalog.Names) error {
		if err := n.Put(entry("a"), false); err != nil {
			return err
		}
		n.PutQuery(catalog.Query{Name: "q"})
		return n.Put(entry("b"), false)
	}
	c.Keep(func(*catalog.Names) error { return full })
	if err := c.Change(both); !errors.Is(err, full) || len(c.Names()) != 0 {
		t.Errorf("on a full disk: %v, %v", err, c.Names())
	}
	c.Keep(func(*catalog.Names) error { return nil })
	if err := c.Put(entry("B"), false); err != nil {
		t.Fatal(err)
	}
	if err := c.Change(both); !errors.Is(err, catalog.ErrExists) || len(c.Names()) != 1 || len(c.Now().Queries()) != 0 {
		t.Errorf("where a name is taken: %v, %v", err, c.Names())
	}
	if err := c.Drop("b"); err != nil {
		t.Fatal(err)
	}
	if err := c.Change(both); err != nil || len(c.Names()) != 2 {
		t.Errorf("%v, %v", err, c.Names())
	}
}

// No query ever gets the ID of another, also not of one that was dropped before the
// catalog was written and read.
func TestQueriesKeepTheirIDs(t *testing.T) {
	c := catalog.New()
	var stored []byte
	c.Keep(func(n *catalog.Names) (err error) { stored, err = n.Encode(); return err })
	put := func(name string) (id string) {
		if err := c.Change(func(n *catalog.Names) error { id = n.PutQuery(catalog.Query{Name: name}).ID; return nil }); err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := put("q")
	if err := c.Change(func(n *catalog.Names) error { n.DropQuery("Q"); return nil }); err != nil {
		t.Fatal(err)
	}
	s, err := catalog.Decode(stored)
	if err != nil {
		t.Fatal(err)
	}
	c = catalog.New()
	c.Restore(s)
	if second := put("q"); second == first || second == "" {
		t.Errorf("first %s, then %s", first, second)
	}
}
