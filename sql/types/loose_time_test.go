package types_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/sql/types"
)

// A cast to a time takes the texts that MySQL takes without a warning, years of two digits
// and other signs between the parts excepted.
func TestLooseTimes(t *testing.T) {
	for text, want := range map[string]string{
		"2026-01-02": "2026-01-02 00:00:00.00", "2026-1-2": "2026-01-02 00:00:00.00", "2026/01/2": "2026-01-02 00:00:00.00", "20260102": "2026-01-02 00:00:00.00",
		"20260102030405": "2026-01-02 03:04:05.00", "20260102030405.25": "2026-01-02 03:04:05.25", "2026-1-2 3:4:5": "2026-01-02 03:04:05.00",
		"2026-01-02 03": "2026-01-02 03:00:00.00", "2026-01-02T3:04": "2026-01-02 03:04:00.00", "2026-1-2 03:04:05Z": "2026-01-02 03:04:05.00",
		"26-1-2": "", "260102": "", "2026-1": "", "2026--2": "", "2026-1-2-": "", "2026-13-1": "", "2026-1-2 25:00": "", "2026-1-2 1:2:3:4": "", "2026-1-2 1.5": "", "": "", " ": "", "T": "",
	} {
		micros, ok := types.ParseLooseTimestamp(text, nil)
		if got := string(types.AppendTimestamp(nil, micros, 2)); ok != (want != "") || ok && got != want {
			t.Errorf("'%s' is %s, %v; not %s", text, got, ok, want)
		}
	}
	for text, want := range map[string]string{
		"10:20:30": "10:20:30.00", "1:2:3": "01:02:03.00", "12:30": "12:30:00.00", "102030": "10:20:30.00", "1020": "00:10:20.00", "1020.5": "00:10:20.50", "8385959": "838:59:59.00",
		"-1:02": "-01:02:00.00", "+5": "00:00:05.00", "-7": "-00:00:07.00", "5.": "00:00:05.00", "2026-01-02 03:04:05.678": "03:04:05.67", "100:2:3": "100:02:03.00",
		"": "", "-": "", "90": "", "10203040": "", "abc": "", ".5": "", "5:": "", "25:61:00": "", "1:2:3:4": "", "--5": "", "2026-02-30 10:00:00": "",
	} {
		micros, ok := types.ParseLooseTime(text)
		if got := string(types.AppendTime(nil, micros, 2)); ok != (want != "") || ok && got != want {
			t.Errorf("'%s' is %s, %v; not %s", text, got, ok, want)
		}
	}
}
