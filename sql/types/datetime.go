package types

import "math"

// Spans in microseconds.
const (
	MicrosPerSecond int64 = 1_000_000
	MicrosPerMinute       = 60 * MicrosPerSecond
	MicrosPerHour         = 60 * MicrosPerMinute
	MicrosPerDay          = 24 * MicrosPerHour
)

// Days returns the days from 1970-01-01 to a date of the proleptic Gregorian
// calendar (the algorithm of H. Hinnant, "chrono-compatible low-level date
// algorithms").
func Days(year, month, day int) int32 {
	y := int64(year)
	if month <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	doy := int64((153*((month+9)%12)+2)/5 + day - 1)
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int32(era*146097 + doe - 719468)
}

// Civil is the inverse of Days.
func Civil(days int32) (year, month, day int) {
	z := int64(days) + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	month = int((mp+2)%12 + 1)
	year = int(yoe + era*400)
	if month <= 2 {
		year++
	}
	return year, month, day
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// DaysIn returns the length of a month.
func DaysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// Split divides a timestamp into its day and the microseconds of that day.
func Split(micros int64) (days int32, ofDay int64) {
	d := floorDiv(micros, MicrosPerDay)
	return int32(d), micros - d*MicrosPerDay
}

// ParseDate reads YYYY-MM-DD, years 0001 to 9999.
func ParseDate[T ~string | ~[]byte](s T) (days int32, ok bool) {
	days, rest, ok := leadingDate(s)
	return days, ok && rest == len(s)
}

func leadingDate[T ~string | ~[]byte](s T) (days int32, next int, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return 0, 0, false
	}
	y, ok1 := digits(s, 0, 4)
	m, ok2 := digits(s, 5, 2)
	d, ok3 := digits(s, 8, 2)
	if !ok1 || !ok2 || !ok3 || y < 1 || m < 1 || m > 12 || d < 1 || d > DaysIn(y, m) {
		return 0, 0, false
	}
	return Days(y, m, d), 10, true
}

func digits[T ~string | ~[]byte](s T, at, n int) (int, bool) {
	if at+n > len(s) {
		return 0, false
	}
	v := 0
	for i := at; i < at+n; i++ {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		v = v*10 + int(c)
	}
	return v, true
}

// ParseTimestamp reads YYYY-MM-DD, or YYYY-MM-DD HH:MM[:SS[.f]] with a blank or
// a T between, and optionally Z or an offset from UTC, as microseconds since 1970
// in UTC. Digits beyond the sixth of a fraction are cut off.
func ParseTimestamp[T ~string | ~[]byte](s T) (micros int64, ok bool) {
	micros, _, ok = parseTimestamp(s)
	return micros, ok
}

// ParseMoment is ParseTimestamp with times that name no offset read in a zone.
func ParseMoment[T ~string | ~[]byte](s T, z *Zone) (micros int64, ok bool) {
	micros, offset, ok := parseTimestamp(s)
	if ok && !offset {
		micros = z.Moment(micros)
	}
	return micros, ok
}

func parseTimestamp[T ~string | ~[]byte](s T) (micros int64, offset, ok bool) {
	days, at, ok := leadingDate(s)
	if !ok {
		return 0, false, false
	}
	micros = int64(days) * MicrosPerDay
	if at == len(s) {
		return micros, false, true
	}
	if c := s[at]; c != ' ' && c != 'T' && c != 't' {
		return 0, false, false
	}
	clock, at, ok := leadingClock(s, at+1, 23)
	if !ok {
		return 0, false, false
	}
	zone, ok := trailingZone(s, at)
	return micros + clock - zone, at < len(s), ok
}

// leadingClock reads HH:MM[:SS[.f]] from at on.
func leadingClock[T ~string | ~[]byte](s T, at, maxHour int) (micros int64, next int, ok bool) {
	h, ok1 := digits(s, at, 2)
	if !ok1 || h > maxHour || at+5 > len(s) || s[at+2] != ':' {
		return 0, 0, false
	}
	m, ok2 := digits(s, at+3, 2)
	if !ok2 || m > 59 {
		return 0, 0, false
	}
	micros = int64(h)*MicrosPerHour + int64(m)*MicrosPerMinute
	at += 5
	if at >= len(s) || s[at] != ':' {
		return micros, at, true
	}
	sec, ok3 := digits(s, at+1, 2)
	if !ok3 || sec > 59 {
		return 0, 0, false
	}
	micros += int64(sec) * MicrosPerSecond
	at += 3
	if at < len(s) && s[at] == '.' {
		unit := MicrosPerSecond / 10
		from := at + 1
		for at++; at < len(s) && s[at]-'0' <= 9; at++ {
			micros += int64(s[at]-'0') * unit
			unit /= 10
		}
		if at == from {
			return 0, 0, false
		}
	}
	return micros, at, true
}

