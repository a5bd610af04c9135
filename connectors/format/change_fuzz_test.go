package format_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/zset"
)

// debeziumSeeds are events of every kind, right and wrong.
var debeziumSeeds = []string{
	`{"op":"c","before":null,"after":{"id":1,"name":"ann"}}`,
	`{"op":"u","before":{"id":1,"name":"ann"},"after":{"id":2,"name":"eve"}}`,
	`{"op":"d","before":{"id":1,"name":"ann"},"after":null}`,
	`{"schema":{},"payload":{"op":"r","after":{"id":1,"name":"ann"}}}`,
	`{"op":"c","after":{"id":1},"op":"d","before":{"id":3}}`, `{"Op":"c","after":{"id":1}}`, `{"op":"c","OP":"d","after":{"id":1}}`,
	` { "op" : "c" , "after" : { "id" : 1 } } `, `{"payload":{"op":"c","after":{"id":1}},"payload":{"op":"d","before":{"id":1}}}`, `{"op":"c","after":{"id":1}}x`,
	`{"op":"u","after":{"id":"x"}}`, `{"op":"t"}`, `{"op":1}`, `{"op":"c","after":[]}`, `{"op":"c"`, `null`, ``, `{"id":1}`, `{"payload":{"id":1}}`,
}

// Whatever comes as an event, keyed or not: each row that it gives is of weight +1 or
// -1, the columns are of one length, and by the policy to leave bad records out either
// all that it changes is there, or nothing and a reason. A record that is not JSON gives
// nothing. What was decoded before does not matter.
func FuzzDebezium(f *testing.F) {
	for i, s := range debeziumSeeds {
		f.Add([]byte(s), []byte(debeziumSeeds[(i+3)%len(debeziumSeeds)]), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, value, key []byte, keyed bool) {
		tab := mustTable("id INT; name VARCHAR", "format=debezium-json")
		if keyed {
			tab.PrimaryKey, tab.Columns[0].NotNull = []int{0}, true
		}
		rec := connectors.Record{Split: "t/0", Offset: 7, Key: key, Value: append([]byte{}, value...)}
		other := connectors.Record{Split: "t/0", Offset: 6, Value: []byte(debeziumSeeds[1])}
		alone, aloneBad := events(t, tab, rec)
		after, afterBad := events(t, tab, other, rec)
		before, _ := events(t, tab, other)
		if after != before+alone || aloneBad != afterBad {
			t.Errorf("%q gives %q alone, and behind another %q", value, alone, after)
		}
		rec.Value = append([]byte{}, bytes.ReplaceAll(rec.Value, []byte(`"op"`), []byte(`"\u006fp"`))...) // the same, but not read in the quick pass
		if slow, slowBad := events(t, tab, rec); slow != alone || slowBad != aloneBad {
			t.Errorf("%q gives %q, and with its names escaped %q", value, alone, slow)
		}
		if !json.Valid(value) && (alone != "" || !aloneBad) {
			t.Errorf("%q is not JSON and gives %q", value, alone)
		}
		if aloneBad && alone != "" {
			t.Errorf("%q is bad and gives %q", value, alone)
		}
	})
}

// events decodes records and reports whether the last was bad.
func events(t *testing.T, tab *connectors.Table, recs ...connectors.Record) (string, bool) {
	t.Helper()
	dec, err := format.Debezium.NewDecoder(format.DecodeSpec{Table: tab, Columns: everyColumn(tab), OnError: format.Skip})
	if err != nil {
		t.Fatal(err)
	}
	b := zset.NewBuilder(tab.Schema())
	bad, err := dec.Decode(recs, b)
	if err != nil {
		t.Fatal(err)
	}
	out := b.Build()
	for row := range out.Len {
		if w := out.Weight(row); w != 1 && w != -1 {
			t.Errorf("a row of weight %d", w)
		}
	}
	for _, c := range out.Cols {
		if c.Len != out.Len {
			t.Errorf("%d values in %d rows", c.Len, out.Len)
		}
	}
	return out.String(), len(bad) > 0 && bad[len(bad)-1].Offset == 7
}
