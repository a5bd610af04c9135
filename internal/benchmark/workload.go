// Package benchmark runs the queries of a workload, from made-up rows or from Kafka, and
// measures them: speed, time of an epoch, state, memory. It can compare what a query put
// out with the answer to the bounded query.
package benchmark

import (
	"embed"
	"fmt"
	"strings"
)

// A Workload is tables and the queries over them.
type Workload struct {
	Name    string
	Setup   string // statements that make what is there before any event
	Tables  []Table
	Queries []Query
	// Facts are what is known beforehand of so many events, whatever the seed.
	Facts func(events int64) []Fact
}

// A Table is a table of a workload.
type Table struct {
	Name      string
	Columns   string // as a definition lists them
	Generator string // of connector datagen
	Static    bool   // what it holds does not grow with the events
}

// A Query is a query of a workload.
type Query struct {
	Name string // "q5"
	Doc  string // what it answers, in a sentence
	SQL  string // the SELECT without its EMIT
	Mode string // "APPEND" or "UPDATE"
}

// A Fact is what a query over the tables has to answer.
type Fact struct {
	What  string
	Query string // of one row with one value: 1 where it holds
}

// Read reads the queries of a directory: files of a line of comment, a SELECT, and EMIT
// with the mode.
func Read(files embed.FS) []Query {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err)
	}
	var all []Query
	for _, e := range entries {
		text, err := files.ReadFile(e.Name())
		if err != nil {
			panic(err)
		}
		doc, rest, _ := strings.Cut(string(text), "\n")
		query, mode, ok := strings.Cut(rest, "\nEMIT ")
		if !ok {
			panic(e.Name() + " does not end with EMIT and a mode")
		}
		all = append(all, Query{
			Name: strings.TrimSuffix(e.Name(), ".sql"),
			Doc:  strings.TrimPrefix(doc, "-- "),
			SQL:  query,
			Mode: strings.TrimSuffix(mode, ";\n"),
		})
	}
	return all
}

// Create is a statement that creates the table WITH options.
func (t *Table) Create(with string) string {
	return fmt.Sprintf("CREATE TABLE %s (%s) WITH (%s);\n", t.Name, t.Columns, with)
}

// Generated are the options of the table when its rows are made up: those of events, of
// all tables together, of numbers from first on. more are options beside these.
func (t *Table) Generated(first, events int64, more ...string) string {
	with := []string{"connector = 'datagen'", "generator = '" + t.Generator + "'"}
	if !t.Static {
		with = append(with, fmt.Sprintf("'first.row' = '%d', 'number.of.rows' = '%d'", first, events))
	}
	return strings.Join(append(with, more...), ", ")
}

// Query finds a query by its name.
func (w *Workload) Query(name string) (Query, bool) {
	for _, q := range w.Queries {
		if strings.EqualFold(q.Name, name) {
			return q, true
		}
	}
	return Query{}, false
}
