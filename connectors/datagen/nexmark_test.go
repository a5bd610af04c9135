package datagen_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/connectortest"
	"github.com/sqlstream/sqlstream/connectors/datagen"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

var (
	bigint, varchar, moment = types.Of(types.BigInt), types.Of(types.Varchar), types.TimestampOf(3)

	person = []types.Field{
		col("id", bigint), col("name", varchar), col("email_address", varchar), col("credit_card", varchar),
		col("city", varchar), col("state", varchar), col("date_time", moment), col("extra", varchar),
	}
	auction = []types.Field{
		col("id", bigint), col("item_name", varchar), col("description", varchar), col("initial_bid", bigint), col("reserve", bigint),
		col("date_time", moment), col("expires", moment), col("seller", bigint), col("category", bigint), col("extra", varchar),
	}
	bid = []types.Field{
		col("auction", bigint), col("bidder", bigint), col("price", bigint), col("channel", varchar), col("url", varchar),
		col("date_time", moment), col("extra", varchar),
	}
	adEvent = []types.Field{
		col("user_id", varchar), col("page_id", varchar), col("ad_id", varchar), col("ad_type", varchar),
		col("event_type", varchar), col("event_time", moment), col("ip_address", varchar),
	}
	ad = []types.Field{col("ad_id", varchar), col("campaign_id", varchar)}
)

// all reads a table to its end: what each split has.
func all(t *testing.T, tab *connectors.Table) []*zset.Batch {
	t.Helper()
	src := open(t, tab, &clock{start})
	splits, err := src.Splits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	from, err := src.Start(t.Context(), splits)
	if err != nil {
		t.Fatal(err)
	}
	to, err := src.Latest(t.Context(), splits)
	if err != nil {
		t.Fatal(err)
	}
	columns := make([]int, len(tab.Columns))
	for i := range columns {
		columns[i] = i
	}
	var out []*zset.Batch
	for _, s := range splits {
		rd, err := src.OpenBatches(t.Context(), connectors.Range{Split: s, From: from[s], To: to[s]}, columns)
		if err != nil {
			t.Fatal(err)
		}
		b := zset.NewBuilder(tab.Schema())
		if err := rd.Next(t.Context(), b, math.MaxInt); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		out = append(out, b.Build())
	}
	return out
}

// events reads the table of a generator with so many events.
func events(t *testing.T, generator string, columns []types.Field, n int, options ...string) *zset.Batch {
	t.Helper()
	options = append([]string{"generator", generator, "rows.per.second", "0", "number.of.rows", strconv.Itoa(n)}, options...)
	return all(t, table(columns, options...))[0]
}

// share checks that about so large a part of rows is chosen, within five standard
// deviations.
func share(t *testing.T, what string, chosen, all int, want float64) {
	t.Helper()
	if off := math.Abs(float64(chosen) - want*float64(all)); off > 5*math.Sqrt(float64(all)*want*(1-want)) {
		t.Errorf("%s: %d of %d, want a share of %v", what, chosen, all, want)
	}
}

func numbers(b *zset.Batch, column int) []int64 { return vec.Slice[int64](b.Cols[column]) }

func texts(b *zset.Batch, column int) []string {
	out := make([]string, b.Len)
	for i := range out {
		out[i] = string(vec.AppendText(nil, b.Cols[column], i))
	}
	return out
}

func count[T any](all []T, chosen func(T) bool) (n int) {
	for _, v := range all {
		if chosen(v) {
			n++
		}
	}
	return n
}

// Of 100,000 events 2,000 are people, 6,000 auctions and 92,000 bids, numbered from 1000
// on; ten of them share a millisecond.
func TestNexmarkCounts(t *testing.T) {
	const n = 100_000
	p, a, b := events(t, "nexmark-person", person, n), events(t, "nexmark-auction", auction, n), events(t, "nexmark-bid", bid, n)
	if p.Len != 2_000 || a.Len != 6_000 || b.Len != 92_000 {
		t.Fatalf("%d people, %d auctions, %d bids", p.Len, a.Len, b.Len)
	}
	for i, id := range numbers(p, 0) {
		if id != int64(1000+i) {
			t.Fatalf("person %d has id %d", i, id)
		}
	}
	for i, id := range numbers(a, 0) {
		if id != int64(1000+i) {
			t.Fatalf("auction %d has id %d", i, id)
		}
	}
	base := time.Date(2015, 7, 15, 0, 0, 0, 0, time.UTC).UnixMicro()
	at := numbers(b, 5)
	if first, last := at[0], at[len(at)-1]; first != base || last != base+9_999_000 || !slices.IsSorted(at) {
		t.Errorf("bids are from %d to %d", first-base, last-base)
	}
}

