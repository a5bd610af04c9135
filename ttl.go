package sqlstream

import (
	"fmt"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
)

// ttl checks the setting state_ttl.
func ttl(text string) error {
	switch d, err := connectors.ParseDuration(text); {
	case err != nil:
		return err
	case d < 0:
		return fmt.Errorf("'%s' is less than nothing; '0' is never", text)
	case d > 0 && d < time.Second:
		return fmt.Errorf("'%s' is less than a second", text)
	}
	return nil
}

// planningOn plans a query on its terms. One that runs on where it lasts forgets what no
// row comes to as it says itself, or else as the setting does.
func (db *DB) planningOn(on terms, tail sql.Tail, lasts bool) *planner.Planner {
	p := db.planner
	p.Zone, p.Workers = on.zone(), on.workers
	if !lasts {
		return &p
	}
	after := tail.Forget
	if after == 0 {
		after = on.span("state.ttl")
	}
	p.Forget = after.Microseconds()
	return &p
}

// forgets refuses STATE TTL where a query has nothing to forget by it.
func forgets(c *sql.Common, tail sql.Tail, p *planner.Query) error {
	if tail.Forget == 0 || p.Forgets() {
		return nil
	}
	return c.Errorf(tail.Offset, "STATE TTL means nothing here: no state of this query grows with keys or rows that are only added").
		WithHint("leave it out; EXPLAIN shows what each operator keeps")
}
