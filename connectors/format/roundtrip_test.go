package format_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A dice makes values of the bytes that a fuzzer gives.
type dice struct{ data []byte }

func (d *dice) word() uint64 {
	var b [8]byte
	d.data = d.data[copy(b[:], d.data):]
	return binary.LittleEndian.Uint64(b[:])
}

func (d *dice) bytes() []byte {
	if len(d.data) == 0 {
		return nil
	}
	n := min(int(d.data[0]), len(d.data)-1)
	b := d.data[1 : 1+n]
	d.data = d.data[1+n:]
	return b
}

// value appends a value that the column can hold.
func (d *dice) value(col *vec.Builder) {
	t := col.Type()
	switch w := d.word(); {
	case w%7 == 0:
		col.AppendNull()
	case t.Kind == types.Boolean:
		col.AppendBool(w&8 != 0)
	case t.IsUnsigned():
		vec.AppendUint(col, w>>(64-8*t.Layout().Width()))
	case t.IsInteger():
		vec.AppendInt(col, int64(w)>>(64-8*t.Layout().Width()))
	case t.Kind == types.Float:
		f := math.Float32frombits(uint32(w))
		if f != f || math.IsInf(float64(f), 0) || f == 0 {
			f = 1.5
		}
		vec.Append(col, f)
	case t.Kind == types.Double:
		f := math.Float64frombits(w)
		if f != f || math.IsInf(f, 0) || f == 0 {
			f = 1.5
		}
		vec.Append(col, f)
	case t.Kind == types.Decimal:
		v := types.MulInt64(int64(w), int64(d.word()))
		if !types.DecimalFits(v, t.Precision) {
			v = types.DecimalFromInt(int64(w) % 1_000_000)
		}
		vec.Append(col, v)
	case t.Kind == types.Date:
		vec.Append(col, types.Days(1, 1, 1)+int32(w%3_652_059))
	case t.Kind == types.Time:
		vec.Append(col, oracleRound(int64(w)%(838*types.MicrosPerHour), t.Precision))
	case t.Kind == types.Timestamp:
		day := int64(types.Days(1, 1, 1)) + int64(w%3_652_058)
		vec.Append(col, oracleRound(day*types.MicrosPerDay+int64(d.word()%uint64(types.MicrosPerDay)), t.Precision))
	case t.IsNested():
		parts, n := col.Parts(), int(w>>8%4)
		if t.Kind == types.Row {
			n = 1
		}
		for range n {
			for i, p := range parts {
				if d.value(p); t.Kind == types.Map && i == 0 && p.LastNull() { // no key is NULL
					p.Truncate(p.Len() - 1)
					p.AppendString("")
				}
			}
		}
		if err := col.EndNested(); err != nil {
			panic(err)
		}
	case t.Kind == types.JSON:
		text, err := json.Marshal(map[string]any{"k": string(d.bytes()), "n": w})
		if err != nil {
			panic(err)
		}
		col.AppendBytes(text)
	case t.Kind == types.Varchar:
		text := string(bytes.ToValidUTF8(d.bytes(), []byte("?")))
		for t.Length > 0 && utf8.RuneCountInString(text) > t.Length {
			_, n := utf8.DecodeLastRuneInString(text)
			text = text[:len(text)-n]
		}
		col.AppendString(text)
	case t.Kind == types.Binary:
		b := d.bytes()
		if t.Length > 0 {
			b = b[:min(len(b), t.Length)]
		}
		col.AppendBytes(b)
	}
}

// roundTrip checks that rows that were written and read again are the same.
func roundTrip(t *testing.T, f format.Format, data []byte, options ...string) {
	t.Helper()
	tab := mustTable(`b BOOLEAN; i8 TINYINT; i16 SMALLINT; i32 INT; i64 BIGINT; u8 UTINYINT; u16 USMALLINT; u32 UINT; u64 UBIGINT;
		f FLOAT; d DOUBLE; c DECIMAL(10,3); e DECIMAL(38,10); s VARCHAR; l VARCHAR(3); x BINARY; y BINARY(3); day DATE; t TIME; h TIME(1);
		m TIMESTAMP; n TIMESTAMP(2); z TIMESTAMP_LTZ(3); j JSON; a ARRAY<INT>; aa ARRAY<ARRAY<VARCHAR>>; k MAP<VARCHAR, DECIMAL(10,3)>; r ROW<x BIGINT, y DATE>; o ARRAY<ROW<q BOOLEAN, m TIMESTAMP(2)>>`, options...)
	if f.Name == "raw" {
		tab = mustTable("x BINARY")
	}
	rows := zset.NewBuilder(tab.Schema())
	for d := (&dice{data}); len(d.data) > 0; rows.EndRow() {
		for _, col := range rows.Cols {
			if d.value(col); f.Name == "raw" && col.LastNull() { // an empty value stands for it
				rows.AbortRow()
				col.AppendBytes(nil)
			}
		}
	}
	written := rows.Build()
	enc, err := f.NewEncoder(tab, tab.Schema())
	if err != nil {
		t.Fatal(err)
	}
	var values [][]byte
	for row := range written.Len {
		line, err := enc.Encode(nil, written, row)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == "json" && !json.Valid(line) {
			t.Fatalf("%q is not JSON", line)
		}
		if line == nil {
			line = []byte{}
		}
		values = append(values, line)
	}
	got, err := decode(f, format.DecodeSpec{Table: tab, Columns: everyColumn(tab)}, records(values...))
	if err != nil {
		t.Fatal(err)
	}
	if want := written.String(); got != want {
		t.Fatalf("%q gives\n%swant\n%s", values, got, want)
	}
}

