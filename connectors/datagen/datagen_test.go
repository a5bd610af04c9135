package datagen_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/connectortest"
	"github.com/sqlstream/sqlstream/connectors/datagen"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// clock is a clock that a test turns.
type clock struct{ now time.Time }

func (c *clock) env() connectors.Env { return connectors.Env{Now: func() time.Time { return c.now }} }

func table(columns []types.Field, options ...string) *connectors.Table {
	t := &connectors.Table{Name: "t", Options: connectors.Options{}}
	for _, f := range columns {
		t.Columns = append(t.Columns, connectors.Column{Field: f})
	}
	for i := 0; i < len(options); i += 2 {
		t.Options[options[i]] = options[i+1]
	}
	return t
}

func col(name string, t types.Type) types.Field { return types.Field{Name: name, Type: t} }

// everyType has a column of each type that can be made.
var everyType = []types.Field{
	col("b", types.Of(types.Boolean)), col("i8", types.Of(types.TinyInt)), col("i16", types.Of(types.SmallInt)),
	col("i32", types.Of(types.Int)), col("i64", types.Of(types.BigInt)), col("u64", types.Of(types.UBigInt)),
	col("f", types.Of(types.Float)), col("d", types.Of(types.Double)), col("dec", types.DecimalOf(10, 2)),
	col("s", types.Of(types.Varchar)), col("bin", types.Of(types.Binary)), col("day", types.Of(types.Date)),
	col("t", types.Of(types.Time)), col("ts", types.TimestampOf(3)),
}

var tweet = []types.Field{
	col("id", types.Of(types.BigInt)), col("user", types.Of(types.Varchar)), col("lang", types.Of(types.Varchar)),
	col("text", types.Of(types.Varchar)), col("retweets", types.Of(types.Int)), col("created_at", types.TimestampOf(3)),
}

func open(t *testing.T, tab *connectors.Table, c *clock) connectors.BatchSource {
	t.Helper()
	src, err := datagen.Connector.Source(t.Context(), tab, c.env())
	if err != nil {
		t.Fatal(err)
	}
	return src.(connectors.BatchSource)
}

// rows returns a range of a table as text.
func rows(t *testing.T, tab *connectors.Table, from, to connectors.Offset) string {
	t.Helper()
	columns := make([]int, len(tab.Columns))
	for i := range columns {
		columns[i] = i
	}
	rd, err := open(t, tab, &clock{start}).OpenBatches(t.Context(), connectors.Range{Split: "0", From: from, To: to}, columns)
	if err != nil {
		t.Fatal(err)
	}
	b := zset.NewBuilder(tab.Schema())
	if err := rd.Next(t.Context(), b, 1000); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return b.Build().String()
}

func TestLaws(t *testing.T) {
	for name, tab := range map[string]*connectors.Table{
		"fields": table(everyType, "rows.per.second", "0", "number.of.rows", "30", "fields.i8.max", "100", "fields.i16.max", "100", "fields.s.null.rate", "0.5"),
		"tweets": table(tweet, "rows.per.second", "0", "number.of.rows", "30", "generator", "tweets"),
	} {
		t.Run(name, func(t *testing.T) {
			connectortest.Source(t, connectortest.SourceCase{
				Columns: tab.Schema(),
				Open:    func(t *testing.T) connectors.Source { return open(t, tab, &clock{start}) },
			})
		})
	}
}

// The rows are the same in every process and on every day.
func TestRows(t *testing.T) {
	for _, c := range []struct {
		name string
		tab  *connectors.Table
		from connectors.Offset
		want string
	}{
		{"tweets", table(tweet, "generator", "tweets"), 0, tweetRows},
		{"another seed", table(tweet[1:3], "generator", "tweets", "seed", "2"), 0, seedRows},
		{"fields", table(everyType, "fields.i8.max", "100", "fields.i16.max", "100", "fields.i64.kind", "sequence", "fields.i64.min", "7", "fields.s.length", "3", "fields.day.max", "20000"), 0, fieldRows},
		{"nexmark person", table(person, "generator", "nexmark-person"), 0, personRows},
		{"nexmark auction", table(auction[:9], "generator", "nexmark-auction"), 0, auctionRows},
		{"nexmark bid", table(bid, "generator", "nexmark-bid"), 4, bidRows},
		{"ysb events", table(adEvent, "generator", "ysb-events"), 0, adEventRows},
		{"ysb ads", table(ad, "generator", "ysb-ads"), 0, adRows},
	} {
		if got := rows(t, c.tab, c.from, c.from+3); got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.name, got, c.want)
		}
	}
}

