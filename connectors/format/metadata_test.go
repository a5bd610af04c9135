package format_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/zset"
)

// What a record has beside its value can be columns, in any order among the others,
// and does not depend on whether the value can be read.
func TestMetadata(t *testing.T) {
	tab := mustTable(`topic VARCHAR METADATA FROM 'topic'; id BIGINT; part INT METADATA FROM 'partition'; off BIGINT METADATA FROM 'offset';
		at TIMESTAMP(3) METADATA FROM 'timestamp'; typ VARCHAR METADATA FROM 'timestamp-type'; k VARCHAR METADATA FROM 'key';
		kb BINARY METADATA FROM 'key'; h JSON METADATA FROM 'headers'; p VARCHAR METADATA FROM 'path'`)
	recs := []connectors.Record{
		{
			Split: "a/b/12", Offset: 7, Value: []byte(`{"id":1}`), Timestamp: 1_767_323_045_678_000, TimestampType: connectors.CreateTime, Key: []byte("k"),
			Headers: []connectors.Header{{Key: "x", Value: []byte(`"1"`)}, {Key: "y"}, {Key: "z", Value: []byte("\xff한")}},
		},
		{Split: "t/0", Offset: 8, Value: []byte(`{`), Timestamp: 5_000, TimestampType: connectors.LogAppendTime, Key: []byte{}},
		{Split: "t/0", Offset: 9, Value: []byte(`{"id":3}`), Key: []byte("\xff")},
	}
	const want = `+1 a/b 1 12 7 "2026-01-02 03:04:05.678" CreateTime k 0x6b "{\"x\":\"\\\"1\\\"\",\"y\":null,\"z\":\"�한\"}" a/b/12
+1 t NULL 0 8 "1970-01-01 00:00:00.005" LogAppendTime "" 0x {} t/0
+1 t 3 0 9 NULL NoTimestampType NULL 0xff {} t/0
bad: t/0 at offset 8: the JSON ends too early, at byte 1
bad: t/0 at offset 9: field k: the record's key is not valid UTF-8; declare the column as BINARY to have its bytes
`
	got, err := decode(format.JSON, format.DecodeSpec{Table: tab, Columns: everyColumn(tab), OnError: format.Null}, recs)
	if err != nil || got != want {
		t.Errorf("%v\n%swant\n%s", err, got, want)
	}
	only := format.DecodeSpec{Table: tab, Columns: []int{3, 0}}
	if got, err := decode(format.JSON, only, recs[:1]); err != nil || got != "+1 7 a/b\n" {
		t.Errorf("%v %s", err, got)
	}
}

// A query that needs no column still counts the rows, and still sees what is wrong.
func TestNoColumns(t *testing.T) {
	tab := mustTable("id BIGINT")
	dec, err := format.JSON.NewDecoder(format.DecodeSpec{Table: tab, OnError: format.Skip})
	if err != nil {
		t.Fatal(err)
	}
	b := zset.NewBuilder(tab.Schema().Project(nil))
	bad, err := dec.Decode(records([]byte(`{"id":"x"}`), []byte(`{"id":1`), []byte(`{}`)), b)
	if err != nil || len(bad) != 1 || b.Len() != 2 {
		t.Errorf("%d rows, bad %v, error %v", b.Len(), bad, err)
	}
}
