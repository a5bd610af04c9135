package sqlstream

import (
	"context"
	"time"

	"github.com/sqlstream/sqlstream/catalog"
)

// sizeWait is how long a query waits for somebody outside to tell the size of a table. Where
// that takes longer its joins run in the order in which they are written.
const sizeWait = time.Second

// size estimates the rows of a table or materialized view when a query over it is planned;
// false where nobody knows, and where there are none: of what is yet to come that says
// nothing.
func (db *DB) size(name string) (int64, bool) {
	e, ok := db.catalog.Lookup(name)
	if !ok {
		return 0, false
	}
	n := int64(0)
	switch e.Kind {
	case catalog.MaterializedView:
		if q, ok := db.engine.Query(e.Name); ok {
			n = q.ResultSize()
		}
	case catalog.Table:
		c := db.connector(e.Connector)
		if c == nil || c.Size == nil {
			return 0, false
		}
		ctx, cancel := context.WithTimeout(context.Background(), sizeWait)
		defer cancel()
		var err error
		if n, err = c.Size(ctx, e.Def, db.env); err != nil {
			return 0, false
		}
	}
	return n, n > 0
}