// Shares that no choice of random numbers changes.
func TestNexmarkShares(t *testing.T) {
	const n = 100_000
	p, a, b := events(t, "nexmark-person", person, n), events(t, "nexmark-auction", auction, n), events(t, "nexmark-bid", bid, n)
	share(t, "states OR, ID, CA", count(texts(p, 5), func(s string) bool { return s == "OR" || s == "ID" || s == "CA" }), p.Len, 0.5)
	share(t, "category 10", count(numbers(a, 8), func(c int64) bool { return c == 10 }), a.Len, 0.2)
	prices := numbers(b, 2)
	share(t, "prices below 100", count(prices, func(p int64) bool { return p < 10_000 }), b.Len, 1.0/3)
	share(t, "prices from 10,000", count(prices, func(p int64) bool { return p >= 1_000_000 }), b.Len, 1.0/3)
	share(t, "prices of query 14", count(prices, func(p int64) bool { return 908*p > 1_000_000_000 && 908*p < 50_000_000_000 }), b.Len, 0.28316)
	if lo, hi := slices.Min(prices), slices.Max(prices); lo < 100 || hi > 100_000_000 {
		t.Errorf("prices from %d to %d", lo, hi)
	}
	known := []string{"Google", "Facebook", "Baidu", "Apple"}
	hot := func(s string) bool { return slices.Contains(known, s) }
	share(t, "hot channels", count(texts(b, 3), hot), b.Len, 0.5)
	bidders := numbers(b, 1)
	if lo, hi := slices.Min(bidders), slices.Max(bidders); lo < 1000 || hi > 2999+10 {
		t.Errorf("bidders from %d to %d", lo, hi)
	}
	hotBids, hotBidders, expired := 0, 0, 0
	for i, auctions := 0, numbers(b, 0); i < b.Len; i++ {
		event := int64(i/46*50 + i%46 + 4)
		lastAuction, lastPerson := event/50*3+2, event/50
		if auctions[i] == 1000+lastAuction/100*100 {
			hotBids++
		}
		if bidders[i] == 1000+lastPerson/100*100+1 {
			hotBidders++
		}
		if auctions[i] > 1000+lastAuction+10 || auctions[i] < 1000+max(lastAuction-100, 0)/100*100 {
			t.Fatalf("bid %d is for auction %d while the last is %d", i, auctions[i], 1000+lastAuction)
		}
	}
	if hotBids < b.Len/2 || hotBids > b.Len*53/100 || hotBidders < b.Len*3/4 || hotBidders > b.Len*77/100 {
		t.Errorf("%d bids for hot auctions, %d of hot bidders of %d", hotBids, hotBidders, b.Len)
	}
	for i, expires := range numbers(a, 6) {
		if d := expires - numbers(a, 5)[i]; d < 1000 || d > 2*167_000 {
			expired++
		}
	}
	if expired > 0 {
		t.Errorf("%d auctions are open for longer than they may, or not at all", expired)
	}
}

// A bid's url is its channel's, and says the channel's id in 95 of 100 where the hot ones
// are counted in; events have their sizes in the mean.
func TestNexmarkText(t *testing.T) {
	const n = 100_000
	b := events(t, "nexmark-bid", bid, n)
	urls, hot := map[string]string{}, 0
	named := 0
	all := texts(b, 4)
	for i, channel := range texts(b, 3) {
		url := all[i]
		if was, ok := urls[channel]; ok && was != url {
			t.Fatalf("channel %s has urls %s and %s", channel, was, url)
		}
		urls[channel] = url
		_, id, ok := strings.Cut(url, "&channel_id=")
		number, cold := strings.CutPrefix(channel, "channel-")
		if !cold {
			hot++
		}
		if ok || !cold {
			named++
		}
		if ok {
			c, _ := strconv.Atoi(number)
			if want := int64(int32(bits.Reverse32(uint32(c)))); id != fmt.Sprint(max(want, -want)) {
				t.Fatalf("%s of %s", url, channel)
			}
		}
	}
	share(t, "query 21", named, b.Len, 0.95)
	for _, c := range []struct {
		what   string
		batch  *zset.Batch
		others int
		want   float64
	}{
		{"person", events(t, "nexmark-person", person, n), 8, 200},
		{"auction", events(t, "nexmark-auction", auction, n), 48, 500},
	} {
		bytes := 0
		for i := range c.batch.Schema.Fields {
			if c.batch.Schema.Fields[i].Type.Kind == types.Varchar {
				bytes += len(c.batch.Cols[i].Data)
			}
		}
		if mean := float64(bytes)/float64(c.batch.Len) + float64(c.others); math.Abs(mean-c.want) > 3 {
			t.Errorf("a %s has %.1f bytes, want about %v", c.what, mean, c.want)
		}
	}
	if mean := float64(len(b.Cols[6].Data)) / float64(b.Len); math.Abs(mean-68) > 1 {
		t.Errorf("extra of a bid has %.1f bytes, want about 68", mean)
	}
}

