package expr_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

func berlin(t testing.TB) *types.Zone {
	t.Helper()
	z, err := types.LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// times are n times of a type, an hour and a bit apart, every eighth NULL.
func times(typ types.Type, from int64, n int) *zset.Batch {
	b := zset.NewBuilder(sample.Schema(typ))
	for i := range n {
		if i%8 == 7 {
			b.Cols[0].AppendNull()
		} else {
			vec.Append(b.Cols[0], from+int64(i)*(types.MicrosPerHour+types.MicrosPerMinute))
		}
		b.EndRow()
	}
	return b.Build()
}

// A column is converted between moments and what a clock shows at once as its rows are
// one by one, through a year of clocks put forward and back; a row at the end of time has
// no value.
func TestZonedColumns(t *testing.T) {
	z := berlin(t)
	local, moment := types.TimestampOf(6), types.TimestampLTZ(6, z)
	from := int64(types.Days(2026, 1, 1)) * types.MicrosPerDay
	for _, c := range []struct {
		from, to types.Type
		one      func(int64) int64
	}{{local, moment, z.Moment}, {moment, local, z.Local}} {
		rows := times(c.from, from, 9000)
		p, err := expr.Compile(&expr.Cast{Arg: column(rows, 0), To: c.to}, false)
		if err != nil {
			t.Fatal(err)
		}
		ctx := &expr.Context{Mem: new(vec.Mem)}
		v, err := p.Eval(ctx, rows, nil)
		if err != nil {
			t.Fatal(err)
		}
		in, out := vec.Slice[int64](rows.Cols[0]), vec.Slice[int64](v)
		for i := range rows.Len {
			if v.IsNull(i) != (i%8 == 7) || !v.IsNull(i) && out[i] != c.one(in[i]) {
				t.Fatalf("row %d of %s as %s is %d, not %d", i, c.from, c.to, out[i], c.one(in[i]))
			}
		}
	}
	last := times(moment, types.EndTimestamp-2*types.MicrosPerHour, 2)
	cast := &expr.Cast{Arg: column(last, 0), To: local}
	for _, errNull := range []bool{false, true} {
		p, err := expr.Compile(cast, errNull)
		if err != nil {
			t.Fatal(err)
		}
		v, err := p.Eval(&expr.Context{Mem: new(vec.Mem)}, last, nil)
		switch {
		case errNull && (err != nil || v.IsNull(0) || !v.IsNull(1)):
			t.Fatalf("%v, %v", v, err)
		case !errNull && err == nil:
			t.Fatal("a time of the year 10000 is no error")
		}
	}
}

// Conversions of a batch of 8192 rows that span a year.
func BenchmarkZoned(b *testing.B) {
	z := berlin(b)
	for _, to := range []types.Type{types.TimestampOf(6), types.TimestampOf(0), types.Of(types.Date)} {
		rows := times(types.TimestampLTZ(6, z), int64(types.Days(2026, 1, 1))*types.MicrosPerDay, vec.BatchRows)
		p, err := expr.Compile(&expr.Cast{Arg: column(rows, 0), To: to}, false)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(to.String(), func(b *testing.B) {
			ctx := &expr.Context{Mem: new(vec.Mem)}
			for range b.N {
				ctx.Mem.Reset()
				if _, err := p.Eval(ctx, rows, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/vec.BatchRows, "ns/row")
		})
	}
}
