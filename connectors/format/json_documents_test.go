package format_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// A document writes JSON objects that look like a topic's records: the members of
// everyType and others, in some layout, most values as they should be.
type document struct {
	r *rand.Rand
	strings.Builder
}

func (d *document) pick(list ...string) string { return list[d.r.IntN(len(list))] }

func (d *document) rare(n int) bool { return d.r.IntN(n) == 0 }

func (d *document) blank() {
	if d.rare(12) {
		d.WriteString(d.pick(" ", "  ", "\n", "\t", "\r\n "))
	}
}

var memberNames = []string{
	"b", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f", "d", "c", "e", "s", "l", "x", "y", "day", "t", "h", "m", "n", "j", "a",
	"other", "more", "unwanted_name_that_is_long", "이름",
}

// name writes one, now and then in another case or escaped.
func (d *document) name(name string) {
	switch {
	case d.rare(40):
		name = strings.ToUpper(name)
	case d.rare(60):
		name = fmt.Sprintf(`\u%04x`, name[0]&0x7f) + name[1:]
	case d.rare(80):
		name = d.pick("", `\"`, `\\`, "unknown", "aa")
	}
	d.WriteString(`"` + name + `"`)
	d.blank()
	d.WriteByte(':')
	d.blank()
}

func (d *document) object(names []string, depth int) {
	d.WriteByte('{')
	d.blank()
	for i, name := range names {
		if i > 0 {
			d.WriteByte(',')
			d.blank()
		}
		d.name(name)
		d.value(name, depth)
		d.blank()
	}
	d.WriteByte('}')
}

func (d *document) value(name string, depth int) {
	switch {
	case d.rare(25):
		d.any(depth)
	case name == "a" || name == "z":
		names := []string{"o", "p", "z", "q"}
		if name == "z" {
			names = []string{"r", "s"}
		}
		d.r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		d.object(names[:d.r.IntN(len(names)+1)], depth+1)
	case name == "b":
		d.WriteString(d.pick("true", "false", "null"))
	case strings.Contains("s l p q 이름", name):
		d.text()
	case name == "x" || name == "y":
		d.WriteString(d.pick(`""`, `"AA=="`, `"AAEC"`, `"AAECAw=="`, `"*"`))
	case name == "day":
		fmt.Fprintf(d, `"%04d-%02d-%02d"`, 1+d.r.IntN(9999), 1+d.r.IntN(12), 1+d.r.IntN(31))
	case name == "t" || name == "h":
		fmt.Fprintf(d, `"%s%02d:%02d:%02d%s"`, d.pick("", "", "-"), d.r.IntN(900), d.r.IntN(60), d.r.IntN(61), d.pick("", ".5", ".123456"))
	case name == "m" || name == "n":
		d.stamp()
	default:
		d.number()
	}
}

func (d *document) stamp() {
	if d.rare(4) {
		fmt.Fprint(d, d.r.Int64()>>d.r.IntN(60))
		return
	}
	fmt.Fprintf(d, `"2026-0%d-%02d%s%02d:%02d:%02d%s%s"`, 1+d.r.IntN(9), 1+d.r.IntN(31), d.pick(" ", "T"), d.r.IntN(25), d.r.IntN(60), d.r.IntN(60),
		d.pick("", ".1", ".12", ".123", ".123456", ".999999", ".1234567", "."), d.pick("", "Z", "z", "+09:00", "-0130", "+9"))
}

func (d *document) number() {
	switch d.r.IntN(6) {
	case 0:
		fmt.Fprint(d, d.r.IntN(200)-100)
	case 1:
		fmt.Fprint(d, d.r.Int64()>>d.r.IntN(64))
	case 2:
		fmt.Fprint(d, d.r.Uint64()>>d.r.IntN(64))
	case 3:
		fmt.Fprintf(d, "%.*f", d.r.IntN(12), (d.r.Float64()-0.5)*float64(uint64(1)<<d.r.IntN(60)))
	case 4:
		fmt.Fprintf(d, "%d%s%s%d", d.r.IntN(1000), d.pick("e", "E", ".0e", ".25E"), d.pick("", "+", "-"), d.r.IntN(12))
	default:
		d.WriteString(d.pick("0", "-0", "00", "1.", "-", ".5", "9223372036854775807", "9223372036854775808", "18446744073709551615", "1e400", "0.1", "99999999.5"))
	}
}

func (d *document) text() {
	d.WriteByte('"')
	for range d.r.IntN(12) {
		if d.rare(8) {
			d.WriteString(d.pick(`\n`, `\"`, `\\`, `\/`, `\u0041`, `\ud83d\ude00`, `\ud83d`, `\u`, `\x`, "\x01", "\xff", "\x7f"))
		}
		d.WriteString(d.pick("a", "bcd", "한글", "é", "efghijklmnop", " ", "😀", "{", "}", ",", ":"))
	}
	d.WriteByte('"')
}

func (d *document) any(depth int) {
	switch d.r.IntN(8) {
	case 0:
		d.WriteString(d.pick("null", "true", "false", "nul", "True", ""))
	case 1:
		d.text()
	case 2:
		d.number()
	case 3:
		d.WriteByte('[')
		for i := range d.r.IntN(4) {
			if i > 0 {
				d.WriteByte(',')
			}
			d.blank()
			if depth < 5 {
				d.any(depth + 1)
			}
		}
		d.WriteByte(']')
	case 4:
		d.object([]string{d.pick(memberNames...), "x"}[:d.r.IntN(3)], depth+1)
	default:
		d.WriteString("null")
	}
}

// documents checks a topic of some layouts that come again and again.
func documents(t *testing.T, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	layouts := make([][]string, 1+r.IntN(6))
	for i := range layouts {
		names := append([]string{}, memberNames...)
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		layouts[i] = names[:r.IntN(len(names))]
		if len(names) > 4 && r.IntN(4) == 0 {
			layouts[i] = append(layouts[i], names[:2]...) // twice
		}
	}
	var values [][]byte
	for range 60 {
		d := &document{r: r}
		d.object(layouts[r.IntN(len(layouts))], 0)
		v := []byte(d.String())
		switch {
		case d.rare(30):
			v = v[:r.IntN(len(v)+1)]
		case d.rare(60):
			v[r.IntN(len(v))] = byte(r.IntN(256))
		case d.rare(90):
			v = append(v, " x"[r.IntN(2)])
		}
		values = append(values, v)
	}
	sameAsOracle(t, everyType, values...)
}

// Topics of several layouts, with all that may go wrong in them, give the oracle's rows.
func TestJSONDocuments(t *testing.T) {
	for seed := range uint64(100) {
		documents(t, seed)
	}
}

func FuzzJSONDocuments(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(documents)
}