// The rows of all splits together are those of one, in order or not, and from any first
// row on; groups of events in disorder stay where they are.
func TestNexmarkSplits(t *testing.T) {
	sorted := func(batches []*zset.Batch) []string {
		var out []string
		for _, b := range batches {
			out = append(out, strings.Split(b.String(), "\n")[:b.Len]...)
		}
		slices.Sort(out)
		return out
	}
	for generator, columns := range map[string][]types.Field{"nexmark-bid": bid, "nexmark-person": person, "nexmark-auction": auction, "ysb-events": adEvent} {
		base := []string{"generator", generator, "rows.per.second", "0", "number.of.rows", "3000"}
		want := sorted(all(t, table(columns, base...)))
		for _, more := range [][]string{
			{"splits", "3"}, {"out.of.order", "500"}, {"splits", "4", "out.of.order", "50"}, {"splits", "2", "out.of.order", "1500"},
		} {
			if got := sorted(all(t, table(columns, append(more, base...)...))); !slices.Equal(got, want) {
				t.Errorf("%s with %q: %d rows that are not the %d without", generator, more, len(got), len(want))
			}
		}
		var pieces []*zset.Batch
		for _, p := range [][2]string{{"0", "1"}, {"1", "1234"}, {"1235", "1765"}} {
			pieces = append(pieces, all(t, table(columns, "generator", generator, "rows.per.second", "0", "out.of.order", "1000", "first.row", p[0], "number.of.rows", p[1]))...)
		}
		if got := sorted(pieces); !slices.Equal(got, want) {
			t.Errorf("%s in pieces: %d rows that are not the %d of the whole", generator, len(got), len(want))
		}
	}
	b := events(t, "nexmark-bid", bid, 3000, "out.of.order", "1000")
	at := numbers(b, 5)
	if slices.IsSorted(at) {
		t.Error("bids are in order")
	}
	for i := range at {
		if group := (at[i] - at[0]/1_000_000*1_000_000) / 100_000; int(group) != i/920 {
			t.Fatalf("bid %d is of group %d", i, group)
		}
	}
}

// Of the Yahoo benchmark's events a third are views; each ad has a campaign, and each
// campaign ten.
func TestYSB(t *testing.T) {
	const n = 100_000
	e, a := events(t, "ysb-events", adEvent, n), all(t, table(ad, "generator", "ysb-ads"))[0]
	if e.Len != n || a.Len != 1000 {
		t.Fatalf("%d events, %d ads", e.Len, a.Len)
	}
	campaign, size := map[string]string{}, map[string]int{}
	for i, id := range texts(a, 0) {
		campaign[id] = texts(a, 1)[i]
		size[campaign[id]]++
	}
	if len(campaign) != 1000 || len(size) != 100 {
		t.Errorf("%d ads, %d campaigns", len(campaign), len(size))
	}
	for c, s := range size {
		if s != 10 || len(c) != 36 {
			t.Errorf("campaign %s has %d ads", c, s)
		}
	}
	for _, id := range texts(e, 2) {
		if campaign[id] == "" {
			t.Fatalf("ad %s has no campaign", id)
		}
	}
	share(t, "views", count(texts(e, 4), func(s string) bool { return s == "view" }), n, 1.0/3)
	at := numbers(e, 5)
	if !slices.IsSorted(at) || at[n-1]-at[0] != (n-1)*10_000 {
		t.Errorf("events are from %d to %d", at[0], at[n-1])
	}
	late := 0
	for i, skewed := range numbers(events(t, "ysb-events", adEvent, 10*n, "skew", "true"), 5) {
		switch off := skewed - at[0] - int64(i)*10_000; {
		case off < -60_050_000 || off > 49_000:
			t.Fatalf("event %d is %d µs off", i, off)
		case off < -50_000:
			late++
		}
	}
	if late == 0 || late > 30 {
		t.Errorf("%d of %d events are late", late, 10*n)
	}
	ms := events(t, "ysb-events", []types.Field{col("event_time", varchar)}, 2)
	if got := texts(ms, 0); got[0] != "1767225600000" || got[1] != "1767225600010" {
		t.Errorf("as text: %q", got)
	}
}

