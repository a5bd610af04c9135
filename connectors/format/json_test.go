package format_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/zset"
)

// A record of 10 MB is a record; cut off, or with something behind it, it is none.
func TestJSONLargeRecord(t *testing.T) {
	tab := mustTable("id BIGINT; s VARCHAR; j JSON")
	spec := format.DecodeSpec{Table: tab, Columns: everyColumn(tab)}
	text := strings.Repeat("한글 text, 😀 ", 10<<20/20)
	whole := fmt.Appendf(nil, `{"x":[%s1],"s":"%s","id":7}`, strings.Repeat("1234567,", 1<<20), text)
	got, err := decode(format.JSON, spec, records(whole))
	if want := fmt.Sprintf("+1 7 %q NULL\n", text); err != nil || got != want {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(want))
	}
	_, err = decode(format.JSON, spec, records(whole[:len(whole)-9]))
	if want := fmt.Sprintf("people/3 at offset 100: the JSON ends too early, at byte %d", len(whole)-9); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	_, err = decode(format.JSON, spec, records(append(whole, '}')))
	if want := fmt.Sprintf("people/3 at offset 100: invalid JSON: text behind the value at byte %d", len(whole)); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// Values nest as deep as encoding/json allows, and no deeper; none overflows a stack.
func TestJSONDepth(t *testing.T) {
	tab := mustTable("id BIGINT; j JSON; p INT", "json.path.p=$.a.b.c")
	for _, depth := range []int{1, 62, 63, 64, 65, 66, 9_997, 9_998, 9_999, 10_000, 10_001, 1_000_000} {
		for _, around := range []string{`{"x":%s}`, `{"j":%s}`, `{"a":{"b":{"c":1,"x":%s}}}`} {
			value := fmt.Appendf(nil, around, strings.Repeat("[", depth)+strings.Repeat("]", depth))
			spec := format.DecodeSpec{Table: tab, Columns: everyColumn(tab)}
			_, err := decode(format.JSON, spec, records(value))
			if valid := json.Valid(value); valid != (err == nil) {
				t.Errorf("%s, depth %d: valid %v, error %v", around, depth, valid, err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "people/3 at offset 100: invalid JSON: too deep nesting at byte ") {
				t.Errorf("error %v", err)
			}
		}
	}
}

// A batch keeps its values when the memory of its records is used again.
func TestValuesAreCopied(t *testing.T) {
	for _, f := range []struct {
		format format.Format
		value  string
	}{{format.JSON, `{"s":"text"}`}, {format.JSON, `{"s":"te\u0078t"}`}, {format.CSV, `text`}, {format.CSV, `"text"`}, {format.Raw, `text`}} {
		tab := mustTable("s VARCHAR; k VARCHAR METADATA FROM 'key'")
		dec, err := f.format.NewDecoder(format.DecodeSpec{Table: tab, Columns: everyColumn(tab)})
		if err != nil {
			t.Fatal(err)
		}
		b := zset.NewBuilder(tab.Schema())
		rec := connectors.Record{Split: "t/0", Value: []byte(f.value), Key: []byte("key")}
		if _, err := dec.Decode([]connectors.Record{rec}, b); err != nil {
			t.Fatal(err)
		}
		copy(rec.Value, bytes.Repeat([]byte("!"), 99))
		copy(rec.Key, "!!!")
		if got := b.Build().String(); got != "+1 text key\n" {
			t.Errorf("%s: %s", f.format.Name, got)
		}
	}
}

// Decoding regular records allocates nothing once the columns have their size.
func TestJSONAllocatesNothing(t *testing.T) {
	for _, columns := range [][]int{allColumns, threeColumns, {}} {
		dec, err := format.JSON.NewDecoder(format.DecodeSpec{Table: bidTable(), Columns: columns})
		if err != nil {
			t.Fatal(err)
		}
		b := zset.NewBuilder(bidTable().Schema().Project(columns))
		recs := bids(shuffled)[:500]
		pass := func() {
			b.Reset()
			if _, err := dec.Decode(recs, b); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 {
			pass()
		}
		if n := testing.AllocsPerRun(10, pass); n > 0 {
			t.Errorf("columns %v: %v allocations for 500 records", columns, n)
		}
	}
}
