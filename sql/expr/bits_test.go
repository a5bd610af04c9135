package expr_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/internal/evaltest"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// Operators on bits see a negative number as the 64 bits of its two's complement and
// give an unsigned one, as in MySQL.
func TestBits(t *testing.T) {
	for text, want := range map[string]string{
		"-1 & 5":                    "5",
		"-2 | 1":                    "18446744073709551615",
		"-1 ^ 1":                    "18446744073709551614",
		"~0":                        "18446744073709551615",
		"~(-1)":                     "0",
		"-1 >> 63":                  "1",
		"-1 << 1":                   "18446744073709551614",
		"1 << 64":                   "0",
		"18446744073709551615 & -1": "18446744073709551615",
		"2.5 & 7":                   "3",
		"'6' & 3":                   "2",
		"TRUE | 2":                  "3",
		"NULL & 1":                  "NULL",
		"~CAST(NULL AS INT)":        "NULL",
	} {
		e, err := evaltest.Bind(text, nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := expr.EvalConst(e)
		if err != nil || got.String() != want {
			t.Errorf("%s is %v, %v, not %s", text, got, err, want)
		}
	}
}
