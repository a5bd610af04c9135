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

	"github.com/sqlstream/sqlstream/internal/benchmark"
)

//go:embed *.sql
var files embed.FS

// watermark says that events are at most four seconds late.
const watermark = "WATERMARK FOR date_time AS date_time - INTERVAL 4 SECOND"

// Workload is the benchmark.
var Workload = benchmark.Workload{
	Name: "nexmark",
	Setup: "CREATE TABLE side_input (`key` BIGINT PRIMARY KEY, value BIGINT) WITH (connector = 'memory');\n" +
		"INSERT INTO side_input SELECT n, n FROM generate_series(0, 9999) AS s (n)",
	Tables: []benchmark.Table{
		{
			Name: "person", Generator: "nexmark-person",
			Columns: "id BIGINT, name VARCHAR, email_address VARCHAR, credit_card VARCHAR, city VARCHAR, state VARCHAR, date_time TIMESTAMP(3), extra VARCHAR, " + watermark,
		},
		{
			Name: "auction", Generator: "nexmark-auction",
			Columns: "id BIGINT, item_name VARCHAR, description VARCHAR, initial_bid BIGINT, reserve BIGINT, date_time TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra VARCHAR, " + watermark,
		},
		{
			Name: "bid", Generator: "nexmark-bid",
			Columns: "auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, date_time TIMESTAMP(3), extra VARCHAR, " + watermark,
		},
	},
	Queries: inOrder(benchmark.Read(files)),
	Facts:   facts,
}

// facts hold for every seed: of 50 events one is a person, and three are auctions.
func facts(events int64) []benchmark.Fact {
	rounds, rest := events/50, events%50
	people := rounds + min(rest, 1)
	auctions := rounds*3 + min(max(rest-1, 0), 3)
	count := func(table string, n int64) benchmark.Fact {
		return benchmark.Fact{
			What:  fmt.Sprintf("table %s has %d rows", table, n),
			Query: fmt.Sprintf("SELECT CASE WHEN COUNT(*) = %d THEN 1 ELSE 0 END FROM %s", n, table),
		}
	}
	return []benchmark.Fact{count("person", people), count("auction", auctions), count("bid", events-people-auctions)}
}

// inOrder sorts queries by their numbers.
func inOrder(all []benchmark.Query) []benchmark.Query {
	number := func(q benchmark.Query) int {
		n, err := strconv.Atoi(q.Name[1:])
		if err != nil {
			panic(err)
		}
		return n
	}
	slices.SortFunc(all, func(a, b benchmark.Query) int { return number(a) - number(b) })
	return all
}
