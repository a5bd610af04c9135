// Command engine is one life of the whole engine: it opens a directory, runs the statements
// of a file in it, and ends when the queries have taken in everything there is. A test kills
// it wherever it can.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/sqlstream/sqlstream"
)

func main() {
	dir, file := flag.String("dir", "", "the directory"), flag.String("file", "", "the statements")
	flag.Parse()
	if err := live(context.Background(), *dir, *file); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
	fmt.Println("done")
}

func live(ctx context.Context, dir, file string) (err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	db, err := sqlstream.Open(ctx, sqlstream.WithDir(dir), sqlstream.WithParallelism(2), sqlstream.WithNotice(func(text string) { fmt.Println(text) }))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Exec(ctx, string(text)); err != nil {
		return err
	}
	for _, q := range db.Queries() {
		if err := q.ProcessAllAvailable(ctx); err != nil {
			return fmt.Errorf("query %s: %w", q.Name(), err)
		}
	}
	return nil
}
