package table

import (
	"math/rand/v2"
	"testing"

	"github.com/sqlstream/sqlstream/sql/types"
)

const (
	second = types.MicrosPerSecond
	hour   = types.MicrosPerHour
	days   = types.MicrosPerDay
)

// divisions are windows of each kind, on clocks that jump and on such that do not.
func divisions(t *testing.T) map[string]*division {
	t.Helper()
	out := map[string]*division{
		"tumble 10 s":           {starts: grid{every: span{micros: 10 * second}, offset: span{micros: 3}}, size: span{micros: 10 * second}},
		"hop 4 s of 10 s":       {starts: grid{every: span{micros: 4 * second}}, size: span{micros: 10 * second}},
		"hop 10 s of 3 s":       {starts: grid{every: span{micros: 10 * second}}, size: span{micros: 3 * second}},
		"cumulate 5 s to 15 s":  {starts: grid{every: span{micros: 15 * second}}, size: span{micros: 15 * second}, step: span{micros: 5 * second}},
		"cumulate 1 h to month": {starts: grid{every: span{months: 1}}, size: span{months: 1}, step: span{micros: hour}},
	}
	for _, name := range []string{"UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Pacific/Apia"} {
		z, err := types.LoadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		out["tumble 1 day in "+name] = &division{starts: grid{every: span{micros: days}, offset: span{micros: 6 * hour}, zone: z}, size: span{micros: days}}
		out["tumble 1 month in "+name] = &division{starts: grid{every: span{months: 1}, zone: z}, size: span{months: 1}}
		out["hop 1 day of 1 month in "+name] = &division{starts: grid{every: span{micros: days}, zone: z}, size: span{months: 1}}
		out["hop 1 month of 10 days in "+name] = &division{starts: grid{every: span{months: 1}, zone: z}, size: span{micros: 10 * days}}
		out["cumulate 1 h to 1 day in "+name] = &division{starts: grid{every: span{micros: days}, zone: z}, size: span{micros: days}, step: span{micros: hour}}
		out["cumulate 1 month to 1 year in "+name] = &division{starts: grid{every: span{months: 12}, zone: z}, size: span{months: 12}, step: span{months: 1}}
	}
	return out
}

// Every window that is given holds the time, in the order of their ends. windowEnd is the end of the first, and where there is none of a window that begins
// later; it is never before the time, and never falls.
func TestWindowsHoldTheirTime(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	for name, d := range divisions(t) {
		at, least := -3*365*days+r.Int64N(days), int64(0)
		if r.IntN(2) == 0 {
			at = int64(types.Days(2006, 10, 1))*days + r.Int64N(days)
		}
		if r.IntN(3) == 0 { // Apia had no 30 December 2011
			at = int64(types.Days(2011, 12, 1))*days + r.Int64N(days)
		}
		each := d.hop
		if d.step != (span{}) {
			each = d.cumulate
		}
		for i := range 3000 {
			at += r.Int64N(2 * hour)
			before, first := int64(0), int64(0)
			each(at, func(start, end int64) bool {
				if start > at || end <= at {
					t.Fatalf("%s: [%d, %d) does not hold %d", name, start, end, at)
				}
				if first == 0 {
					first = end
				} else if end < before {
					t.Fatalf("%s: %d: a window that ends at %d comes behind one that ends at %d", name, at, end, before)
				}
				before = end
				return true
			})
			end := d.windowEnd(at)
			if first != 0 && end != first || end <= at || i > 0 && end < least {
				t.Fatalf("%s: the first window of %d ends at %d, its end is %d after %d", name, at, first, end, least)
			}
			least = end
		}
	}
}
