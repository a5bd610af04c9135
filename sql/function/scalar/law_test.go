package scalar_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/internal/evaltest"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// over evaluates an expression over columns named a, b, … and returns the texts.
func over(t testing.TB, text string, cols ...*vec.Vec) []string {
	t.Helper()
	schema := types.NewSchema()
	rows := 1
	for i, c := range cols {
		schema.Fields = append(schema.Fields, types.Field{Name: string(rune('a' + i)), Type: c.Type})
		rows = c.Len
	}
	e, err := evaltest.Bind(text, schema)
	if err != nil {
		t.Fatal(err)
	}
	v, err := evaltest.Eval(e, cols, rows, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, rows)
	for i := range out {
		out[i] = evaltest.Text(v, i)
	}
	return out
}

// The parts of each day of eight centuries are those that package time gives.
func TestDatePartsOfEveryDay(t *testing.T) {
	b := vec.NewBuilder(function.Date)
	first, last := types.Days(1599, 12, 1), types.Days(2400, 2, 1)
	for d := first; d < last; d++ {
		vec.Append(b, d)
	}
	parts := "concat_ws(' ', year(a), month(a), day(a), quarter(a), dayofyear(a), dayofweek(a), weekday(a), yearweek(a, 3), last_day(a), dayname(a), date_format(a, '%b %y %v %x'))"
	got := over(t, parts, b.Vec())
	for i := range got {
		at := time.Unix(int64(first+int32(i))*86400, 0).UTC()
		isoYear, isoWeek := at.ISOWeek()
		weekday := int(at.Weekday())
		lastDay := time.Date(at.Year(), at.Month()+1, 0, 0, 0, 0, 0, time.UTC)
		want := fmt.Sprint(at.Year(), int(at.Month()), at.Day(), (int(at.Month())-1)/3+1, at.YearDay(), weekday+1, (weekday+6)%7, isoYear*100+isoWeek) +
			fmt.Sprintf(" %s %s %s %02d %04d", lastDay.Format("2006-01-02"), at.Weekday(), at.Format("Jan 06"), isoWeek, isoYear)
		if got[i] != want {
			t.Fatalf("%s: %s, not %s", at.Format("2006-01-02"), got[i], want)
		}
	}
}

// WEEK in each mode, from the table in MySQL's manual and its neighbours.
func TestWeekModes(t *testing.T) {
	for day, want := range map[string]string{
		"2008-02-20": "7 8 7 8 8 7 8 7",
		"2000-01-01": "0 0 52 52 0 0 52 52",
		"2026-01-01": "0 1 52 1 0 0 53 52",
		"2026-12-31": "52 53 52 53 52 52 52 52",
		"2023-01-01": "1 0 1 52 1 0 1 52",
	} {
		var got []string
		for mode := range 8 {
			v, err := evaltest.Value(fmt.Sprintf("week('%s', %d)", day, mode))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, v)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %s, not %s", day, s, want)
		}
	}
}

// STR_TO_DATE reads what DATE_FORMAT writes.
func TestFormatsThereAndBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	b := vec.NewBuilder(function.Timestamp)
	for range 2000 {
		vec.Append(b, types.MinTimestamp+rng.Int64N(types.EndTimestamp-types.MinTimestamp))
	}
	for _, f := range []string{
		"%Y-%m-%d %H:%i:%s.%f", "%d.%c.%Y %k:%i:%S.%f", "%b %e %Y %h:%i:%s.%f %p", "%W, %M %e, %Y %l:%i:%s.%f %p", "%Y년 %j일 %T.%f",
	} {
		for i, ok := range over(t, "str_to_date(date_format(a, '"+f+"'), '"+f+"') = a", b.Vec()) {
			if ok != "true" {
				t.Fatalf("%s: row %d: %s", f, i, ok)
			}
		}
	}
}

