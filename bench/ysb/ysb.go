// Package ysb has the query and tables of the Yahoo Streaming Benchmark: views of ads are
// counted by campaign in windows of ten seconds.
package ysb

import (
	"embed"
	"fmt"
	"math"

	"github.com/sqlstream/sqlstream/internal/benchmark"
)

//go:embed *.sql
var files embed.FS

// watermark lets events be as late as the generator makes them where it is told to.
const watermark = "WATERMARK FOR event_time AS event_time - INTERVAL 61 SECOND"

// Workload is the benchmark.
var Workload = benchmark.Workload{
	Name: "ysb",
	Tables: []benchmark.Table{
		{
			Name: "ad_events", Generator: "ysb-events",
			Columns: "user_id VARCHAR, page_id VARCHAR, ad_id VARCHAR, ad_type VARCHAR, event_type VARCHAR, event_time TIMESTAMP(3), ip_address VARCHAR, " + watermark,
		},
		{
			Name: "ads", Generator: "ysb-ads", Static: true,
			Columns: "ad_id VARCHAR PRIMARY KEY, campaign_id VARCHAR",
		},
	},
	Queries: benchmark.Read(files),
	Facts:   facts,
}

// facts hold for every seed: a third of the events are views, give or take five standard
// deviations.
func facts(events int64) []benchmark.Fact {
	third := float64(events) / 3
	off := 5 * math.Sqrt(third*2/3)
	return []benchmark.Fact{
		{What: "there are 1,000 ads of 100 campaigns", Query: "SELECT CASE WHEN COUNT(*) = 1000 AND COUNT(DISTINCT campaign_id) = 100 THEN 1 ELSE 0 END FROM ads"},
		{What: "every event is there", Query: fmt.Sprintf("SELECT CASE WHEN COUNT(*) = %d THEN 1 ELSE 0 END FROM ad_events", events)},
		{
			What:  "a third of the events are views of ads that have a campaign",
			Query: fmt.Sprintf("SELECT CASE WHEN COUNT(*) BETWEEN %f AND %f THEN 1 ELSE 0 END FROM ad_events e JOIN ads a ON e.ad_id = a.ad_id WHERE e.event_type = 'view'", third-off, third+off),
		},
	}
}
