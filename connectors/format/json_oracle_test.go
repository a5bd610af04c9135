package format_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// The oracle reads JSON as clearly as can be, with encoding/json, big numbers, time
// and regular expressions, and shares no code with the decoder.

// oracleRow returns a record's row as text, with NULL for values that do not fit,
// whether any did not, and whether the record is a JSON object at all.
func oracleRow(t *connectors.Table, value []byte) (row string, misfit, object bool) {
	if !json.Valid(value) || !utf8.Valid(value) || bytes.TrimLeft(value, " \t\r\n")[0] != '{' {
		return "", false, false
	}
	b := zset.NewBuilder(t.Schema())
	for i, c := range t.Columns {
		steps := []string{c.Name}
		if p := t.Options.Get("json.path." + c.Name); p != "" {
			steps = strings.Split(strings.TrimPrefix(p, "$."), ".")
		}
		raw := oracleMember(value, steps)
		if raw == nil || string(raw) == "null" {
			b.Cols[i].AppendNull()
		} else if !oracleValue(b.Cols[i], c.Type, raw) {
			b.Cols[i].AppendNull()
			misfit = true
		}
	}
	b.EndRow()
	return b.Build().String(), misfit, true
}

// oracleMember follows a path: the last member of the exact name, else the last that
// is the name in other letters.
func oracleMember(raw json.RawMessage, steps []string) json.RawMessage {
	if len(steps) == 0 {
		return raw
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	var exact, folded json.RawMessage
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			panic(err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			panic(err)
		}
		lower := strings.ToLower(name.(string))
		switch {
		case name == steps[0]:
			exact = value
		case lower == strings.ToLower(steps[0]):
			folded = value
		}
	}
	if exact == nil {
		exact = folded
	}
	return oracleMember(exact, steps[1:])
}

var numberText = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

func oracleValue(col *vec.Builder, t types.Type, raw json.RawMessage) bool {
	if t.Kind == types.JSON {
		col.AppendBytes(raw)
		return true
	}
	var text string
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			panic(err)
		}
		return oracleText(col, t, text)
	}
	switch {
	case t.Kind == types.Varchar:
		return oracleText(col, t, string(raw))
	case t.Kind == types.Boolean && (raw[0] == 't' || raw[0] == 'f'):
		col.AppendBool(raw[0] == 't')
		return true
	case numberText.Match(raw):
		return oracleNumber(col, t, string(raw))
	}
	return false
}

var (
	dateText  = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)$`)
	stampText = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)(?:[ Tt](\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:([Zz])|([-+]\d\d)(?::?(\d\d))?)?)?$`)
	timeText  = regexp.MustCompile(`^(-?)(\d\d\d?):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?$`)
)

func oracleText(col *vec.Builder, t types.Type, text string) bool {
	switch t.Kind {
	case types.Varchar:
		if t.Length > 0 && utf8.RuneCountInString(text) > t.Length {
			return false
		}
		col.AppendString(text)
		return true
	case types.Binary:
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil || t.Length > 0 && len(raw) > t.Length {
			return false
		}
		col.AppendBytes(raw)
		return true
	case types.BigInt, types.UBigInt, types.Decimal:
		return numberText.MatchString(text) && oracleNumber(col, t, text)
	case types.Date:
		day, err := time.Parse("2006-01-02", text)
		if err != nil || day.Year() < 1 || !dateText.MatchString(text) {
			return false
		}
		vec.Append(col, int32(day.Unix()/86400-boolInt(day.Unix()%86400 < 0)))
		return true
	case types.Timestamp:
		m := stampText.FindStringSubmatch(text)
		if m == nil {
			return false
		}
		v, ok := oracleStamp(m)
		if ok {
			vec.Append(col, oracleRound(v, t.Precision))
		}
		return ok
	case types.Time:
		m := timeText.FindStringSubmatch(text)
		if m == nil {
			return false
		}
		v := (number(m[2])*60+number(m[3]))*60_000_000 + number(m[4])*1_000_000 + number((m[5] + "000000")[:6])
		if v >= 839*3600*1_000_000 {
			return false
		}
		if m[1] == "-" {
			v = -v
		}
		vec.Append(col, oracleRound(v, t.Precision))
		return true
	}
	return false
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func number(s string) int64 {
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// oracleStamp makes microseconds of the parts of a timestamp's text.
func oracleStamp(m []string) (int64, bool) {
	day, err := time.Parse("2006-01-02", m[1])
	clock := time.Time{}
	if err == nil && m[2] != "" {
		clock, err = time.Parse("15:04", m[2])
	}
	sec := number(m[3])
	zone := number(strings.TrimLeft(m[6], "+-"))*60 + number(m[7])
	if err != nil || day.Year() < 1 || sec > 59 || number(strings.TrimLeft(m[6], "+-")) > 14 || number(m[7]) > 59 {
		return 0, false
	}
	if strings.HasPrefix(m[6], "-") {
		zone = -zone
	}
	at := day.Unix() + int64(clock.Hour())*3600 + int64(clock.Minute())*60 + sec - zone*60
	return at*1_000_000 + number((m[4] + "000000")[:6]), true
}

// oracleRound keeps so many fractional digits, half up.
func oracleRound(v int64, precision int) int64 {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(6-precision)), nil)
	half := new(big.Int).Div(unit, big.NewInt(2))
	n := new(big.Int).Add(big.NewInt(v), half)
	n.Div(n, unit) // rounds down, Euclid's way
	return n.Mul(n, unit).Int64()
}