// Rows of times that are near each other are written as each of them is by itself, also before
// 1970 and where the format is that of each row.
func TestFormatsOfNearTimes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	at, formats := vec.NewBuilder(function.Timestamp), vec.NewBuilder(function.Text)
	for _, start := range []int64{0, -3 * types.MicrosPerDay, 1_700_000_000_000_000} {
		for range 400 {
			start += [...]int64{0, 1, types.MicrosPerSecond / 2, types.MicrosPerMinute / 2, types.MicrosPerHour, -1}[rng.IntN(6)]
			vec.Append(at, start)
			formats.AppendBytes([]byte([]string{"%Y-%m-%d", "%H:%i"}[rng.IntN(2)]))
		}
	}
	times := at.Vec()
	check := func(expr string, cols ...*vec.Vec) {
		for i, got := range over(t, expr, cols...) {
			var own []*vec.Vec
			for _, c := range cols {
				own = append(own, vec.Gather(new(vec.Mem), c, []int32{int32(i)}))
			}
			if want := over(t, expr, own...)[0]; got != want {
				t.Fatalf("%s of row %d: %s, and by itself %s", expr, i, got, want)
			}
		}
	}
	for _, c := range "YymcMbdeDjWawUuVvXxHkhIlpisSfTr%q" {
		check(fmt.Sprintf("date_format(a, 'x %%%c')", c), times)
	}
	check("date_format(a, b)", times, formats.Vec())
	check("date_format(a, '')", times)
	check("from_unixtime(unix_timestamp(a), '%d %H')", times)
}

// TIMESTAMPDIFF is the greatest number of units that TIMESTAMPADD can add without going
// beyond, where no month's end is in the way.
func TestTimestampDiffAndAdd(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	from, to := vec.NewBuilder(function.Timestamp), vec.NewBuilder(function.Timestamp)
	for range 1000 {
		start := int64(types.Days(1900+rng.IntN(200), 1+rng.IntN(12), 1+rng.IntN(28)))*types.MicrosPerDay + rng.Int64N(types.MicrosPerDay)
		vec.Append(from, start)
		vec.Append(to, start+rng.Int64N(20*365*types.MicrosPerDay))
	}
	for _, unit := range []string{"MICROSECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"} {
		text := fmt.Sprintf("timestampadd(%[1]s, timestampdiff(%[1]s, a, b), a) <= b AND timestampadd(%[1]s, timestampdiff(%[1]s, a, b) + 1, a) > b AND timestampdiff(%[1]s, b, a) = -timestampdiff(%[1]s, a, b)", unit)
		for i, ok := range over(t, text, from.Vec(), to.Vec()) {
			if ok != "true" {
				t.Fatalf("%s: row %d: %s", unit, i, ok)
			}
		}
	}
}

// Parts of a text count characters: they are those of the text as runes.
func TestPartsOfTexts(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	alphabet := []rune("ab한글é😀 ")
	s, from, n := vec.NewBuilder(function.Text), vec.NewBuilder(function.Int), vec.NewBuilder(function.Int)
	var texts [][]rune
	var froms, ns []int
	for range 3000 {
		r := make([]rune, rng.IntN(8))
		for i := range r {
			r[i] = alphabet[rng.IntN(len(alphabet))]
		}
		texts, froms, ns = append(texts, r), append(froms, rng.IntN(20)-10), append(ns, rng.IntN(12)-2)
		s.AppendString(string(r))
		vec.Append(from, int64(froms[len(froms)-1]))
		vec.Append(n, int64(ns[len(ns)-1]))
	}
	got := over(t, "concat_ws('|', substring(a, b, c), left(a, c), right(a, c), reverse(a), char_length(a), locate(substring(a, 2, 1), a))", s.Vec(), from.Vec(), n.Vec())
	for i, r := range texts {
		start := froms[i] - 1
		if froms[i] < 0 {
			start = len(r) + froms[i]
		}
		sub := ""
		if froms[i] != 0 && start >= 0 && start < len(r) && ns[i] > 0 {
			sub = string(r[start:min(start+ns[i], len(r))])
		}
		k := min(max(ns[i], 0), len(r))
		back := make([]rune, len(r))
		for j, c := range r {
			back[len(r)-1-j] = c
		}
		second, at := "", 1
		if len(r) > 1 {
			second = string(r[1])
			at = utf8.RuneCountInString(string(r)[:strings.Index(string(r), second)]) + 1
		}
		want := strings.Join([]string{sub, string(r[:k]), string(r[len(r)-k:]), string(back), strconv.Itoa(len(r)), strconv.Itoa(at)}, "|")
		if got[i] != want {
			t.Fatalf("%q, %d, %d: %q, not %q", string(r), froms[i], ns[i], got[i], want)
		}
	}
}

