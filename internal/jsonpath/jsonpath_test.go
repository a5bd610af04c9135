package jsonpath_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/sqlstream/sqlstream/internal/jsonpath"
)

// Each block is a document and paths, a line each; the output is what they lead to.
func TestPaths(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			lines := strings.Split(d.Input, "\n")
			var out strings.Builder
			for _, text := range lines[1:] {
				p, err := jsonpath.Parse(text)
				if err != nil {
					fmt.Fprintf(&out, "%s  →  error: %v\n", text, err)
					continue
				}
				found, err := p.Find([]byte(lines[0]), nil)
				if err != nil {
					fmt.Fprintf(&out, "%s  →  error: %v\n", text, err)
					continue
				}
				leads, _ := p.Leads([]byte(lines[0]))
				if leads != (len(found) > 0) {
					t.Errorf("%s leads: %t, and finds %q", text, leads, found)
				}
				if !p.Many {
					if one := p.One([]byte(lines[0])); len(found) > 0 && !bytes.Equal(one, found[0]) || len(found) == 0 && one != nil {
						t.Errorf("%s is %q, and finds %q", text, one, found)
					}
				}
				fmt.Fprintf(&out, "%s  →  %s\n", text, bytes.Join(found, []byte("  ")))
			}
			return out.String()
		})
	})
}

// Unquote reads what encoding/json reads, halves of characters included.
func TestUnquote(t *testing.T) {
	for _, quoted := range []string{
		`""`, `"한"`, `"\"\\\/\b\f\n\r\t"`, `"\u00e9\uD83D\uDE00"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ude00"`, `"\ud83d\ud83d\ude00"`, `"a\u0000b"`,
	} {
		var want string
		if err := json.Unmarshal([]byte(quoted), &want); err != nil {
			t.Fatal(err)
		}
		if got := string(jsonpath.Unquote(nil, []byte(quoted))); got != want {
			t.Errorf("%s is %q, not %q", quoted, got, want)
		}
	}
}

// An object with many members has each key once, the last value in the place of the first.
func TestMembers(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("{")
	for i := range 100 {
		fmt.Fprintf(&doc, `"k%d": %d, "\u006b%d": %d, `, i%40, i, i%40, i+1000)
	}
	doc.WriteString(`"last": {}}`)
	ms := jsonpath.Members(nil, []byte(doc.String()))
	if len(ms) != 41 || string(ms[0].Key) != "k0" || string(ms[0].Value) != "1080" || string(ms[39].Value) != "1079" {
		t.Errorf("%d members, the first %s: %s", len(ms), ms[0].Key, ms[0].Value)
	}
}

// A document may be as deep as the parser lets it be: what looks at all of it says so.
func TestDeep(t *testing.T) {
	deep := func(n int) []byte {
		return []byte(strings.Repeat(`{"a": [`, n) + strings.Repeat("]}", n))
	}
	path, err := jsonpath.Parse("$**.a**.a**[0]**.a")
	if err != nil {
		t.Fatal(err)
	}
	found, err := path.Find(deep(jsonpath.MaxDepth/2), nil)
	if err != nil || len(found) != 48 {
		t.Errorf("%d values, %v", len(found), err)
	}
	if _, err := path.Find(deep(4000), nil); !errors.Is(err, jsonpath.ErrDepth) {
		t.Errorf("%v", err)
	}
	long, err := jsonpath.Parse("$" + strings.Repeat(".a[0]", 3999) + ".a")
	if err != nil {
		t.Fatal(err)
	}
	if one := long.One(deep(4000)); string(one) != "[]" {
		t.Errorf("%s", one)
	}
}

// What is no JSON is read to its end and not beyond.
func FuzzScan(f *testing.F) {
	for _, s := range []string{`{"a": [1, {"b": "\""}]}`, `[`, `{"a`, `{"a":`, `"\`, `"\u12`, `}{`, `[,]`, `{"a" 1}`, " [ 1 , 2 ] ", "-0.5e+10", "01", "1.", "1e", "-", "nul", "trueX", "\"\\u00g0\"", "\"\x01\"", "\"12345678901234\x1f\"", "\"\xff\"", strings.Repeat("[", 10000) + strings.Repeat("]", 10000), strings.Repeat("[", 10001) + strings.Repeat("]", 10001)} {
		f.Add(s, "$**.a[last]")
	}
	f.Fuzz(func(t *testing.T, doc, path string) {
		d := []byte(doc)
		if got, want := jsonpath.Valid(d), json.Valid(d); got != want {
			t.Errorf("%q is valid: %t, not %t", doc, got, want)
		}
		jsonpath.Trim(d)
		jsonpath.Count(d)
		if len(d) > 1 {
			jsonpath.Unquote(nil, d)
		}
		for _, m := range jsonpath.Members(nil, d) {
			if !json.Valid(d) {
				break
			}
			if got := jsonpath.Get(d, string(m.Key)); !bytes.Equal(got, m.Value) {
				t.Errorf("%q of %q is %q, not %q", m.Key, d, got, m.Value)
			}
		}
		p, err := jsonpath.Parse(path)
		if err != nil {
			return
		}
		found, err := p.Find(d, nil)
		if err != nil {
			return
		}
		if json.Valid(d) && slices.ContainsFunc(found, func(v []byte) bool { return !json.Valid(v) }) {
			t.Errorf("%q of %q is %q", path, doc, found)
		}
	})
}

// Values of JSON in their order; those on a line are equal.
func TestOrder(t *testing.T) {
	lines := [][]string{
		{"null"},
		{"-1e400"},
		{"-10", "-1e1", "-10.0"},
		{"-9.5"},
		{"-1"},
		{"-0.11"},
		{"-0.1"},
		{"-1e-5"},
		{"0", "-0", "0.00", "0e9"},
		{"1e-5"},
		{"0.1", "1e-1", "0.10"},
		{"0.11"},
		{"1", "1.0", "10e-1"},
		{"9007199254740992"},
		{"9007199254740993"},
		{"1e400"},
		{`""`},
		{`"\u0000"`},
		{`"10"`},
		{`"9"`},
		{`"A"`, `"\u0041"`},
		{`"a"`},
		{`"ab"`},
		{`"é"`},
		{"{}"},
		{`{"a": 1}`, `{"a":1.0}`, `{"a": 7, "a": 1}`},
		{`{"a": 2}`},
		{`{"aa": 0}`},
		{`{"b": 0}`},
		{`{"b": 1, "a": 2}`, `{"a": 2, "b": 1}`},
		{"[]"},
		{"[null]"},
		{"[1]"},
		{"[1, 2]", "[1.0,2]"},
		{"[1, []]"},
		{"[2]"},
		{"[[]]"},
		{"[[0]]"},
		{"false"},
		{"true"},
	}
	for i, a := range lines {
		for j, b := range lines {
			for _, x := range a {
				for _, y := range b {
					got := bytes.Compare(jsonpath.AppendOrdered(nil, []byte(x)), jsonpath.AppendOrdered(nil, []byte(y)))
					if want := cmp.Compare(i, j); got != want {
						t.Errorf("%s and %s compare as %d, not %d", x, y, got, want)
					}
					quote := func(dst, s []byte) []byte { return strconv.AppendQuote(dst, string(s)) }
					same := bytes.Equal(jsonpath.Normal(nil, []byte(x), quote), jsonpath.Normal(nil, []byte(y), quote))
					if same != (i == j) {
						t.Errorf("%s and %s have the same normal form: %t", x, y, same)
					}
				}
			}
		}
	}
}
