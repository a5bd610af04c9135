package types_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/sql/types"
)

func at(t *testing.T, text string) int64 {
	t.Helper()
	micros, ok := types.ParseTimestamp(text)
	if !ok {
		t.Fatalf("%s is no time", text)
	}
	return micros
}

func zone(t testing.TB, name string) *types.Zone {
	t.Helper()
	z, err := types.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// A name is one of the database, in any case of letters, or an offset. The zone of the
// machine has no name, nor have the files that lie beside the database's.
func TestNamesOfZones(t *testing.T) {
	for name, want := range map[string]string{
		"UTC": "UTC", "utc": "UTC", "+00:00": "UTC", "-00:00": "UTC", "Z": "UTC",
		"Europe/Berlin": "Europe/Berlin", "europe/berlin": "Europe/Berlin", "ASIA/SEOUL": "Asia/Seoul",
		"america/port_of_spain": "America/Port_of_Spain", "us/eastern": "US/Eastern", "america/north_dakota/new_salem": "America/North_Dakota/New_Salem",
		"EST": "EST", "cet": "CET", "gb": "GB", "Etc/GMT+5": "Etc/GMT+5", "etc/gmt+5": "Etc/GMT+5", "est5edt": "EST5EDT",
		"+02:00": "+02:00", "+9:30": "+09:30", "-13:59": "-13:59", "+14:00": "+14:00",
	} {
		if z, err := types.LoadZone(name); err != nil || z.String() != want {
			t.Errorf("%s: %v, %v; not %s", name, z, err, want)
		}
	}
	for _, name := range []string{
		"", "SYSTEM", "Local", "local", "localtime", "posix/Europe/Berlin", "right/Europe/Berlin", "Europe/Berlln", "../Europe/Berlin", "Europe", "zone.tab",
		"tzdata.zi", "+14:01", "-14:00", "+02", "02:00", "+2:0", "+02:60", "+0a:00", strings.Repeat("A", 10000),
	} {
		if z, err := types.LoadZone(name); err == nil || !strings.Contains(err.Error(), "'"+name+"'") {
			t.Errorf("%q: %v, %v", name, z, err)
		}
	}
	if zone(t, "europe/berlin") != zone(t, "Europe/Berlin") || zone(t, "+09:00") != zone(t, "+9:00") {
		t.Error("there are two zones of one name")
	}
	for i := range 3000 { // a column of such texts is no leak, and hides no zone
		if _, err := types.LoadZone(fmt.Sprintf("Nowhere/%d", i)); err == nil {
			t.Fatal("there is a zone Nowhere")
		}
	}
	zone(t, "Asia/Tokyo")
}

// A clock that is put back shows a time twice, and the first is meant; one that is put
// forward leaves times out, and they are the moment at which that is done.
func TestTimesShownTwiceAndNever(t *testing.T) {
	for _, x := range []struct{ zone, local, utc string }{
		{"Europe/Berlin", "2026-10-25 01:59:59", "2026-10-24 23:59:59"},
		{"Europe/Berlin", "2026-10-25 02:00:00", "2026-10-25 00:00:00"},
		{"Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25 00:30:00"},
		{"Europe/Berlin", "2026-10-25 02:59:59.999999", "2026-10-25 00:59:59.999999"},
		{"Europe/Berlin", "2026-10-25 03:00:00", "2026-10-25 02:00:00"},
		{"Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29 00:59:59"},
		{"Europe/Berlin", "2026-03-29 02:00:00", "2026-03-29 01:00:00"},
		{"Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29 01:00:00"},
		{"Europe/Berlin", "2026-03-29 03:00:00", "2026-03-29 01:00:00"},
		{"America/New_York", "2026-11-01 01:30:00", "2026-11-01 05:30:00"},
		{"Australia/Lord_Howe", "2026-04-05 01:45:00", "2026-04-04 14:45:00"}, // half an hour back
		{"Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30 10:00:00"},        // a day left out
		{"Europe/Berlin", "2500-07-01 12:00:00", "2500-07-01 10:00:00"},       // the last rules go on
		{"Europe/Berlin", "9999-12-31 23:59:59", "9999-12-31 22:59:59"},
		{"Europe/Berlin", "0001-01-02 00:00:00", "0001-01-01 23:06:32"}, // the local mean time of old
		{"Asia/Seoul", "2026-11-25 19:20:30", "2026-11-25 10:20:30"},
		{"-05:30", "2026-11-25 00:00:00", "2026-11-25 05:30:00"},
		{"UTC", "2026-11-25 00:00:00", "2026-11-25 00:00:00"},
	} {
		z := zone(t, x.zone)
		if got := z.Moment(at(t, x.local)); got != at(t, x.utc) {
			t.Errorf("%s in %s is %s in UTC, not %s", x.local, x.zone, types.AppendTimestamp(nil, got, 6), x.utc)
		}
	}
}

// A zone, and a clock of it for whatever order of moments, shows what package time
// does; a time that is shown is shown at its moment, or an earlier one that shows the
// same.
func TestZonesAgreeWithPackageTime(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Antarctica/Troll", "-03:30"} {
		z := zone(t, name)
		clock, back := types.NewClock(z), types.NewClock(z)
		near := int64(0)
		for range 20_000 {
			near += r.Int64N(40*types.MicrosPerDay) - 20*types.MicrosPerDay
			if r.IntN(100) == 0 {
				near = types.MinTimestamp + types.MicrosPerDay + r.Int64N(types.EndTimestamp-types.MinTimestamp-2*types.MicrosPerDay)
			}
			_, offset := time.UnixMicro(near).In(z.Location()).Zone()
			want := near + int64(offset)*types.MicrosPerSecond
			if got := z.Local(near); got != want || clock.Local(near) != want {
				t.Fatalf("%s: %d is %d, by the clock %d, not %d", name, near, got, clock.Local(near), want)
			}
			m := z.Moment(want)
			if m > near || z.Local(m) != want || back.Moment(want) != m {
				t.Fatalf("%s: %d shows at %d, by the clock %d, and not at %d", name, want, m, back.Moment(want), near)
			}
		}
	}
}

func BenchmarkClock(b *testing.B) {
	c := types.NewClock(zone(b, "Europe/Berlin"))
	moment := int64(1795602030000000)
	for i := range b.N {
		if c.Local(moment+int64(i)) < 0 {
			b.Fatal("before 1970")
		}
	}
}
