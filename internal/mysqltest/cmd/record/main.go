// Command record asks a MariaDB, which it starts and ends, for the values of all
// expressions of package mysqltest and writes them down.
//
//	record DIR
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/sqlstream/sqlstream/internal/mysqltest"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: record DIR")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := record(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func record(ctx context.Context, dir string) (err error) {
	tmp, err := os.MkdirTemp("", "sqlstream-mariadb-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	s, err := mysqltest.StartServer(ctx, tmp)
	if s != nil {
		defer func() { err = errors.Join(err, s.Stop()) }()
	}
	if err != nil {
		return err
	}
	version, err := s.Version(ctx)
	if err != nil {
		return err
	}
	for _, f := range mysqltest.Families() {
		answers, err := s.Ask(ctx, f.Exprs)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		r := recording(f, version, answers)
		path := mysqltest.Path(dir, f.Name)
		switch old, err := mysqltest.Read(path); {
		case err == nil:
			r.Keep(old)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		if err := r.Write(path); err != nil {
			return err
		}
		fmt.Printf("%s: %d expressions\n", f.Name, len(r.Lines))
	}
	return nil
}

// unknown are the server's errors where it has not what an expression is made of:
// syntax, a name, a number of arguments.
var unknown = []string{"error 1064", "error 1054", "error 1305", "error 1582", "error 1583", "error 1128", "error 4161"}

func recording(f mysqltest.Family, version string, answers []string) *mysqltest.Recording {
	r := &mysqltest.Recording{}
	without := 0
	for i, e := range f.Exprs {
		if slices.Contains(unknown, answers[i]) {
			without++
			continue
		}
		r.Lines = append(r.Lines, mysqltest.Line{Expr: e, Answer: answers[i]})
	}
	r.Head = append(f.Head(), "# Recorded by \"make oracle\" from "+version+"; the reasons of differences are in README.md.")
	if without > 0 {
		r.Head = append(r.Head, fmt.Sprintf("# It does not know %d expressions more.", without))
	}
	r.Head = append(r.Head, "")
	return r
}
