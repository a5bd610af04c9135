// Package nexmark has the queries and tables of the Nexmark benchmark: q0 to q23 as
// Apache Flink's suite has them, and six that others added (q101 to q106), each in the
// mode that fits it best. The events come from connector datagen, or from anywhere else
// that has them.
package nexmark

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed *.sql
var files embed.FS

// A Query is a query of the benchmark.
type Query struct {
	Name string // "q5"
	Doc  string // what it answers, in a sentence
	SQL  string // the SELECT without its EMIT
	Mode string // "APPEND" or "UPDATE"
}

// Queries are all queries in the order of their numbers.
var Queries = read()

func read() []Query {
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
	slices.SortFunc(all, func(a, b Query) int { return a.number() - b.number() })
	return all
}

func (q *Query) number() int {
	n, err := strconv.Atoi(q.Name[1:])
	if err != nil {
		panic(err)
	}
	return n
}

// Lookup finds a query by its name.
func Lookup(name string) (Query, bool) {
	i := slices.IndexFunc(Queries, func(q Query) bool { return strings.EqualFold(q.Name, name) })
	if i < 0 {
		return Query{}, false
	}
	return Queries[i], true
}

// A Table is a table of the benchmark.
type Table struct {
	Name    string
	Columns string // as a definition lists them
}

// Tables are the tables of events; a generator of connector datagen is named after each.
var Tables = []Table{
	{"person", "id BIGINT, name VARCHAR, email_address VARCHAR, credit_card VARCHAR, city VARCHAR, state VARCHAR, date_time TIMESTAMP(3), extra VARCHAR"},
	{"auction", "id BIGINT, item_name VARCHAR, description VARCHAR, initial_bid BIGINT, reserve BIGINT, date_time TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra VARCHAR"},
	{"bid", "auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, date_time TIMESTAMP(3), extra VARCHAR"},
}

// Create is a statement that creates a table WITH the options given.
func (t *Table) Create(with string) string {
	return fmt.Sprintf("CREATE TABLE %s (%s) WITH (%s);\n", t.Name, t.Columns, with)
}

// Generated are the options of a table whose rows are made up: events, of all tables
// together, of numbers from first on.
func (t *Table) Generated(first, events int64, more ...string) string {
	with := fmt.Sprintf("connector = 'datagen', generator = 'nexmark-%s', 'first.row' = '%d', 'number.of.rows' = '%d'", t.Name, first, events)
	for _, m := range more {
		with += ", " + m
	}
	return with
}