// oracleRat returns a number exactly; ok is false for one with so large an exponent
// that it fits nothing or is as good as 0, tiny then says which.
func oracleRat(text string) (r *big.Rat, ok, tiny bool) {
	mantissa, exp, _ := strings.Cut(strings.ToLower(text), "e")
	if !strings.ContainsAny(mantissa, "123456789") {
		return new(big.Rat), true, false
	}
	if e, err := strconv.Atoi(exp); exp != "" && (err != nil || e > 2000 || e < -2000) {
		return nil, false, strings.HasPrefix(exp, "-")
	}
	r, ok = new(big.Rat).SetString(text)
	return r, ok, false
}

// oracleScaled multiplies by a power of ten and rounds half away from zero.
func oracleScaled(r *big.Rat, scale int) *big.Int {
	r = new(big.Rat).Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
	abs := new(big.Rat).Add(new(big.Rat).Abs(r), big.NewRat(1, 2))
	n := new(big.Int).Quo(abs.Num(), abs.Denom())
	if r.Sign() < 0 {
		n.Neg(n)
	}
	return n
}

func oracleNumber(col *vec.Builder, t types.Type, text string) bool {
	if t.IsFloat() {
		f, err := strconv.ParseFloat(text, map[types.Kind]int{types.Float: 32, types.Double: 64}[t.Kind])
		if err != nil {
			return false
		}
		if f == 0 {
			f = 0
		}
		if t.Kind == types.Float {
			vec.Append(col, float32(f))
		} else {
			vec.Append(col, f)
		}
		return true
	}
	r, ok, tiny := oracleRat(text)
	if !ok && !tiny {
		return false
	}
	if tiny {
		r = big.NewRat(1, 1_000_000_000)
		r.Mul(r, r).Mul(r, r).Mul(r, r)
	}
	switch {
	case t.Kind == types.Decimal:
		n := oracleScaled(r, t.Scale)
		if len(new(big.Int).Abs(n).String()) > t.Precision {
			return false
		}
		return vec.ParseText(col, new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Scale)), nil)).FloatString(t.Scale)) == nil
	case t.Kind == types.Timestamp:
		n := oracleScaled(r, 3)
		if !n.IsInt64() {
			return false
		}
		vec.Append(col, oracleRound(n.Int64(), t.Precision))
		return true
	case t.IsInteger():
		return r.IsInt() && vec.ParseText(col, r.Num().String()) == nil
	}
	return false
}

// everyType has a column of each type, some of them inside of others.
var everyType = mustTable(`b BOOLEAN; i8 TINYINT; i16 SMALLINT; i32 INT; i64 BIGINT; u8 UTINYINT; u16 USMALLINT; u32 UINT; u64 UBIGINT;
	f FLOAT; d DOUBLE; c DECIMAL(10,3); e DECIMAL(38,10); s VARCHAR; l VARCHAR(3); x BINARY; y BINARY(3); day DATE; t TIME; h TIME(1);
	m TIMESTAMP; n TIMESTAMP(2); j JSON; o BIGINT; p VARCHAR; q JSON; r DOUBLE`,
	"json.path.o=$.a.o", "json.path.p=$.a.p", "json.path.q=$.a", "json.path.r=$.a.z.r")

// same decodes records with one decoder and compares each with the oracle.
func sameAsOracle(t *testing.T, tab *connectors.Table, values ...[]byte) {
	t.Helper()
	dec, err := format.JSON.NewDecoder(format.DecodeSpec{Table: tab, Columns: everyColumn(tab), OnError: format.Null})
	if err != nil {
		t.Fatal(err)
	}
	nulls := "+1" + strings.Repeat(" NULL", len(tab.Columns)) + "\n"
	b := zset.NewBuilder(tab.Schema())
	for _, v := range values {
		b.Reset()
		bad, err := dec.Decode(records(slices.Clone(v)), b)
		if err != nil {
			t.Fatal(err)
		}
		row, misfit, object := oracleRow(tab, v)
		if !object {
			row = nulls
		}
		if got := b.Build().String(); got != row {
			t.Fatalf("%q gives\n%swant\n%s", v, got, row)
		}
		if wrong := misfit || !object; wrong != (len(bad) > 0) {
			t.Fatalf("%q: misfit %v, object %v; bad: %v", v, misfit, object, fmt.Sprint(bad))
		}
	}
}

