package sqlstream_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
)

// Tables with a watermark are read so that each comes through the same part of what it has: one
// with a tenth of the rows does not run ahead in time of one that it is joined with. A table
// without one is read as fast as it may be, and so is what is next to nothing beside the others.
func TestTablesAreReadEvenly(t *testing.T) {
	for _, c := range []struct {
		limit, many, few, plain int
		want                    string // the rows of each epoch
	}{
		{150, 200, 20, 90, "50 5 50\n50 5 40\n50 5 0\n50 5 0"},
		{19_200, 12_800, 20, 9_000, "6400 20 6400\n6400 0 2600"},
	} {
		var got []string
		db := opened(t, sqlstream.WithParallelism(1), sqlstream.WithProgress(func(p sqlstream.Progress) {
			var rows []string
			for _, s := range p.Sources {
				rows = append(rows, fmt.Sprint(s.NumInputRows))
			}
			if p.NumInputRows > 0 {
				got = append(got, strings.Join(rows, " "))
			}
		}))
		exec(t, db, fmt.Sprintf(`SET max_rows_per_trigger = %d`, c.limit))
		for table, rows := range map[string]int{"many": c.many, "few": c.few, "plain": c.plain} {
			watermark := ", WATERMARK FOR ts AS ts"
			if table == "plain" {
				watermark = ""
			}
			exec(t, db, fmt.Sprintf(`CREATE TABLE %s (i BIGINT, ts AS TIMESTAMP '2026-01-01 00:00:00' + INTERVAL i SECOND%s)
				WITH (connector = 'datagen', 'rows.per.second' = '0', 'number.of.rows' = '%d', 'fields.i.kind' = 'sequence')`, table, watermark, rows))
		}
		exec(t, db, `CREATE TABLE sink (i BIGINT) WITH (connector = 'discard')`)
		q := start(t, db, `INSERT INTO sink SELECT m.i FROM many m JOIN few f ON m.i = f.i JOIN plain p ON m.i = p.i EMIT TRIGGER AVAILABLE NOW`)
		if err := q.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		equal(t, strings.Join(got, "\n"), c.want)
	}
}
