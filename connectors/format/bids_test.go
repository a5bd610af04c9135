package format_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
)

// benchRows is the size of the sample, far more than a cache of branches learns.
const benchRows = 20_000

// A layout is the order in which a bid's members are written.
type layout []string

var regular = layout{"auction", "bidder", "price", "channel", "url", "date_time", "extra"}

func bid(r *rand.Rand, order layout, i int) []byte {
	text := func(n int) string {
		b := make([]byte, n)
		for k := range b {
			b[k] = "abcdefghijklmnopqrstuvwxyz "[r.IntN(27)]
		}
		return string(b)
	}
	member := map[string]string{
		"auction":   fmt.Sprint(1000 + r.IntN(100_000)),
		"bidder":    fmt.Sprint(1000 + r.IntN(100_000)),
		"price":     fmt.Sprint(r.IntN(10_000_000)),
		"channel":   `"` + []string{"Google", "Facebook", "Baidu", "Apple", "channel-1234", "channel-987"}[r.IntN(6)] + `"`,
		"url":       fmt.Sprintf(`"https://www.nexmark.com/%s/item.htm?query=1"`, text(5)),
		"date_time": fmt.Sprintf(`"2026-01-01 00:%02d:%02d.%03d"`, i/60_000%60, i/1000%60, i%1000),
		"extra":     `"` + text(10+r.IntN(20)) + `"`,
	}
	var b strings.Builder
	b.WriteString(`{"event_type":2,"person":null,"auction":null,"bid":{`)
	for k, name := range order {
		if k > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%s":%s`, name, member[name])
	}
	b.WriteString("}}")
	return []byte(b.String())
}

// shuffled returns the members in another order.
func shuffled(r *rand.Rand) layout {
	order := append(layout{}, regular...)
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

// bids are records that stand one behind the other, as in the answer to a fetch.
func bids(order func(r *rand.Rand) layout) []connectors.Record {
	r := rand.New(rand.NewPCG(1, 2))
	var fetched []byte
	ends := make([]int, benchRows)
	for i := range ends {
		fetched = append(fetched, bid(r, order(r), i)...)
		ends[i] = len(fetched)
	}
	recs := make([]connectors.Record, benchRows)
	from := 0
	for i, end := range ends {
		recs[i] = connectors.Record{Split: "bid/0", Offset: connectors.Offset(i), Value: fetched[from:end:end]}
		from = end
	}
	return recs
}

var samples = []struct {
	name  string
	order func(r *rand.Rand) layout
}{
	{"regular", func(*rand.Rand) layout { return regular }},
	{"two-layouts", func(r *rand.Rand) layout {
		if r.IntN(2) == 0 {
			return regular
		}
		return layout{"extra", "date_time", "url", "bidder", "auction", "channel", "price"}
	}},
	{"random-order", shuffled},
}

// bidTable has a column for each member.
func bidTable() *connectors.Table {
	t := &connectors.Table{Name: "bid", Options: connectors.Options{}}
	for _, c := range []struct {
		name string
		typ  types.Type
		path string
	}{
		{"event_type", types.Of(types.Int), ""},
		{"auction", types.Of(types.BigInt), "$.bid.auction"},
		{"bidder", types.Of(types.BigInt), "$.bid.bidder"},
		{"price", types.Of(types.BigInt), "$.bid.price"},
		{"channel", types.Of(types.Varchar), "$.bid.channel"},
		{"url", types.Of(types.Varchar), "$.bid.url"},
		{"ts", types.TimestampOf(3), "$.bid.date_time"},
		{"extra", types.Of(types.Varchar), "$.bid.extra"},
	} {
		t.Columns = append(t.Columns, connectors.Column{Field: types.Field{Name: c.name, Type: c.typ}})
		if c.path != "" {
			t.Options[connectors.Canonical("json.path."+c.name)] = c.path
		}
	}
	return t
}

var (
	allColumns   = []int{0, 1, 2, 3, 4, 5, 6, 7}
	threeColumns = []int{1, 3, 6}
)