func FuzzRoundTrip(f *testing.F) {
	for n := range 20 {
		f.Add(bytes.Repeat([]byte{byte(n * 13), 1, 255, '"', byte(n), ',', '\n', '\\', 0xe2, 0x82, 0xac}, 30+n))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		roundTrip(t, format.JSON, data)
		roundTrip(t, format.JSON, data, "decimal.format=string")
		roundTrip(t, format.CSV, data)
		roundTrip(t, format.CSV, data, "csv.delimiter=;", "csv.null=NULL")
		roundTrip(t, format.Raw, data)
	})
}

// FuzzCSV: any line gives a row or a reason, and what was read is read again from
// what is written of it.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"1,a,2026-01-01,1.5,true", `"1","a""b",,,`, "\"", "1,\"a\"b", "x,y,z", ",,,,,,", "\xff", "1;2\r"} {
		f.Add([]byte(s), byte(','))
	}
	f.Fuzz(func(t *testing.T, line []byte, delimiter byte) {
		tab := mustTable("i BIGINT; s VARCHAR; d DATE; c DECIMAL(10,2); b BOOLEAN", "csv.delimiter="+string(rune(delimiter&0x7f)))
		if format.CSV.Check(tab) != nil {
			return
		}
		neverPanics(t, format.CSV, format.DecodeSpec{Table: tab, Columns: everyColumn(tab)}, line)
	})
}

// FuzzRaw: any value gives a row or a reason.
func FuzzRaw(f *testing.F) {
	f.Add([]byte("text"))
	f.Add([]byte("\xff\x00"))
	f.Fuzz(func(t *testing.T, value []byte) {
		for _, columns := range []string{"s VARCHAR", "b BINARY"} {
			tab := mustTable(columns)
			neverPanics(t, format.Raw, format.DecodeSpec{Table: tab, Columns: everyColumn(tab)}, value)
		}
	})
}

// neverPanics reads a record under each policy.
func neverPanics(t *testing.T, f format.Format, spec format.DecodeSpec, value []byte) {
	t.Helper()
	rows := map[format.Policy]int{}
	for _, policy := range []format.Policy{format.Fail, format.Skip, format.Null} {
		spec.OnError = policy
		dec, err := f.NewDecoder(spec)
		if err != nil {
			t.Fatal(err)
		}
		b := zset.NewBuilder(spec.Table.Schema())
		bad, err := dec.Decode(records(value), b)
		if (err != nil || len(bad) > 0) != (rows[format.Fail] == 0 && policy != format.Fail || err != nil) {
			t.Fatalf("%q: policy %d: error %v, bad %v", value, policy, err, bad)
		}
		batch := b.Build()
		for _, c := range batch.Cols {
			if c.Len != batch.Len {
				t.Fatalf("%q: a column of %d in %d rows", value, c.Len, batch.Len)
			}
		}
		rows[policy] = batch.Len
		if batch.Len == 0 || len(bad) > 0 {
			continue
		}
		enc, err := f.NewEncoder(spec.Table, spec.Table.Schema())
		if err != nil {
			t.Fatal(err)
		}
		line, err := enc.Encode([]byte{}, batch, 0)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := decode(f, spec, records(line)); err != nil || again != batch.String() {
			t.Fatalf("%q was read as\n%sand written as %q, which is read as\n%s%v", value, batch, line, again, err)
		}
	}
}

// A text is written so that encoding/json reads it, whatever stands wherever in it.
func TestTextsAreEscaped(t *testing.T) {
	tab := mustTable("s VARCHAR")
	f := format.All[slices.IndexFunc(format.All, func(f format.Format) bool { return f.Name == "json" })]
	enc, err := f.NewEncoder(tab, tab.Schema())
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range []string{"seven_b", "just eight", "a text of some length, more than thirty-two bytes long"} {
		for at := range len(plain) {
			for _, odd := range []string{"", "\x00", "\x1f", "\n", "\"", "\\", "\x7f", "é", "한"} {
				want := plain[:at] + odd + plain[at:]
				b := zset.NewBuilder(tab.Schema())
				b.Cols[0].AppendString(want)
				b.EndRow()
				line, err := enc.Encode(nil, b.Build(), 0)
				if err != nil {
					t.Fatal(err)
				}
				var got struct{ S string }
				if err := json.Unmarshal(line, &got); err != nil || got.S != want {
					t.Fatalf("%q is written as %s: %v", want, line, err)
				}
			}
		}
	}
}
