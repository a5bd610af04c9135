package vec_test

import (
	"math"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A value's text reads back as the value.
func TestTextRoundTrip(t *testing.T) {
	for _, typ := range sample.Types {
		v := sample.Vec(sample.Rand(7), typ, 2000, false)
		b := vec.NewBuilder(typ)
		for i := range v.Len {
			if err := vec.ParseText(b, string(vec.AppendText(nil, v, i))); err != nil {
				t.Fatalf("%s: %v", typ, err)
			}
		}
		equal(t, typ.String(), show(b.Vec()), show(v))
	}
}

// Text that is no value of the type is refused with what it should have been, and
// appends nothing.
func TestTextThatIsNoValue(t *testing.T) {
	for _, c := range []struct {
		typ  types.Type
		text string
		want string
	}{
		{types.Of(types.Boolean), "yes", "'yes' is not a BOOLEAN"},
		{types.Of(types.TinyInt), "128", "'128' is out of range of TINYINT"},
		{types.Of(types.BigInt), "9223372036854775808", "'9223372036854775808' is out of range of BIGINT"},
		{types.Of(types.UInt), "-1", "'-1' is not a INT UNSIGNED"},
		{types.Of(types.Int), "1.5", "'1.5' is not a INT"},
		{types.Of(types.Double), "1e999", "'1e999' is out of range of DOUBLE"},
		{types.DecimalOf(4, 2), "123.45", "'123.45' is not a DECIMAL(4,2)"},
		{types.Of(types.Date), "2024-02-30", "'2024-02-30' is not a DATE"},
		{types.Of(types.Time), "x", "'x' is not a TIME"},
		{types.Of(types.Timestamp), "2024-13-01 00:00:00", "'2024-13-01 00:00:00' is not a TIMESTAMP"},
		{types.Of(types.Binary), "0x4", "'0x4' is not hexadecimal"},
	} {
		b := vec.NewBuilder(c.typ)
		err := vec.ParseText(b, c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) || b.Len() != 0 {
			t.Errorf("%s: %v and %d values, want %q", c.typ, err, b.Len(), c.want)
		}
	}
}

// Floats have the shortest text that reads back, and an exponent where MySQL's have one.
func TestFloatText(t *testing.T) {
	for _, c := range []struct {
		f    float64
		size int
		want string
	}{
		{0.1, 64, "0.1"},
		{float64(float32(0.1)), 32, "0.1"},
		{999999999999999, 64, "999999999999999"},
		{1e15, 64, "1e15"},
		{float64(float32(1e15)), 32, "1e15"},
		{-1234567890123456, 64, "-1.234567890123456e15"},
		{1e300, 64, "1e300"},
		{1e-7, 64, "0.0000001"},
		{1e-15, 64, "0.000000000000001"},
		{2.5e-16, 64, "2.5e-16"},
		{5e-324, 64, "5e-324"},
		{math.Inf(-1), 64, "-Inf"},
		{math.NaN(), 64, "NaN"},
		{0, 64, "0"},
	} {
		if got := string(vec.AppendFloat(nil, c.f, c.size)); got != c.want {
			t.Errorf("%v: %s, want %s", c.f, got, c.want)
		}
	}
}
