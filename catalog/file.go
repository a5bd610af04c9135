package catalog

import (
	"encoding/json"
	"fmt"
)

// fileVersion is that of the form in which a catalog is kept.
const fileVersion = 1

// A Statement is what an entry is made again from: the text that made it, and the
// settings that held.
type Statement struct {
	ID   string            `json:"id,omitempty"` // of a table
	SQL  string            `json:"sql"`
	File string            `json:"file,omitempty"`
	Set  map[string]string `json:"settings"`
}

// Stored is a catalog as it is kept. A table or view is kept as the statement that made
// it; a materialized view is so, too, and its query stands among Queries.
type Stored struct {
	Version int `json:"version"`
	// Instance tells the directory from all others.
	Instance string      `json:"instance"`
	Entries  []Statement `json:"entries"`
	Queries  []*Query    `json:"queries"`
}

// Encode gives the form in which a catalog is kept.
func (n *Names) Encode(instance string) ([]byte, error) {
	s := Stored{Version: fileVersion, Instance: instance, Queries: n.queries}
	for _, e := range n.entries {
		k := Statement{SQL: e.SQL, File: e.File, Set: e.Set}
		if e.Def != nil {
			k.ID = e.Def.ID
		}
		s.Entries = append(s.Entries, k)
	}
	return json.MarshalIndent(s, "", " ")
}

// Decode reads it.
func Decode(data []byte) (*Stored, error) {
	var s Stored
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, err
	}
	if s.Version != fileVersion {
		return nil, fmt.Errorf("its form is version %d, and this program reads version %d", s.Version, fileVersion)
	}
	for _, q := range s.Queries {
		if q == nil || q.ID == "" || q.Name == "" {
			return nil, fmt.Errorf("a query without a name is among its queries")
		}
	}
	return &s, nil
}

// Restore puts the queries of a kept catalog into one whose entries were made again.
func (c *Catalog) Restore(s *Stored) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := c.now.clone()
	next.queries = s.Queries
	c.now = next
}
