package scalar

import (
	"strings"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// StrToDate is STR_TO_DATE(s, format).
var StrToDate = function.Scalar{
	Name: "str_to_date", Category: ofTime,
	Doc: "Reads a text in a format of date_format: as a DATE, TIME or TIMESTAMP, whichever a constant format has the parts of. What follows the format's end is passed over, and a text that ends before it has 0 in the parts that are missing. NULL where the text does not fit, or gives no date.",
	Examples: []function.Example{
		{Expr: "str_to_date('25.11.2026', '%d.%m.%Y')", Value: "2026-11-25"},
		{Expr: "str_to_date('2026년 3월 1일 9시', '%Y년 %c월 %e일 %k시')", Value: "2026-03-01 09:00:00"},
		{Expr: "str_to_date('Nov 5 2026 10:20:30.5 PM', '%b %e %Y %h:%i:%s.%f %p')", Value: "2026-11-05 22:20:30.500000"},
		{Expr: "str_to_date('10:20:30', '%T')", Value: "10:20:30"},
		{Expr: "str_to_date('10', '%H:%i')", Value: "10:00:00"},
		{Expr: "str_to_date('2026-02-30', '%Y-%m-%d')", Value: "NULL"},
		{Expr: "str_to_date(NULL, '%Y')", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Text, function.Text),
		ReturnsOf: func(_ []types.Type, constant func(int) any) types.Type {
			if format, ok := constant(1).(string); ok {
				return formatType(format)
			}
			return function.Timestamp
		},
		Eval: strToDate,
	}},
}

// formatType returns what a format has the parts of.
func formatType(format string) types.Type {
	date, clock, fraction := false, false, false
	for i := 0; i+1 < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		i++
		date = date || strings.IndexByte("YymcMbdej", format[i]) >= 0
		clock = clock || strings.IndexByte("HkhIlpisSfTr", format[i]) >= 0
		fraction = fraction || format[i] == 'f'
	}
	precision := 0
	if fraction {
		precision = types.MaxFraction
	}
	switch {
	case date && clock:
		return types.TimestampOf(precision)
	case clock:
		return types.Type{Kind: types.Time, Precision: precision}
	}
	return function.Date
}

func strToDate(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
	if c.Returns.Kind == types.Date {
		return function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int32, bool, error) {
			p := timeReader{text: args[0].Str(row)}
			ok := p.read(args[1].Str(row))
			day, isDate := p.date()
			return day, ok && isDate, nil
		})(c, args)
	}
	return function.Fixed(func(c *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
		p := timeReader{text: args[0].Str(row)}
		if !p.read(args[1].Str(row)) {
			return 0, false, nil
		}
		micros, ok := p.clock()
		if c.Returns.Kind == types.Time {
			return micros, ok, nil
		}
		day, isDate := p.date()
		return int64(day)*types.MicrosPerDay + micros, ok && isDate, nil
	})(c, args)
}

// A timeReader reads a text by a format.
type timeReader struct {
	text                           string
	year, month, ofMonth, ofYear   int
	hour, minute, second, fraction int
	half                           byte // 'a' or 'p' where AM or PM was read, 'h' where only an hour of 12 was
}

func (p *timeReader) read(format string) bool {
	for i := 0; i < len(format); i++ {
		c := format[i]
		if p.text = strings.TrimLeft(p.text, " \t\r\n"); p.text == "" {
			return true
		}
		if c == ' ' || c == '\t' || c == '\n' {
			continue
		}
		if c != '%' || i+1 == len(format) {
			if p.text[0] != c {
				return false
			}
			p.text = p.text[1:]
			continue
		}
		i++
		if !p.part(format[i]) {
			return false
		}
	}
	return true
}

func (p *timeReader) part(c byte) bool {
	switch c {
	case 'Y', 'y':
		width := 4
		if c == 'y' {
			width = 2
		}
		before := len(p.text)
		ok := p.number(&p.year, width)
		switch two := before-len(p.text) <= 2; { // of %Y, too
		case two && p.year < 70:
			p.year += 2000
		case two:
			p.year += 1900
		}
		return ok
	case 'm', 'c':
		return p.number(&p.month, 2)
	case 'd', 'e':
		return p.number(&p.ofMonth, 2)
	case 'j':
		return p.number(&p.ofYear, 3)
	case 'M', 'b':
		return p.name(&p.month, monthNames[:], c == 'M')
	case 'W', 'a':
		var weekday int
		return p.name(&weekday, dayNames[:], c == 'W')
	case 'H', 'k':
		return p.number(&p.hour, 2)
	case 'h', 'I', 'l':
		if p.half == 0 {
			p.half = 'h'
		}
		return p.number(&p.hour, 2)
	case 'i':
		return p.number(&p.minute, 2)
	case 's', 'S':
		return p.number(&p.second, 2)
	case 'f':
		return p.micros()
	case 'p':
		return p.meridiem()
	case 'T':
		return p.read("%H:%i:%s")
	case 'r':
		return p.read("%h:%i:%s %p")
	case '%':
		rest, ok := strings.CutPrefix(p.text, "%")
		p.text = rest
		return ok
	}
	return false
}

func (p *timeReader) number(to *int, width int) bool {
	n := 0
	for n < width && n < len(p.text) && p.text[n]-'0' <= 9 {
		n++
	}
	*to = 0
	for _, c := range []byte(p.text[:n]) {
		*to = *to*10 + int(c-'0')
	}
	p.text = p.text[n:]
	return n > 0
}

func (p *timeReader) micros() bool {
	before := len(p.text)
	ok := p.number(&p.fraction, types.MaxFraction)
	for n := before - len(p.text); n < types.MaxFraction; n++ {
		p.fraction *= 10
	}
	return ok
}

func (p *timeReader) name(to *int, names []string, whole bool) bool {
	for i, n := range names {
		if !whole {
			n = n[:3]
		}
		if len(p.text) >= len(n) && strings.EqualFold(p.text[:len(n)], n) {
			*to = i + 1
			p.text = p.text[len(n):]
			return true
		}
	}
	return false
}

func (p *timeReader) meridiem() bool {
	if len(p.text) < 2 || p.text[1]|0x20 != 'm' {
		return false
	}
	p.half = p.text[0] | 0x20
	p.text = p.text[2:]
	return p.half == 'a' || p.half == 'p'
}

func (p *timeReader) date() (int32, bool) {
	if p.year < 1 {
		return 0, false
	}
	if p.ofYear > 0 && p.month == 0 && p.ofMonth == 0 {
		day := types.Days(p.year, 1, 1) + int32(p.ofYear-1)
		return day, yearOf(day) == int64(p.year)
	}
	if p.month < 1 || p.month > 12 || p.ofMonth < 1 || p.ofMonth > types.DaysIn(p.year, p.month) {
		return 0, false
	}
	return types.Days(p.year, p.month, p.ofMonth), true
}

func (p *timeReader) clock() (int64, bool) {
	if p.minute > 59 || p.second > 59 || p.hour > 23 {
		return 0, false
	}
	hour := p.hour
	if p.half != 0 {
		if hour < 1 || hour > 12 {
			return 0, false
		}
		hour %= 12
		if p.half == 'p' {
			hour += 12
		}
	}
	return int64(hour)*types.MicrosPerHour + int64(p.minute)*types.MicrosPerMinute + int64(p.second)*types.MicrosPerSecond + int64(p.fraction), true
}
