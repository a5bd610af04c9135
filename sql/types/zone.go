package types

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // 0.4 MB, so that zones are known on a machine without them
)

// A Zone is a time zone: the clock on the wall for each moment. A nil Zone is UTC. There
// is one Zone of each name, so that two are the same where their pointers are.
type Zone struct {
	name  string
	loc   *time.Location
	spans []zoneSpan // without a gap, up to the year 2100
}

// A zoneSpan is a time of one offset: the moments in [from, to), in microseconds.
type zoneSpan struct{ from, to, offset int64 }

// zones holds the zones in use by the name that was asked for, and names that are none.
// Both are bounded: a column may hold any text.
var zones = struct {
	sync.RWMutex
	known   map[string]*Zone
	unknown map[string]bool
}{known: map[string]*Zone{}, unknown: map[string]bool{}}

const (
	maxKnownZones   = 4096
	maxUnknownZones = 1024
)

// LoadZone returns the zone of a name: UTC, one of the IANA database such as
// Europe/Berlin in any case of letters, or an offset from -13:59 to +14:00. The zone of
// the machine has no name here. UTC is nil.
func LoadZone(name string) (*Zone, error) {
	zones.RLock()
	z, ok := zones.known[name]
	unknown := zones.unknown[name]
	zones.RUnlock()
	switch {
	case ok:
		return z, nil
	case unknown:
		return nil, errZone(name)
	}
	z, ok = findZone(name)
	zones.Lock()
	defer zones.Unlock()
	if !ok {
		if len(zones.unknown) >= maxUnknownZones {
			clear(zones.unknown)
		}
		zones.unknown[strings.Clone(name)] = true
		return nil, errZone(name)
	}
	if z != nil {
		if first := zones.known[z.name]; first != nil {
			z = first
		}
		zones.known[z.name] = z
	}
	if len(zones.known) < maxKnownZones {
		zones.known[strings.Clone(name)] = z
	}
	return z, nil
}

func errZone(name string) error {
	return fmt.Errorf("there is no time zone '%s'; there are UTC, names such as Europe/Berlin and offsets such as +02:00", name)
}

func findZone(name string) (*Zone, bool) {
	if offset, ok := zoneOffset(name); ok {
		if offset == 0 {
			return nil, true
		}
		return &Zone{name: offsetName(offset), spans: []zoneSpan{{math.MinInt64, math.MaxInt64, offset}}}, true
	}
	if strings.EqualFold(name, "UTC") || strings.EqualFold(name, "Z") {
		return nil, true
	}
	for _, n := range []string{name, capitalized(name), strings.ToUpper(name)} {
		if !zoneName(n) {
			continue
		}
		if loc, err := time.LoadLocation(n); err == nil {
			return newZone(n, loc), true
		}
	}
	return nil, false
}

// zoneName refuses what a file system may know beside the zones of the database: the
// machine's own zone, and copies with leap seconds.
func zoneName(n string) bool {
	first, _, _ := strings.Cut(n, "/")
	return n != "" && n[0] >= 'A' && n[0] <= 'Z' && len(n) < 64 && !slices.Contains([]string{"Local", "Localtime", "LOCALTIME", "Posix", "POSIX", "Right", "RIGHT"}, first)
}

// capitalized writes a name as most are: america/port_of_spain is
// America/Port_of_Spain.
func capitalized(name string) string {
	b := []byte(strings.ToLower(name))
	start := 0
	for i := 0; i <= len(b); i++ {
		if i < len(b) && b[i] != '/' && b[i] != '_' && b[i] != '-' && b[i] != '+' {
			continue
		}
		if word := string(b[start:i]); start < i && word != "of" && word != "es" && word != "au" && b[start] >= 'a' && b[start] <= 'z' {
			b[start] -= 'a' - 'A'
			if word == "us" || word == "nz" || word == "gmt" {
				copy(b[start:i], strings.ToUpper(word))
			}
		}
		start = i + 1
	}
	return string(b)
}

// zoneOffset reads [+|-]H[H]:MM, from -13:59 to +14:00 as in MySQL.
func zoneOffset(name string) (micros int64, ok bool) {
	if len(name) < 5 || len(name) > 6 || name[0] != '+' && name[0] != '-' || name[len(name)-3] != ':' {
		return 0, false
	}
	h, ok1 := digits(name, 1, len(name)-4)
	m, ok2 := digits(name, len(name)-2, 2)
	micros = int64(h)*MicrosPerHour + int64(m)*MicrosPerMinute
	if name[0] == '-' {
		return -micros, ok1 && ok2 && m < 60 && h < 14
	}
	return micros, ok1 && ok2 && m < 60 && micros <= 14*MicrosPerHour
}

