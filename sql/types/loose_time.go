package types

import "strings"

// ParseLooseTimestamp reads what ParseMoment does and what MySQL takes beside it: parts of
// one digit, slashes between those of a date, an hour alone, and all digits in a row,
// YYYYMMDD or YYYYMMDDHHMMSS[.f]. A year has four digits.
func ParseLooseTimestamp(s string, z *Zone) (micros int64, ok bool) {
	if micros, ok = ParseMoment(s, z); ok {
		return micros, true
	}
	date, clock, hasClock := strings.Cut(s, " ")
	if !hasClock {
		date, clock, hasClock = strings.Cut(s, "T")
	}
	row := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if !hasClock && row == len("20060102150405") {
		date, clock, hasClock = s[:8], s[8:10]+":"+s[10:12]+":"+s[12:], true
	}
	padded, ok := paddedDate(date)
	if ok && hasClock {
		clock, ok = paddedClock(clock)
		padded += " " + clock
	}
	if !ok {
		return 0, false
	}
	return ParseMoment(padded, z)
}

// ParseLooseTime reads what ParseTime does and what MySQL takes beside it: parts of one
// digit, digits in a row, of which the last two are seconds, and of a text with a date the
// time behind it.
func ParseLooseTime(s string) (micros int64, ok bool) {
	if micros, ok = ParseTime(s); ok {
		return micros, true
	}
	if strings.ContainsAny(s, " T") && len(s) > len("2006-1-2") {
		micros, ok = ParseLooseTimestamp(s, nil)
		_, ofDay := Split(micros)
		return ofDay, ok
	}
	clock, negative := strings.CutPrefix(s, "-")
	sign := ""
	if negative {
		sign = "-"
	} else {
		clock = strings.TrimPrefix(s, "+")
	}
	whole, fraction, hasFraction := strings.Cut(clock, ".")
	if len(strings.Trim(whole, "0123456789")) == 0 && whole != "" && len(whole) <= len("8385959") {
		whole = strings.Repeat("0", max(6-len(whole), 0)) + whole
		n := len(whole)
		clock = whole[:n-4] + ":" + whole[n-4:n-2] + ":" + whole[n-2:]
		if hasFraction && fraction != "" {
			clock += "." + fraction
		}
		return ParseTime(sign + clock)
	}
	if clock, ok = paddedClock(clock); !ok || !strings.Contains(s, ":") {
		return 0, false
	}
	return ParseTime(sign + clock)
}

// paddedDate makes YYYY-MM-DD of a date that lacks zeros or has slashes, or no signs at all.
func paddedDate(s string) (string, bool) {
	if len(s) == 8 && strings.Trim(s, "0123456789") == "" {
		return s[:4] + "-" + s[4:6] + "-" + s[6:], true
	}
	parts := strings.FieldsFunc(s, func(c rune) bool { return c == '-' || c == '/' })
	if len(parts) != 3 || len(parts[0]) != 4 || len(s) != len(parts[0])+len(parts[1])+len(parts[2])+2 {
		return "", false
	}
	return parts[0] + "-" + twoDigits(parts[1]) + "-" + twoDigits(parts[2]), true
}

// paddedClock makes HH:MM[:SS[.f]] of a time of day that lacks zeros or minutes.
func paddedClock(s string) (string, bool) {
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return "", false
	}
	if len(parts) == 1 {
		parts = append(parts, "00")
	}
	for i, p := range parts {
		whole, fraction, has := strings.Cut(p, ".")
		if has && i < 2 {
			return "", false
		}
		parts[i] = twoDigits(whole)
		if has {
			parts[i] += "." + fraction
		}
	}
	return strings.Join(parts, ":"), true
}

func twoDigits(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}
