package kafka

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/connectors"
)

// keyColumns returns the positions in the table of the columns that make the
// record's key: key.fields, otherwise the primary key, otherwise none.
func keyColumns(t *connectors.Table) ([]int, error) {
	list := t.Options.Get("key.fields")
	if list == "" {
		return t.PrimaryKey, nil
	}
	if len(t.PrimaryKey) > 0 {
		return nil, errors.New("option 'key.fields' excludes PRIMARY KEY, whose columns are the record's key")
	}
	var out []int
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(t.Columns, func(c connectors.Column) bool { return strings.EqualFold(c.Name, name) })
		switch {
		case i < 0:
			return nil, fmt.Errorf("option 'key.fields': there is no column %s", name)
		case t.Columns[i].Metadata != "" || t.Columns[i].Computed:
			return nil, fmt.Errorf("option 'key.fields': column %s is not stored in the record", name)
		case slices.Contains(out, i):
			return nil, fmt.Errorf("option 'key.fields' names %s twice", name)
		}
		out = append(out, i)
	}
	return out, nil
}

// keyFormat returns the format of the record's key.
func keyFormat(t *connectors.Table) string {
	if f := t.Options.Get("key.format"); f != "" {
		return f
	}
	if len(t.PrimaryKey) > 0 {
		return "json"
	}
	return t.Options.Get("format")
}