var jsonSeeds = []string{
	`{}`, `{"b":true,"i8":1,"i16":-2,"i32":3,"i64":4,"u8":5,"u16":6,"u32":7,"u64":8}`,
	`{"f":1.5,"d":-2.25e3,"c":123.456,"e":"12345678901234567890.5","s":"text","l":"한글은","x":"AAE=","y":"AAEC"}`,
	`{"day":"2026-01-02","t":"-12:34:56.789","h":"100:00:00.25","m":"2026-01-02T03:04:05.123456Z","n":"2026-01-02 03:04:05+09:00","j":[1,{"a":null}]}`,
	`{"a":{"o":1,"p":"x","z":{"r":1}},"A":{"o":2},"a":{"p":"y"}}`, `{"a":{"o":1},"a":5,"S":"folded","s":"exact","\u0073":"again"}`,
	`{"s":"\ud83d\ude00\ud83d\n\"\\\/","m":1767323045678,"n":-1.5,"b":null}`, `{"i64":1e2,"i32":1.0,"u64":18446744073709551615,"i8":128}`,
	`{"i64":9223372036854775808,"d":1e400,"f":3.5e38,"c":1e-99999999999999999999,"e":1e99999999999999999999}`, `{"s":1,"l":false,"j":"x","d":0.1,"r":1}`,
	` { "i64" : 12345678 , "d" : 12345678.12345678 , "s" : "12345678" } `, `[{"a":1}]`, `{"i64":01}`, `{"s":"a` + "\x01" + `"}`, `{"s":"` + "\xff" + `"}`, `{"s":`,
	`{"i64":123456789012345678,"i32":-12345678,"d":1234567890.12345678901,"m":"2026-01-02 03:04:05","n":"2026-02-30 00:00:00"}`,
}

// FuzzJSON: what encoding/json takes as valid is taken, nothing else, and the values
// are those of the oracle, whatever was decoded before.
func FuzzJSON(f *testing.F) {
	for i, s := range jsonSeeds {
		f.Add([]byte(s), []byte(jsonSeeds[(i+1)%len(jsonSeeds)]))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		sameAsOracle(t, everyType, a, b, a, a, b)
		var grown []byte // so that words are read up to the end of a value, and beyond it
		for i := range len(a) {
			if i > 64 {
				break
			}
			grown = append(grown[:0], a[:i]...)
			sameAsOracle(t, everyType, grown)
		}
	})
}

func TestJSONSeeds(t *testing.T) {
	for _, a := range jsonSeeds {
		for _, b := range jsonSeeds {
			sameAsOracle(t, everyType, []byte(a), []byte(b), []byte(a))
		}
	}
}

// Layouts that change from record to record, names that no one wants, blanks: the
// rows are the oracle's.
func TestJSONLayouts(t *testing.T) {
	for _, s := range samples {
		recs := bids(s.order)[:300]
		values := make([][]byte, len(recs))
		for i := range recs {
			values[i] = recs[i].Value
			if i%7 == 0 {
				values[i] = bytes.ReplaceAll(values[i], []byte(":"), []byte(" : "))
			}
			if i%11 == 0 {
				values[i] = bytes.Replace(values[i], []byte(`"bidder"`), []byte(fmt.Sprintf(`"n%d":[{}],"bidder"`, i)), 1)
			}
		}
		sameAsOracle(t, bidTable(), values...)
	}
}

// A record is like the ones before but for one byte: strings end where they did, or somewhere
// else, or the record is none.
func TestJSONOneByteDiffers(t *testing.T) {
	const usual = `{"i64":12,"skipped":"words that nobody asks for, of some length","s":"and words that are","d":1.5,"last":"x"}`
	for at := range len(usual) {
		values := [][]byte{[]byte(usual), []byte(usual)}
		for _, c := range []byte{0, '\n', 0x1f, ' ', '"', '\\', '{', 0x7f, 0x80, 0xc3, 0xff} {
			other := []byte(usual)
			other[at] = c
			values = append(values, other, []byte(usual))
		}
		sameAsOracle(t, everyType, values...)
	}
}

// An object whose names are data never ends; the decoder learns so many and no more.
func TestJSONManyNames(t *testing.T) {
	var values [][]byte
	for i := range 2000 {
		values = append(values, fmt.Appendf(nil, `{"key-%d":1,"o%s":2,"s":"%d","a":{"k%d":"x","o":%d}}`, i, strings.Repeat("o", i), i, i, i))
	}
	sameAsOracle(t, everyType, values...)
}
