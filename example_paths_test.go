package sqlstream_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/sqlstream/sqlstream"
)

// Statements of somebody else read and write files of the directories that are named, and
// no others.
func ExampleWithRestrictedPaths() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := sqlstream.Open(ctx, sqlstream.WithRestrictedPaths(dir))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	err = db.Exec(ctx, "CREATE TABLE passwords (line VARCHAR) WITH (connector = 'file', format = 'raw', path = '/etc/passwd')")
	fmt.Println(strings.Contains(err.Error(), "/etc/passwd"))
	// Output: true
}
