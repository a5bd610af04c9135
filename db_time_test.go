package sqlstream_test

import (
	"testing"
)

// A row leaves a time filter when its time has come, though nothing else happens.
func TestRowsLeaveWithoutInput(t *testing.T) {
	db := opened(t)
	exec(t, db, `CREATE TABLE events (id INT, ts TIMESTAMP(3)) WITH (connector = 'memory')`)
	q, err := db.Start(t.Context(), `SELECT id FROM events WHERE ts > NOW(3) - INTERVAL 1 SECOND`)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, db, `INSERT INTO events VALUES (1, NOW(3)), (2, NOW(3) - INTERVAL 1 DAY), (3, NOW(3) + INTERVAL 1 DAY)`)
	var seen string
	for c, err := range q.Changes(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if seen += c.Delta.String(); c.Delta.Weights != nil {
			break
		}
	}
	equal(t, seen, "+1 1\n+1 3\n-1 1\n")
}
