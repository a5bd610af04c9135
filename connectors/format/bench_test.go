//go:build unix

package format_test

import (
	"slices"
	"syscall"
	"testing"
	"unsafe"

	gojson "github.com/goccy/go-json"
	"github.com/valyala/fastjson"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// The benchmarks decode bids of Nexmark, about 240 bytes each, into columns. Each
// measures our decoder and, as floors, two well-known libraries that fill the same
// columns by plain code: rows/s, of the time on a core, is what to compare, within
// one run.

func BenchmarkJSON(b *testing.B) {
	for _, s := range samples {
		recs := bids(s.order)
		for _, c := range []struct {
			name    string
			columns []int
		}{{"8of8", allColumns}, {"3of8", threeColumns}} {
			b.Run(s.name+"/"+c.name+"/ours", func(b *testing.B) { benchOurs(b, recs, c.columns) })
			b.Run(s.name+"/"+c.name+"/goccy", func(b *testing.B) { benchGoccy(b, recs, c.columns) })
			b.Run(s.name+"/"+c.name+"/fastjson", func(b *testing.B) { benchFastJSON(b, recs, c.columns) })
		}
	}
}

// BenchmarkDebezium decodes change events around the same bids, and records of changelog
// = 'retract'.
func BenchmarkDebezium(b *testing.B) {
	recs := bids(samples[0].order)
	wrap := func(before, behind string, cut int) []connectors.Record {
		out := slices.Clone(recs)
		for i := range out {
			out[i].Key = []byte("{}")
			out[i].Value = append(append([]byte(before), recs[i].Value[cut:]...), behind...)
		}
		return out
	}
	for _, c := range []struct {
		name, option, value string
		format              format.Format
		key                 bool
		recs                []connectors.Record
	}{
		{"keyed", "format", format.DebeziumJSON, format.Debezium, true, wrap(`{"before":null,"after":`, `,"op":"c","source":{"table":"bids"},"ts_ms":1234567890123}`, 0)},
		{"whole", "format", format.DebeziumJSON, format.Debezium, false, wrap(`{"before":null,"after":`, `,"op":"c","source":{"table":"bids"},"ts_ms":1234567890123}`, 0)},
		{"retract", "changelog", "retract", format.JSON, false, wrap(`{"op":"+I",`, ``, 1)},
	} {
		b.Run(c.name, func(b *testing.B) {
			t := bidTable()
			t.Options[c.option] = c.value
			if c.key {
				t.PrimaryKey = []int{1}
			}
			dec, err := c.format.NewDecoder(format.DecodeSpec{Table: t, Columns: allColumns})
			if err != nil {
				b.Fatal(err)
			}
			batches(b, c.recs, allColumns, func(recs []connectors.Record, out *zset.Builder) {
				if _, err := dec.Decode(recs, out); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// batches runs decode over pieces of the records, as a reader hands them out.
func batches(b *testing.B, recs []connectors.Record, columns []int, decode func(recs []connectors.Record, out *zset.Builder)) {
	out := zset.NewBuilder(bidTable().Schema().Project(columns))
	var bytes int
	for i := range recs {
		bytes += len(recs[i].Value)
	}
	pass := func() {
		for from := 0; from < len(recs); from += 4096 {
			out.Reset()
			decode(recs[from:min(from+4096, len(recs))], out)
		}
	}
	pass()
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuSeconds(b)
	for b.Loop() {
		pass()
	}
	b.ReportMetric(float64(len(recs))*float64(b.N)/(cpuSeconds(b)-before)/1e6, "Mrows/s")
}

// cpuSeconds is the time that the process has had a core for: what a busy machine
// takes away does not count.
func cpuSeconds(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func benchOurs(b *testing.B, recs []connectors.Record, columns []int) {
	dec, err := format.JSON.NewDecoder(format.DecodeSpec{Table: bidTable(), Columns: columns})
	if err != nil {
		b.Fatal(err)
	}
	batches(b, recs, columns, func(recs []connectors.Record, out *zset.Builder) {
		if _, err := dec.Decode(recs, out); err != nil {
			b.Fatal(err)
		}
	})
}

// An event is what goccy/go-json reads a record into; eventPart has the three
// members only.
type event struct {
	EventType int32 `json:"event_type"`
	Bid       struct {
		Auction  int64  `json:"auction"`
		Bidder   int64  `json:"bidder"`
		Price    int64  `json:"price"`
		Channel  string `json:"channel"`
		URL      string `json:"url"`
		DateTime string `json:"date_time"`
		Extra    string `json:"extra"`
	} `json:"bid"`
}

type eventPart struct {
	Bid struct {
		Auction  int64  `json:"auction"`
		Price    int64  `json:"price"`
		DateTime string `json:"date_time"`
	} `json:"bid"`
}

func benchGoccy(b *testing.B, recs []connectors.Record, columns []int) {
	batches(b, recs, columns, func(recs []connectors.Record, out *zset.Builder) {
		for i := range recs {
			if len(columns) == 3 {
				var e eventPart
				if err := gojson.UnmarshalOf(recs[i].Value, &e, gojson.DecodeNoCopyString()); err != nil {
					b.Fatal(err)
				}
				vec.Append(out.Cols[0], e.Bid.Auction)
				vec.Append(out.Cols[1], e.Bid.Price)
				appendTime(b, out.Cols[2], e.Bid.DateTime)
			} else {
				var e event
				if err := gojson.UnmarshalOf(recs[i].Value, &e, gojson.DecodeNoCopyString()); err != nil {
					b.Fatal(err)
				}
				vec.Append(out.Cols[0], e.EventType)
				vec.Append(out.Cols[1], e.Bid.Auction)
				vec.Append(out.Cols[2], e.Bid.Bidder)
				vec.Append(out.Cols[3], e.Bid.Price)
				out.Cols[4].AppendString(e.Bid.Channel)
				out.Cols[5].AppendString(e.Bid.URL)
				appendTime(b, out.Cols[6], e.Bid.DateTime)
				out.Cols[7].AppendString(e.Bid.Extra)
			}
			out.EndRow()
		}
	})
}

func benchFastJSON(b *testing.B, recs []connectors.Record, columns []int) {
	var p fastjson.Parser
	batches(b, recs, columns, func(recs []connectors.Record, out *zset.Builder) {
		for i := range recs {
			v, err := p.ParseBytes(recs[i].Value)
			if err != nil {
				b.Fatal(err)
			}
			bid := v.Get("bid")
			if len(columns) == 3 {
				vec.Append(out.Cols[0], bid.GetInt64("auction"))
				vec.Append(out.Cols[1], bid.GetInt64("price"))
				appendTime(b, out.Cols[2], text(bid.GetStringBytes("date_time")))
			} else {
				vec.Append(out.Cols[0], int32(v.GetInt("event_type")))
				vec.Append(out.Cols[1], bid.GetInt64("auction"))
				vec.Append(out.Cols[2], bid.GetInt64("bidder"))
				vec.Append(out.Cols[3], bid.GetInt64("price"))
				out.Cols[4].AppendBytes(bid.GetStringBytes("channel"))
				out.Cols[5].AppendBytes(bid.GetStringBytes("url"))
				appendTime(b, out.Cols[6], text(bid.GetStringBytes("date_time")))
				out.Cols[7].AppendBytes(bid.GetStringBytes("extra"))
			}
			out.EndRow()
		}
	})
}

func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func appendTime(b *testing.B, col *vec.Builder, s string) {
	v, ok := types.ParseTimestamp(s)
	if !ok {
		b.Fatal(s)
	}
	vec.Append(col, v)
}
