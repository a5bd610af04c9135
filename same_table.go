package sqlstream

import (
	"reflect"

	"github.com/sqlstream/sqlstream/builtin"
	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
)

// tableID names a table in the catalog of a directory. It is that of the table in whose place
// it is put, where this one gives the same rows and only gets at them in another way, so that
// queries over the one go on with the other: after a broker has moved, or a password, or when
// they are to go on behind records that are gone.
func (db *DB) tableID(e *catalog.Entry, c *connectors.Connector) string {
	old, ok := db.catalog.Lookup(e.Name)
	if ok && old.Def != nil && !c.Memory && sameTerms(old.Set, e.Set) && reflect.DeepEqual(essence(old, c), essence(e, c)) {
		return old.Def.ID
	}
	return builtin.NewID()
}

// essence is what the rows of a table follow from.
func essence(e *catalog.Entry, c *connectors.Connector) catalog.Entry {
	out, def := *e, *e.Def
	out.Name, out.SQL, out.File, out.Set = "", "", "", nil
	out.Def, def.Name, def.ID, def.Options = &def, "", "", connectors.Options{}
	for name, value := range e.Def.Options {
		def.Options[name] = value
	}
	for _, o := range c.Options {
		if o.Later {
			delete(def.Options, o.Name)
		}
	}
	return out
}