func offsetName(micros int64) string {
	sign := '+'
	if micros < 0 {
		sign, micros = '-', -micros
	}
	return fmt.Sprintf("%c%02d:%02d", sign, micros/MicrosPerHour, micros/MicrosPerMinute%60)
}

// tableEnd is where the table of spans ends and the rules of the last year go on.
var tableEnd = int64(Days(2100, 1, 1)) * MicrosPerDay

func newZone(name string, loc *time.Location) *Zone {
	z := &Zone{name: name, loc: loc}
	for at := MinTimestamp; at < tableEnd; {
		s := boundsAt(loc, at)
		if n := len(z.spans); n > 0 && z.spans[n-1].offset == s.offset { // only its abbreviation changed
			z.spans[n-1].to = s.to
		} else {
			z.spans = append(z.spans, s)
		}
		at = s.to
	}
	return z
}

func boundsAt(loc *time.Location, moment int64) zoneSpan {
	t := time.UnixMicro(moment).In(loc)
	from, to := t.ZoneBounds()
	_, offset := t.Zone()
	s := zoneSpan{math.MinInt64, math.MaxInt64, int64(offset) * MicrosPerSecond}
	if !from.IsZero() {
		s.from = from.UnixMicro()
	}
	if !to.IsZero() {
		s.to = to.UnixMicro()
	}
	if s.to <= moment { // on the last day of a leap year beyond 2037 ZoneBounds ends a day early
		s.to = moment + MicrosPerDay
	}
	return s
}

func (z *Zone) spanAt(moment int64) zoneSpan {
	if z == nil {
		return zoneSpan{math.MinInt64, math.MaxInt64, 0}
	}
	if moment >= z.spans[len(z.spans)-1].to {
		return boundsAt(z.loc, moment)
	}
	i, _ := slices.BinarySearchFunc(z.spans, moment, func(s zoneSpan, m int64) int {
		if s.to <= m {
			return -1
		}
		return 1
	})
	return z.spans[i]
}

// String gives the zone's name.
func (z *Zone) String() string {
	if z == nil {
		return "UTC"
	}
	return z.name
}

// Location returns the zone as package time has it.
func (z *Zone) Location() *time.Location {
	switch {
	case z == nil:
		return time.UTC
	case z.loc == nil:
		return time.FixedZone(z.name, int(z.spans[0].offset/MicrosPerSecond))
	}
	return z.loc
}

// Local returns what the clock on the wall shows at a moment, both in microseconds.
func (z *Zone) Local(moment int64) int64 { return moment + z.spanAt(moment).offset }

// Moment returns when the clock on the wall shows a time. Where it shows it twice,
// because clocks were put back, that is the first time; where it never does, because
// they were put forward, the moment at which that was done: as in MySQL.
func (z *Zone) Moment(local int64) int64 {
	if z == nil {
		return local
	}
	for s := z.spanAt(local - 26*MicrosPerHour); ; s = z.spanAt(s.to) {
		switch m := local - s.offset; {
		case m < s.from:
			return s.from
		case m < s.to || s.to == math.MaxInt64:
			return m
		}
	}
}

// A Clock reads the times of a zone for moments that lie near each other, as those of
// a column do, at the cost of an addition each.
type Clock struct {
	zone *Zone
	span zoneSpan
}

// NewClock returns a clock of a zone.
func NewClock(z *Zone) Clock { return Clock{z, z.spanAt(0)} }

// Local is the zone's Local.
func (c *Clock) Local(moment int64) int64 {
	if moment < c.span.from || moment >= c.span.to {
		c.span = c.zone.spanAt(moment)
	}
	return moment + c.span.offset
}

// Moment is the zone's Moment.
func (c *Clock) Moment(local int64) int64 {
	// Within a span and a day away from where it begins and ends a time is shown once.
	const day = MicrosPerDay
	if m := local - c.span.offset; (c.span.from == math.MinInt64 || m > c.span.from+day) && (c.span.to == math.MaxInt64 || m < c.span.to-day) {
		return m
	}
	m := c.zone.Moment(local)
	c.span = c.zone.spanAt(m)
	return m
}
