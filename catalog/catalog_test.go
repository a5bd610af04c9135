package catalog_test

import (
	"encoding/json"
	"errors"
	"reflect"
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

// What is kept of a catalog is read as it was written.
func TestKeptCatalog(t *testing.T) {
	c := catalog.New()
	var stored []byte
	c.Keep(func(n *catalog.Names) (err error) { stored, err = n.Encode("here"); return err })
	q := catalog.Query{ID: "1", Name: "q", Kind: "INSERT", SQL: "…", Mode: "UPDATE", Status: "FAILED", Error: "full", Set: map[string]string{"a": "1"}, Plan: json.RawMessage(`"plan"`)}
	err := c.Change(func(n *catalog.Names) error { n.PutQuery(q); return n.Put(entry("a"), false) })
	if err != nil {
		t.Fatal(err)
	}
	s, err := catalog.Decode(stored)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Queries) != 1 || !reflect.DeepEqual(*s.Queries[0], q) || len(s.Entries) != 1 || s.Entries[0].SQL != "CREATE TABLE a" || s.Instance != "here" {
		t.Errorf("%s", stored)
	}
}
