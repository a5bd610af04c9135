package sqlstream_test

import (
	"testing"
)

// Of several statements in a file an error tells which: one found while its rows are
// read has the place of its statement, one that knows better keeps its own, and text
// without a file is only told what is wrong.
func TestErrorsOfAFileHaveAPlace(t *testing.T) {
	db := opened(t)
	exec(t, db, `CREATE TABLE words (w VARCHAR) WITH (connector = 'memory'); INSERT INTO words VALUES ('seven')`)
	for _, c := range []struct{ file, text, want string }{
		{"q.sql", "SELECT 1;\nSELECT CAST(w AS INT) FROM words", "q.sql:2:1: CAST(w AS INT): 'seven' is not a INT\n  SELECT CAST(w AS INT) FROM words\n  ^"},
		{"q.sql", "SELECT 1;\nSELECT CAST(w AS INT) AS n FROM words ORDER BY n", "q.sql:2:1: CAST(w AS INT): 'seven' is not a INT\n  SELECT CAST(w AS INT) AS n FROM words ORDER BY n\n  ^"},
		{"q.sql", "SELECT 1; SELECT v FROM words", "q.sql:1:18: there is no column v\n  SELECT 1; SELECT v FROM words\n                   ^\nhint: the columns are w"},
		{"", "SELECT CAST(w AS INT) FROM words", "CAST(w AS INT): 'seven' is not a INT"},
	} {
		var got error
		for r, err := range db.Run(t.Context(), c.file, c.text) {
			if got = err; r.Rows == nil {
				continue
			}
			for r.Rows.Next() {
			}
			got = r.Rows.Err()
		}
		if got == nil {
			t.Errorf("%s: no error", c.text)
			continue
		}
		equal(t, got.Error(), c.want)
	}
}