// The clock says how many rows there are, and when the next one is due.
func TestRate(t *testing.T) {
	c := &clock{start}
	src := open(t, table(tweet, "generator", "tweets", "rows.per.second", "100", "number.of.rows", "250"), c)
	for _, k := range []struct {
		after time.Duration
		want  connectors.Offset
	}{{0, 0}, {9 * time.Millisecond, 0}, {10 * time.Millisecond, 1}, {time.Second, 100}, {time.Hour, 250}} {
		c.now = start.Add(k.after)
		end, err := src.Latest(t.Context(), nil)
		if err != nil || end["0"] != k.want {
			t.Errorf("after %v: %v rows, %v; want %d", k.after, end, err, k.want)
		}
	}
	end, ends, err := src.(connectors.Bounded).End(t.Context(), nil)
	if end["0"] != 250 || !ends || err != nil {
		t.Errorf("end %v %v %v", end, ends, err)
	}
	if err := src.Wait(t.Context(), connectors.Offsets{"0": 249}); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := src.Wait(ctx, connectors.Offsets{"0": 250}); !errors.Is(err, context.Canceled) {
		t.Errorf("wait behind the last row: %v", err)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		tab  *connectors.Table
		want string
	}{
		{table(tweet, "rows.per.second", "0"), "option 'rows.per.second' is 0, so 'number.of.rows' must say where the rows end"},
		{table(tweet, "rows.per.second", "many"), "option 'rows.per.second' must be a whole number, not 'many'"},
		{
			table([]types.Field{col("id", types.Of(types.BigInt)), col("x", types.Of(types.Int))}, "generator", "tweets"),
			"generator 'tweets' has no column x; it has id, user, lang, text, retweets, created_at",
		},
		{table([]types.Field{col("id", types.Of(types.Varchar))}, "generator", "tweets"), "generator 'tweets': column id is a BIGINT"},
		{table([]types.Field{col("lang", types.Of(types.Int))}, "generator", "tweets"), "generator 'tweets': column lang is a VARCHAR"},
		{table([]types.Field{col("j", types.Of(types.JSON))}), "column j: datagen makes no JSON"},
		{table(everyType, "fields.i64.kind", "odd"), "option 'fields.i64.kind' may not be 'odd'; it takes 'sequence', 'random'"},
		{table(everyType, "fields.i64.min", "5", "fields.i64.max", "4"), "option 'fields.i64.max' is less than 'fields.i64.min'"},
		{table(everyType, "fields.s.null.rate", "x"), "option 'fields.s.null.rate' must be a number, not 'x'"},
	} {
		_, err := datagen.Connector.Source(t.Context(), c.tab, (&clock{start}).env())
		if err == nil || err.Error() != c.want {
			t.Errorf("error\n%v\nwant\n%s", err, c.want)
		}
	}
}

// A generator goes on where another process has stopped to read, and does not wait until it
// has been open for as long.
func TestSucceed(t *testing.T) {
	for _, splits := range []string{"1", "3"} {
		tab := table(tweet, "rows.per.second", "100", "splits", splits)
		before := &clock{start}
		src := open(t, tab, before)
		names, err := src.Splits(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before.now = start.Add(10 * time.Second)
		read, err := src.Latest(t.Context(), names)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []connectors.Offsets{read, {}} {
			now := &clock{start.Add(time.Hour)}
			again := open(t, tab, now)
			again.(connectors.Successor).Succeed(at)
			now.now = now.now.Add(10 * time.Second)
			latest, err := again.Latest(t.Context(), names)
			if err != nil {
				t.Fatal(err)
			}
			rows := connectors.Offset(0)
			for split, end := range latest {
				rows += end - at[split]
			}
			if rows != 1000 {
				t.Errorf("%s splits: %d rows after %v", splits, rows, at)
			}
		}
	}
}
