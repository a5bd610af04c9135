package scalar_test

import (
	"context"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream"
)

// A document that is nested too deeply for what looks at all of it is an error, and not a
// long wait; what follows one path takes it. JSON that is deeper still is no JSON.
func TestDeepJSON(t *testing.T) {
	ctx := context.Background()
	db, err := sqlstream.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const (
		arrays  = "CAST(CONCAT(REPEAT('[', 5000), REPEAT(']', 5000)) AS JSON)"
		objects = `CAST(CONCAT(REPEAT('{"a":', 5000), '1', REPEAT('}', 5000)) AS JSON)`
		deep    = "nested more than 100 deep"
	)
	for _, x := range []struct{ expr, err string }{
		{"json_depth(" + arrays + ")", ""},
		{"json_length(" + arrays + ", '$[0][0]')", ""},
		{"json_value(" + objects + ", '$.a.a.b' RETURNING INT)", ""},
		{"json_set(" + objects + ", '$.a.a.b', 1)", ""},
		{"json_merge_patch('[1]', " + arrays + ")", deep},
		{"json_contains(" + arrays + ", '1')", deep},
		{"json_contains(" + objects + ", '1', '$.a')", deep},
		{"json_overlaps('1', " + arrays + ")", deep},
		{"json_equals(" + objects + ", '1')", deep},
		{"1 MEMBER OF (" + arrays + ")", deep},
		{"json_merge_preserve(" + arrays + ", '1')", deep},
		{"json_merge_patch('1', " + objects + ")", deep},
		{"json_normalize(" + objects + ")", deep},
		{"json_search(" + objects + ", 'all', '%')", deep},
		{"json_extract(" + objects + ", '$**.a')", deep},
		{"json_value(" + objects + ", '$**.a' RETURNING JSON)", deep},
		{"CAST(CONCAT(REPEAT('[', 20000), REPEAT(']', 20000)) AS JSON)", "not valid JSON"},
	} {
		err := evaluated(ctx, db, x.expr)
		switch {
		case x.err == "" && err != nil, x.err != "" && (err == nil || !strings.Contains(err.Error(), x.err)):
			text := "no error"
			if err != nil {
				text = err.Error()
			}
			t.Errorf("%s: …%s", x.expr, text[max(0, len(text)-200):])
		}
	}
	// A document that lists itself many times over is an error of JSON_TABLE, too.
	err = evaluated(ctx, db, "(SELECT COUNT(*) FROM JSON_TABLE(CONCAT('[', REPEAT('1,', 1100), '1]'), '$' COLUMNS (NESTED PATH '$[*]' COLUMNS (a INT PATH '$'), n FOR ORDINALITY)) x)")
	if err != nil {
		t.Error(err)
	}
	err = evaluated(ctx, db, `(SELECT COUNT(*) FROM JSON_TABLE(CONCAT(REPEAT('[', 90), '1', REPEAT(']', 90)), '$**[0]' COLUMNS (NESTED PATH '$**[0]' COLUMNS (NESTED PATH '$**[0]' COLUMNS (NESTED PATH '$**[0]' COLUMNS (NESTED PATH '$**[0]' COLUMNS (n FOR ORDINALITY)))))) x)`)
	if err == nil || !strings.Contains(err.Error(), "more than 1000000 rows") {
		t.Error(err)
	}
}

func evaluated(ctx context.Context, db *sqlstream.DB, expr string) error {
	rows, err := db.Query(ctx, "SELECT "+expr+" AS x")
	if err != nil {
		return err
	}
	for _, err := range rows.Batches() {
		if err != nil {
			return err
		}
	}
	return nil
}
