package format_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/zset"
)

// Columns that key.fields names are read from the record's key, the others from its
// value, each in its own format. Wanted columns alone are read.
func TestKeyFields(t *testing.T) {
	for _, c := range []struct {
		law, columns, options string
		wanted                []int
		key, value            string
		want, bad             string
	}{
		{"an object in the key", "id BIGINT; body VARCHAR; n INT", "format=json key.fields=id,n", nil, `{"n":3,"id":7}`, `{"body":"b","id":1}`, "+1 7 b 3", ""},
		{"a key as text", "id BIGINT; body VARCHAR", "format=json key.fields=ID key.format=raw", nil, "42", `{"body":"b"}`, "+1 42 b", ""},
		{"a line in the key", "a BIGINT; body VARCHAR; b VARCHAR", "format=raw key.fields=a,b key.format=csv value.fields.include=except-key", nil, "1,x", "whole", "+1 1 whole x", ""},
		{"a line in the value, with the key", "a BIGINT; b VARCHAR", "format=csv key.fields=a key.format=raw", nil, "5", "1,x", "+1 5 x", ""},
		{"a line in the value, without the key", "a BIGINT; b VARCHAR", "format=csv key.fields=a key.format=raw value.fields.include=except-key", nil, "5", "x", "+1 5 x", ""},
		{"a record without a key", "id BIGINT; body VARCHAR", "format=json key.fields=id", nil, "none", `{"body":"b","id":1}`, "+1 NULL b", ""},
		{"no column of the key is wanted", "id BIGINT; body VARCHAR", "format=json key.fields=id key.format=raw", []int{1}, "no number", `{"body":"b"}`, "+1 b", ""},
		{"no column of the value is wanted", "id BIGINT; body VARCHAR", "format=json key.fields=id key.format=raw", []int{0}, "1", `{}`, "+1 1", ""},
		{"a key that is no number", "id BIGINT; body VARCHAR", "format=json key.fields=id key.format=raw", nil, "x", `{"body":"b"}`, "", "t/0 at offset 9: key: 'x' is not a BIGINT"},
		{"a key that is no JSON", "id BIGINT; body VARCHAR", "format=json key.fields=id", nil, "{", `{"body":"b"}`, "", "t/0 at offset 9: key: "},
		{"a key that is not UTF-8", "id VARCHAR; body VARCHAR", "format=json key.fields=id key.format=raw", nil, "\xff", `{"body":"b"}`, "", "t/0 at offset 9: key: the record's key is not valid UTF-8"},
		{"a value that does not fit", "id BIGINT; n INT", "format=json key.fields=id key.format=raw", nil, "1", `{"n":"x"}`, "", "t/0 at offset 9: field n: "},
	} {
		table := mustTable(c.columns, strings.Fields(c.options)...)
		if c.wanted == nil {
			for i := range table.Columns {
				c.wanted = append(c.wanted, i)
			}
		}
		f := format.All[slices.IndexFunc(format.All, func(f format.Format) bool { return f.Name == table.Options["format"] })]
		if f.Check != nil {
			if err := f.Check(table); err != nil {
				t.Errorf("%s: %v", c.law, err)
				continue
			}
		}
		for _, policy := range []format.Policy{format.Fail, format.Skip} {
			d, err := f.NewDecoder(format.DecodeSpec{Table: table, Columns: c.wanted, OnError: policy})
			if err != nil {
				t.Fatalf("%s: %v", c.law, err)
			}
			rec := connectors.Record{Split: "t/0", Offset: 9, Value: []byte(c.value)}
			if c.key != "none" {
				rec.Key = []byte(c.key)
			}
			b := zset.NewBuilder(table.Schema().Project(c.wanted))
			bad, err := d.Decode([]connectors.Record{rec}, b)
			if len(bad) > 0 {
				err = &bad[0]
			}
			if got := strings.TrimSpace(b.Build().String()); got != c.want {
				t.Errorf("%s: %s, want %s", c.law, got, c.want)
			}
			if c.bad == "" && err != nil || c.bad != "" && (err == nil || !strings.HasPrefix(err.Error(), c.bad)) {
				t.Errorf("%s: %v, want %s", c.law, err, c.bad)
			}
		}
	}
}
