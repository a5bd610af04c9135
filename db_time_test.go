package sqlstream_test

import (
	"testing"
)

// A row comes into a time filter when its time has come, though nothing else happens.
func TestRowsComeInWithoutInput(t *testing.T) {
	db := opened(t)
	exec(t, db, `CREATE TABLE events (id INT, ts TIMESTAMP(3)) WITH (connector = 'memory')`)
	q, err := db.Start(t.Context(), `SELECT id FROM events WHERE ts <= NOW(3)`)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, db, `INSERT INTO events VALUES (1, NOW(3) + INTERVAL 1 SECOND), (2, NOW(3) + INTERVAL 1 DAY)`)
	for c, err := range q.Changes(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		equal(t, c.Delta.String(), "+1 1\n")
		break
	}
}
