package sqlstream_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/sqlstream/sqlstream"
)

// counted makes a directory with a materialized view, looks into it, and removes it.
func counted(look func(ctx context.Context, in *sqlstream.StateDir) error) {
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
	err = db.Exec(ctx, `CREATE TABLE clicks (user VARCHAR) WITH (connector = 'memory');
CREATE MATERIALIZED VIEW counts AS SELECT user, COUNT(*) AS n FROM clicks GROUP BY user;
INSERT INTO clicks VALUES ('ann'), ('bob'), ('ann')`)
	if err != nil {
		log.Fatal(err)
	}
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}
	in, err := sqlstream.OpenStateDir(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer in.Close()
	if err := look(ctx, in); err != nil {
		log.Fatal(err)
	}
}

// What a directory holds can be read while no process has it open.
func ExampleOpenStateDir() {
	counted(func(ctx context.Context, in *sqlstream.StateDir) error {
		rows, err := in.Result(ctx, "counts")
		if err != nil {
			return err
		}
		fmt.Println(rows.Columns())
		return rows.Close()
	})
	// Output: [user n]
}

// A StateDir tells whether its files are in order.
func ExampleStateDir() {
	counted(func(ctx context.Context, in *sqlstream.StateDir) error {
		rows, sound, err := in.Verify(ctx)
		if err != nil {
			return err
		}
		fmt.Println(sound)
		return rows.Close()
	})
	// Output: true
}

// Every file that counts is read to its checksums.
func ExampleStateDir_Verify() {
	counted(func(ctx context.Context, in *sqlstream.StateDir) error {
		rows, sound, err := in.Verify(ctx)
		if err != nil {
			return err
		}
		fmt.Println(rows.Next(), sound)
		return rows.Close()
	})
	// Output: true true
}

// The tables of state are listed with what they weigh.
func ExampleStateDir_Tables() {
	counted(func(ctx context.Context, in *sqlstream.StateDir) error {
		rows, err := in.Tables(ctx)
		if err != nil {
			return err
		}
		fmt.Println(rows.Next())
		return rows.Close()
	})
	// Output: true
}

// The result of a query can be read though the query does not run.
func ExampleStateDir_Result() {
	counted(func(ctx context.Context, in *sqlstream.StateDir) error {
		rows, err := in.Result(ctx, "counts")
		if err != nil {
			return err
		}
		for rows.Next() {
			user, _ := rows.Text(0)
			n, _ := rows.Text(1)
			fmt.Println(user, n)
		}
		return rows.Err()
	})
	// Unordered output:
	// ann 2
	// bob 1
}

// While it is open no process can have the directory.
func ExampleStateDir_Close() {
	counted(func(_ context.Context, in *sqlstream.StateDir) error {
		fmt.Println(in.Close())
		return nil
	})
	// Output: <nil>
}
