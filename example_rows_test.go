package sqlstream_test

import (
	"fmt"

	"github.com/sqlstream/sqlstream"
)

// pages asks for two rows.
func pages(db *sqlstream.DB) *sqlstream.Rows {
	must(db.Exec(background, `INSERT INTO clicks VALUES ('ann', '/home'), ('bob', NULL)`))
	return must1(db.Query(background, `SELECT user, page FROM clicks ORDER BY user`))
}

func ExampleDB() {
	var db *sqlstream.DB = must1(sqlstream.Open(background))
	defer db.Close()
	for b, err := range must1(db.Query(background, `SELECT 1 + 1 AS two`)).Batches() {
		must(err)
		fmt.Print(b)
	}
	// Output: +1 2
}

// Close stops what runs.
func ExampleDB_Close() {
	db := open()
	q := must1(db.Start(background, `SELECT user FROM clicks EMIT`))
	must(db.Close())
	fmt.Println(q.Status())
	// Output: STOPPED <nil>
}

func ExampleOption() {
	options := []sqlstream.Option{sqlstream.WithParallelism(2), sqlstream.WithNotice(func(string) {})}
	fmt.Println(must1(sqlstream.Open(background, options...)).Close())
	// Output: <nil>
}

// The result is the same for every number of workers.
func ExampleWithParallelism() {
	for workers := 1; workers <= 2; workers++ {
		db := open(sqlstream.WithParallelism(workers))
		counting(db)
		for b, err := range must1(db.Query(background, `SELECT user, COUNT(*) FROM clicks GROUP BY user`)).Batches() {
			must(err)
			fmt.Print(b)
		}
		must(db.Close())
	}
	// Output:
	// +1 ann 1
	// +1 bob 2
	// +1 ann 1
	// +1 bob 2
}

func ExampleResult() {
	db := open()
	defer db.Close()
	for r, err := range db.Run(background, "clicks.sql", `CREATE VIEW pages AS SELECT DISTINCT page FROM clicks; SHOW VIEWS`) {
		must(err)
		fmt.Println(r.Statement, "|", r.Message, "|", r.Rows != nil)
	}
	// Output:
	// CREATE VIEW pages AS SELECT DISTINCT page FROM clicks | view pages created | false
	// SHOW VIEWS |  | true
}

func ExampleSuggestion() {
	db := open()
	defer db.Close()
	s := db.Suggestions("clic")[0]
	fmt.Println(s.Kind, s.Text)
	// Output: table clicks
}

func ExampleRows() {
	db := open()
	defer db.Close()
	rows := pages(db)
	defer rows.Close()
	for rows.Next() {
		var user string
		var page *string
		must(rows.Scan(&user, &page))
		fmt.Println(user, page != nil)
	}
	must(rows.Err())
	// Output:
	// ann true
	// bob false
}

func ExampleRows_Columns() {
	db := open()
	defer db.Close()
	fmt.Println(pages(db).Columns())
	// Output: [user page]
}

func ExampleRows_Schema() {
	db := open()
	defer db.Close()
	fmt.Println(must1(db.Query(background, `SELECT user, LENGTH(page) AS n FROM clicks`)).Schema())
	// Output: (user VARCHAR, n BIGINT)
}

func ExampleRows_Next() {
	db := open()
	defer db.Close()
	n := 0
	for rows := pages(db); rows.Next(); {
		n++
	}
	fmt.Println(n)
	// Output: 2
}

// Rows that end may have ended too early: only Err tells.
func ExampleRows_Err() {
	db := open()
	defer db.Close()
	rows := pages(db)
	for rows.Next() {
	}
	fmt.Println(rows.Err())
	// Output: <nil>
}

// Rows that are not read to their end are closed.
func ExampleRows_Close() {
	db := open()
	defer db.Close()
	rows := pages(db)
	fmt.Println(rows.Next(), rows.Close())
	// Output: true <nil>
}

func ExampleRows_Value() {
	db := open()
	defer db.Close()
	rows := must1(db.Query(background, `SELECT 1, 'a', TRUE, 0.50, NULL`))
	for rows.Next() {
		for i := range rows.Columns() {
			fmt.Printf("%T ", rows.Value(i))
		}
	}
	// Output: int64 string bool string <nil>
}

func ExampleRows_Text() {
	db := open()
	defer db.Close()
	rows := must1(db.Query(background, `SELECT TIMESTAMP '2026-01-01 12:00:00', NULL`))
	for rows.Next() {
		fmt.Println(rows.Text(0))
		fmt.Println(rows.Text(1))
	}
	// Output:
	// 2026-01-01 12:00:00 true
	//  false
}

// By columns is faster than row by row.
func ExampleRows_Batches() {
	db := open()
	defer db.Close()
	for b, err := range pages(db).Batches() {
		must(err)
		fmt.Print(b)
	}
	// Output:
	// +1 ann /home
	// +1 bob NULL
}

func ExampleRows_Epoch() {
	db := open()
	defer db.Close()
	q := counting(db)
	must(db.Exec(background, `INSERT INTO clicks VALUES ('ann', '/')`))
	first := must1(q.Result(background)).Epoch()
	must(db.Exec(background, `INSERT INTO clicks VALUES ('ann', '/')`))
	fmt.Println(must1(q.Result(background)).Epoch() > first)
	// Output: true
}
