package sqlstream_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/sqlstream/sqlstream"
)

// What is made in a database with a directory is there when that is opened again.
func ExampleWithDir() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := sqlstream.Open(ctx, sqlstream.WithDir(dir))
	if err != nil {
		log.Fatal(err)
	}
	if err := db.Exec(ctx, "CREATE VIEW answer AS SELECT 42 AS n"); err != nil {
		log.Fatal(err)
	}
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}

	db, err = sqlstream.Open(ctx, sqlstream.WithDir(dir))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(ctx, "SELECT n FROM answer")
	if err != nil {
		log.Fatal(err)
	}
	for rows.Next() {
		n, _ := rows.Text(0)
		fmt.Println(n)
	}
	// Output: 42
}

// Functions of the program are registered before the queries of a directory go on.
func ExampleWithSetup() {
	ctx := context.Background()
	db, err := sqlstream.Open(ctx, sqlstream.WithSetup(func(db *sqlstream.DB) error {
		return db.RegisterScalar("twice", func(n int64) int64 { return 2 * n })
	}))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(ctx, "SELECT twice(21)")
	if err != nil {
		log.Fatal(err)
	}
	for rows.Next() {
		n, _ := rows.Text(0)
		fmt.Println(n)
	}
	// Output: 42
}

// All queries together hold no more than this; one that needs more ends with an error.
func ExampleWithMemory() {
	ctx := context.Background()
	db, err := sqlstream.Open(ctx, sqlstream.WithMemory("2 GiB"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(ctx, "SHOW SETTINGS LIKE 'memory_limit'")
	if err != nil {
		log.Fatal(err)
	}
	for rows.Next() {
		value, _ := rows.Text(1)
		fmt.Println(value)
	}
	// Output: 2 GiB
}

// A query that began in this process goes on behind nothing.
func ExampleQuery_Resumed() {
	ctx := context.Background()
	db, err := sqlstream.Open(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	q, err := db.Start(ctx, "SELECT 1 AS n EMIT")
	if err != nil {
		log.Fatal(err)
	}
	_, resumed := q.Resumed()
	fmt.Println(resumed)
	// Output: false
}
