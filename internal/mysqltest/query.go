package mysqltest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/sqlstream/sqlstream"
)

// A query of one row and column, in place of an expression, is asked as it stands.
const isQuery = "SELECT "

// theDatabase holds the table t, and stays for all queries.
var theDatabase = sync.OnceValues(func() (*sqlstream.DB, error) {
	ctx := context.Background()
	db, err := sqlstream.Open(ctx)
	if err != nil {
		return nil, err
	}
	return db, db.Exec(ctx, createTable("t", " WITH (connector = 'memory')"))
})

// createTable makes the table under a name and fills it.
func createTable(name, with string) string {
	var b strings.Builder
	b.WriteString("CREATE TABLE " + name + " (id INT")
	for _, c := range columns {
		b.WriteString(", " + c.name + " " + c.typ)
	}
	b.WriteString(")" + with + ";\n")
	for row := range tableRows {
		fmt.Fprintf(&b, "INSERT INTO "+name+" VALUES (%d", row+1)
		for _, c := range columns {
			b.WriteString(", " + c.values[row])
		}
		b.WriteString(");\n")
	}
	return b.String()
}

func evaluateQuery(text string) (Verdict, error) {
	db, err := theDatabase()
	if err != nil {
		return Verdict{}, err
	}
	rows, err := db.Query(context.Background(), text)
	if err != nil {
		return Verdict{Text: refused, Err: err}, nil
	}
	defer rows.Close()
	out := Verdict{Type: rows.Schema().Fields[0].Type}
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return Verdict{Text: failing, Err: err}, nil
		}
		return out, fmt.Errorf("%s has no row", text)
	}
	out.Text = "NULL"
	if value, ok := rows.Text(0); ok {
		out.Text = escape.Replace(value)
	}
	if rows.Next() {
		return out, fmt.Errorf("%s has several rows", text)
	}
	return out, rows.Err()
}