// Rounding a DOUBLE to digits gives one of the two neighbours with so many digits, the
// nearer one; where it lies in the middle, as far as a DOUBLE tells, either.
func TestRoundingOfDoubles(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	b := vec.NewBuilder(function.Float)
	var values []float64
	for range 3000 {
		f := math.Round(rng.NormFloat64()*1e7) / 1e4
		values = append(values, f)
		vec.Append(b, f)
	}
	for _, digits := range []int{2, 1, 0, -1, -3} {
		got := over(t, fmt.Sprintf("concat(round(a, %d))", digits), b.Vec())
		for i, f := range values {
			r, err := strconv.ParseFloat(got[i], 64)
			unit := math.Pow10(-digits)
			if whole := math.Round(r / unit); err != nil || math.Abs(r-whole*unit) > 1e-9 || math.Abs(r-f) > unit/2+1e-9 {
				t.Fatalf("round(%v, %d) is %s", f, digits, got[i])
			}
		}
	}
}

// A path finds in a document what walking the decoded document finds, and whatever is
// not JSON makes no panic.
func FuzzJSONPath(f *testing.F) {
	for _, doc := range []string{`{"a": [1, {"b": "한\n"}], "a": {"b": 2}}`, `[[], {}, "\u00e9", -1.5e3, null, true]`, `{"a":`, `"`, `{"a" "b"}`, `[1,,2]`, ``, `{"\u0061": 1}`} {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		b := vec.NewBuilder(function.JSON)
		b.AppendString(doc)
		for path, walk := range map[string]func(any) (any, bool){
			"$":    func(v any) (any, bool) { return v, true },
			"$.a":  key("a"),
			"$[1]": index(1),
			"$.a.b": func(v any) (any, bool) {
				v, ok := key("a")(v)
				if !ok {
					return nil, false
				}
				return key("b")(v)
			},
		} {
			got := over(t, "json_extract(a, '"+path+"')", b.Vec())[0]
			over(t, "concat_ws(' ', json_length(a), json_keys(a), json_type(a), json_value(a, '$.a'), json_contains(a, a), json_unquote(a))", b.Vec())
			var decoded any
			if !utf8.ValidString(doc) || json.Unmarshal([]byte(doc), &decoded) != nil {
				continue
			}
			want, ok := walk(decoded)
			if !ok {
				if got != "NULL" {
					t.Fatalf("%s of %s: %s, not NULL", path, doc, got)
				}
				continue
			}
			var have any
			if err := json.Unmarshal([]byte(got), &have); err != nil || !reflect.DeepEqual(have, want) {
				t.Fatalf("%s of %s: %s, not %v (%v)", path, doc, got, want, err)
			}
		}
	})
}

func key(k string) func(any) (any, bool) {
	return func(v any) (any, bool) {
		m, _ := v.(map[string]any)
		v, ok := m[k]
		return v, ok
	}
}

func index(i int) func(any) (any, bool) {
	return func(v any) (any, bool) {
		a, ok := v.([]any)
		if !ok {
			return v, i == 0
		}
		if i >= len(a) {
			return nil, false
		}
		return a[i], true
	}
}