// trailingZone reads nothing, Z, ±HH:MM, ±HHMM or ±HH up to the end.
func trailingZone[T ~string | ~[]byte](s T, at int) (micros int64, ok bool) {
	switch rest := len(s) - at; {
	case rest == 0:
		return 0, true
	case s[at] == 'Z' || s[at] == 'z':
		return 0, rest == 1
	case s[at] != '+' && s[at] != '-':
		return 0, false
	case rest == 6 && s[at+3] == ':' || rest == 5 || rest == 3:
		h, ok1 := digits(s, at+1, 2)
		m, ok2 := 0, true
		if rest > 3 {
			m, ok2 = digits(s, len(s)-2, 2)
		}
		micros = int64(h)*MicrosPerHour + int64(m)*MicrosPerMinute
		if s[at] == '-' {
			micros = -micros
		}
		return micros, ok1 && ok2 && h <= 14 && m <= 59
	}
	return 0, false
}

// ParseTime reads [-]HH:MM[:SS[.f]], hours 0 to 838 as in MySQL.
func ParseTime[T ~string | ~[]byte](s T) (micros int64, ok bool) {
	at, sign := 0, int64(1)
	if len(s) > 0 && s[0] == '-' {
		at, sign = 1, -1
	}
	hundreds := 0
	if len(s) > at+3 && s[at+3] == ':' {
		h, ok := digits(s, at, 1)
		if !ok {
			return 0, false
		}
		hundreds, at = h, at+1
	}
	micros, next, ok := leadingClock(s, at, 99)
	micros += int64(hundreds) * 100 * MicrosPerHour
	return sign * micros, ok && next == len(s) && micros < 839*MicrosPerHour
}

// AppendDate appends YYYY-MM-DD.
func AppendDate(dst []byte, days int32) []byte {
	y, m, d := Civil(days)
	if y < 0 {
		dst, y = append(dst, '-'), -y
	}
	dst = appendPadded(dst, y, 4)
	dst = append(dst, '-')
	dst = appendPadded(dst, m, 2)
	dst = append(dst, '-')
	return appendPadded(dst, d, 2)
}

// AppendTimestamp appends YYYY-MM-DD HH:MM:SS and as many fractional digits as
// precision says.
func AppendTimestamp(dst []byte, micros int64, precision int) []byte {
	days, ofDay := Split(micros)
	dst = AppendDate(dst, days)
	dst = append(dst, ' ')
	return AppendTime(dst, ofDay, precision)
}

// AppendMoment appends a moment as the clock of a zone shows it.
func AppendMoment(dst []byte, micros int64, precision int, z *Zone) []byte {
	return AppendTimestamp(dst, z.Local(micros), precision)
}

// AppendTime appends [-]HH:MM:SS and as many fractional digits as precision says.
func AppendTime(dst []byte, micros int64, precision int) []byte {
	if micros < 0 {
		dst, micros = append(dst, '-'), -micros
	}
	dst = appendPadded(dst, int(micros/MicrosPerHour), 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, int(micros/MicrosPerMinute%60), 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, int(micros/MicrosPerSecond%60), 2)
	if precision <= 0 {
		return dst
	}
	dst = append(dst, '.')
	frac := micros % MicrosPerSecond
	for i := MaxFraction; i > precision; i-- {
		frac /= 10
	}
	return appendPadded(dst, int(frac), precision)
}

func appendPadded(dst []byte, v, width int) []byte {
	var buf [20]byte
	i := len(buf)
	for v > 0 || width > 0 {
		i--
		buf[i] = byte('0' + v%10)
		v /= 10
		width--
	}
	return append(dst, buf[i:]...)
}

// MinTimestamp is the first point in time that a TIMESTAMP may be, EndTimestamp the
// first beyond the last: the years are 0001 to 9999.
var (
	MinTimestamp = int64(Days(1, 1, 1)) * MicrosPerDay
	EndTimestamp = int64(Days(10000, 1, 1)) * MicrosPerDay
)

// AddInterval moves a timestamp by months, keeping to the month's end, and then
// by microseconds; false where it leaves the years 0001 to 9999.
func AddInterval(t, months, micros int64) (int64, bool) {
	if months != 0 {
		days, ofDay := Split(t)
		y, m, d := Civil(days)
		total := int64(y)*12 + int64(m-1) + months
		if total < 12 || total >= 10000*12 {
			return 0, false
		}
		y, m = int(total/12), int(total%12)+1
		t = int64(Days(y, m, min(d, DaysIn(y, m))))*MicrosPerDay + ofDay
	}
	if micros > 0 && t > math.MaxInt64-micros || micros < 0 && t < math.MinInt64-micros {
		return 0, false
	}
	t += micros
	return t, t >= MinTimestamp && t < EndTimestamp
}

// AddIntervalIn moves a moment by months of a zone's calendar, at the same time of day,
// and then by microseconds: a day is 24 hours, also where clocks are changed in it.
func AddIntervalIn(z *Zone, t, months, micros int64) (int64, bool) {
	if z == nil || months == 0 {
		return AddInterval(t, months, micros)
	}
	local, ok := AddInterval(z.Local(t), months, 0)
	if !ok {
		return 0, false
	}
	return AddInterval(z.Moment(local), 0, micros)
}