func TestBenchmarkLaws(t *testing.T) {
	for name, tab := range map[string]*connectors.Table{
		"person":  table(person, "rows.per.second", "0", "number.of.rows", "400", "generator", "nexmark-person"),
		"auction": table(auction, "rows.per.second", "0", "number.of.rows", "400", "generator", "nexmark-auction", "splits", "3"),
		"bid":     table(bid, "rows.per.second", "0", "number.of.rows", "300", "generator", "nexmark-bid", "splits", "2", "out.of.order", "20", "first.row", "70"),
		"events":  table(adEvent, "rows.per.second", "0", "number.of.rows", "100", "generator", "ysb-events", "splits", "3", "skew", "true"),
		"ads":     table(ad, "generator", "ysb-ads"),
	} {
		t.Run(name, func(t *testing.T) {
			connectortest.Source(t, connectortest.SourceCase{
				Columns: tab.Schema(),
				Open:    func(t *testing.T) connectors.Source { return open(t, tab, &clock{start}) },
			})
		})
	}
}

// An own rate and time of the events; the clock's rate is of all three kinds together.
func TestNexmarkTime(t *testing.T) {
	b := events(t, "nexmark-bid", []types.Field{col("date_time", moment)}, 50, "events.per.second", "4", "base.time", "2026-03-04 05:06:07")
	at := numbers(b, 0)
	base := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC).UnixMicro()
	if at[0] != base+1_000_000 || at[1] != base+1_250_000 || at[45] != base+12_250_000 {
		t.Errorf("times %v from %d", at, base)
	}
	c := &clock{start}
	src := open(t, table(bid, "generator", "nexmark-bid", "rows.per.second", "100", "splits", "2", "first.row", "100"), c)
	for _, k := range []struct {
		after     time.Duration
		zero, one connectors.Offset
	}{{0, 50, 50}, {300 * time.Millisecond, 80, 50}, {700 * time.Millisecond, 100, 70}, {time.Second, 100, 100}} {
		c.now = start.Add(k.after)
		end, err := src.Latest(t.Context(), nil)
		if err != nil || end["0"] != k.zero || end["1"] != k.one {
			t.Errorf("after %v: %v, %v", k.after, end, err)
		}
	}
}

func TestBenchmarkMistakes(t *testing.T) {
	for _, c := range []struct {
		columns []types.Field
		options []string
		want    string
	}{
		{[]types.Field{col("id", bigint)}, nil, "generator 'nexmark-bid' has no column id; it has auction, bidder, price, channel, url, date_time, extra"},
		{[]types.Field{col("price", varchar)}, nil, "generator 'nexmark-bid': column price is a BIGINT"},
		{[]types.Field{col("event_time", bigint)}, []string{"generator", "ysb-events"}, "generator 'ysb-events': column event_time is a TIMESTAMP or VARCHAR"},
		{bid, []string{"out.of.order", "1906"}, "option 'out.of.order' is 1 or more and no multiple of 953"},
		{bid, []string{"splits", "0"}, "option 'splits' is 1 to 10000"},
		{bid, []string{"events.per.second", "0"}, "option 'events.per.second' is 1 or more"},
		{bid, []string{"base.time", "soon"}, "option 'base.time' must be a time as '2026-01-01 00:00:00', not 'soon'"},
		{bid, []string{"first.row", "-1"}, "option 'first.row' is less than 0"},
	} {
		tab := table(c.columns, append([]string{"generator", "nexmark-bid"}, c.options...)...)
		if err := datagen.Connector.Check(tab); err == nil || err.Error() != c.want {
			t.Errorf("error\n%v\nwant\n%s", err, c.want)
		}
	}
}
