package mysqltest

import (
	"slices"
	"strings"
)

// Pools of values, by the letter that templates call them by. The first ones of each are
// plain, the others are where implementations differ.
var pools = func() map[string][]string {
	p := map[string][]string{
		// i: integers up to the ends of BIGINT. k: small ones, as positions and counts.
		"i": {"0", "1", "-1", "2", "7", "-7", "10", "255", "-128", "65536", "2147483647", "-2147483648", "4294967296", "9223372036854775807", "-9223372036854775807", "NULL"},
		"k": {"0", "1", "2", "3", "5", "-1", "-2", "100", "NULL"},
		"u": {"CAST(0 AS UNSIGNED)", "CAST(1 AS UNSIGNED)", "CAST(7 AS UNSIGNED)", "CAST(18446744073709551615 AS UNSIGNED)", "CAST(9223372036854775808 AS UNSIGNED)"},
		"d": {"0.0", "1.5", "-1.5", "2.5", "-2.5", "0.05", "-0.049", "1.00", "123.456", "-123.456", "99999999.99", "0.000001", "3.14159265358979", "1234567890123456789.5", "-0.5", "0.5"},
		"f": {"0e0", "1e0", "-1.5e0", "2.5e0", "-0.5e0", "1e10", "-1e10", "1.1e-3", "3.7e15", "1e20", "123456.789e0"},
		// s: texts. e: texts that look like something else. c: single characters and pieces.
		"s": {"''", "'a'", "'abc'", "'ABC'", "'Hello World'", "'한글 텍스트'", "'äöüß'", "'a한b글c'", "'  pad  '", "'aXbXc'", "'naïve café'", "'😀 smile'", "'abcabc'", "NULL"},
		"c": {"''", "'a'", "'b'", "'X'", "'글'", "' '", "'bc'", "'한글'", "'l'", "'😀'", "NULL"},
		"t": {"TIMESTAMP'2026-01-02 03:04:05'", "TIMESTAMP'2024-02-29 23:59:59.999999'", "TIMESTAMP'1999-12-31 00:00:00'", "TIMESTAMP'2026-11-25 10:20:30.123456'", "TIMESTAMP'1970-01-01 00:00:00'", "TIMESTAMP'2026-03-31 12:00:00.5'", "TIMESTAMP'9999-12-31 23:59:59'", "TIMESTAMP'1582-10-15 01:02:03'"},
		"D": {"DATE'2026-01-02'", "DATE'2024-02-29'", "DATE'1999-12-31'", "DATE'2026-11-25'", "DATE'1970-01-01'", "DATE'2026-03-31'", "DATE'9999-12-31'", "DATE'2025-12-29'", "DATE'2021-01-03'", "DATE'1900-03-01'"},
		"T": {"TIME'00:00:00'", "TIME'10:20:30'", "TIME'23:59:59.999999'", "TIME'-01:02:03'", "TIME'838:59:59'", "TIME'12:00:00.5'", "TIME'100:00:00'", "TIME'-00:00:00.25'"},
		"U": {"MICROSECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"},
		"o": {"=", "<>", "<", "<=", ">", ">=", "<=>"},
		"m": {"+", "-", "*", "/", "DIV", "%"},
		"b": {"&", "|", "^", "<<", ">>"},
		"l": {"TRUE", "FALSE", "NULL"},
		"p": {"'%'", "'a%'", "'%c'", "'%b%'", "'_'", "'a_c'", "'___'", "'%글%'", "'_한%'", "'A%'", "''", "'%\\\\%%'", "'😀%'", "'a\\\\_c'", "NULL"},
		"r": {"'a'", "'^a'", "'c$'", "'b+'", "'[a-c]+'", "'[[:digit:]]'", "'^$'", "'a|b'", "'(ab|c){2}'", "'.글.'", "'[가-힣]+'", "'\\\\s'", "'[^a-z ]'", "'X.*X'", "'a?b?c?$'"},
		"j": {`'{"a": 1, "b": [1, 2, {"c": "x"}], "한": "글"}'`, `'[1, 2.5, "three", null, true, [4], {"a": 5}]'`, `'"text"'`, `'17'`, `'null'`, `'{}'`, `'[]'`, `'[{"a": 1}, {"a": 2}, {"b": 3}]'`, `'{"a": {"b": {"c": null}}}'`, "NULL"},
		"P": {`'$'`, `'$.a'`, `'$.b'`, `'$.b[2].c'`, `'$[0]'`, `'$[1]'`, `'$[3]'`, `'$.a.b.c'`, `'$."한"'`, `'$[9]'`},
	}
	p["n"] = slices.Concat(p["i"], p["d"][:12], p["f"][:8])
	// e: texts that spell numbers and times, well or not.
	p["e"] = []string{"'0'", "'12'", "'-7'", "' 42 '", "'3.5'", "'-2.5'", "'1e3'", "'abc'", "''", "'12abc'", "'9223372036854775808'", "'2026-01-02'", "'2026-02-30'", "'2026-01-02 03:04:05.678'", "'10:20:30'", "'20260102'", "'2026-1-2'", "'25:61:00'", "'0.05'", "'+5'", "'.5'", "'5.'", "'99999999999999999999999'"}
	// L: letters of formats, G: texts to be read by one.
	p["L"] = strings.Split("aAbcdDeEfHhIijklmMprSsTUuVvWwXxYyqQ%", "")
	p["G"] = []string{"2026-11-25", "2026-11-25 10:20:30", "2026-1-2 3:4:5", "25/11/2026", "5/1/2026", "20261125", "November 25, 2026", "NOVEMBER 5, 2026", "10:20 PM", "12:00 am", "13:00 PM", "2026-11-31", "2026-00-10", "26-11-25", "  2026-11-25  ", "2026-11-25 24:00:00", "2026-11-25T10:20:30", "x", "2026-11-25 10:20:60", "99999-1-1"}
	// a: a bit of everything.
	p["a"] = slices.Concat(p["i"][:6], p["d"][:6], p["f"][:3], p["s"][:4], p["e"][1:6], p["t"][:2], p["D"][:2], []string{"NULL", "TRUE", "FALSE"})
	// Columns of the table: A numbers, B integers, E texts, F times.
	p["A"] = []string{"ti", "us", "i", "l", "ul", "d", "w", "f", "x"}
	p["B"] = []string{"ti", "us", "i", "l", "ul"}
	p["E"] = []string{"s", "v"}
	p["F"] = []string{"dt", "ts", "tm"}
	// w: rows of it.
	p["w"] = []string{"TRUE", "id IN (1, 2, 6)", "id IN (1, 2, 5)", "id <= 2", "id = 3", "id = 5", "FALSE"}
	// Expressions: N numbers, S texts, M dates and times, C conditions.
	for name, templates := range parts {
		for _, e := range expandIn(p, templates) {
			p[name] = append(p[name], "("+e+")")
		}
	}
	return p
}()
