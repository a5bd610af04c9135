package aggregate_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/function/aggregate"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// Every aggregate says what it does and shows it, NULL included; the list is in the
// order of names.
func TestEveryAggregateIsDocumented(t *testing.T) {
	last := ""
	for _, f := range aggregate.All {
		withNull := false
		for _, x := range f.Examples {
			withNull = withNull || strings.Contains(x.Rows+x.Value, "NULL")
		}
		if !strings.HasSuffix(f.Doc, ".") || len(f.Examples) < 2 || !withNull || f.Name <= last {
			t.Errorf("%s: doc %q, %d examples, with NULL: %v, behind %s", f.Name, f.Doc, len(f.Examples), withNull, last)
		}
		last = f.Name
	}
}

func TestExamples(t *testing.T) {
	for i := range aggregate.All {
		f := &aggregate.All[i]
		for _, x := range f.Examples {
			b, args, weights := example(t, f, x)
			if got := valueOfRows(t, b, args, weights); got != x.Value {
				t.Errorf("%s of %q: %s, not %s", x.Call, x.Rows, got, x.Value)
			}
			if b.AppendOnly != nil && !slices.ContainsFunc(weights, func(w int64) bool { return w < 0 }) {
				appending := *b
				appending.Slot = b.AppendOnly
				appending.Fold = nil
				if got := valueOfRows(t, &appending, args, weights); got != x.Value {
					t.Errorf("%s of %q, append-only: %s, not %s", x.Call, x.Rows, got, x.Value)
				}
			}
		}
	}
}

// example reads a call over the columns x, y and constants, and its rows.
func example(t *testing.T, f *function.Aggregate, x function.AggregateExample) (*function.Bound, []*vec.Vec, []int64) {
	t.Helper()
	names, of := []string{"x", "y", "z"}, append([]types.Type{x.Type}, x.More...)
	_, list, _ := strings.Cut(strings.TrimSuffix(x.Call, ")"), "(")
	parts := strings.Split(list, ", ")
	ts := make([]types.Type, len(parts))
	for i, p := range parts {
		if ts[i] = function.Float; slices.Contains(names, p) {
			ts[i] = of[slices.Index(names, p)]
		}
	}
	b, err := f.Bind(ts)
	if err != nil {
		t.Fatalf("%s: %v", x.Call, err)
	}
	args := make([]*vec.Vec, len(parts))
	var weights []int64
	for i, p := range parts {
		var changes []change
		for line := range strings.Lines(x.Rows) {
			fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 1+len(of))
			c := p
			if at := slices.Index(names, p); at >= 0 {
				c = fields[1+at]
			}
			changes = append(changes, parse(t, fields[0]+" "+c)...)
		}
		args[i], weights = columns(t, b.Args[i], changes)
	}
	return b, args, weights
}

// valueOfRows computes an aggregate of rows.
func valueOfRows(t *testing.T, b *function.Bound, args []*vec.Vec, weights []int64) string {
	t.Helper()
	if b.Fold != nil {
		return fold(t, b, args, weights)
	}
	a := newAccumulators(b.Slot, 1)
	if err := b.Slot.Add(a.rows, make([]int32, args[0].Len), args, weights); err != nil {
		t.Fatal(err)
	}
	v, err := a.value(0, b.Returns)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// What is added and taken back was never there: to the last bit, in any order, also
// where it is taken back first; and what is left of everything is the empty group.
func TestRetractionUndoes(t *testing.T) {
	eachKind(t, func(t *testing.T, b *function.Bound, values []string) {
		rng := rand.New(rand.NewPCG(1, 2))
		empty := valueOf(t, b, nil)
		for range 60 {
			kept, gone := some(rng, values, rng.IntN(6)), some(rng, values, rng.IntN(12))
			all := shuffled(rng, kept, gone, negated(gone))
			if got, want := valueOf(t, b, all), valueOf(t, b, kept); got != want {
				t.Fatalf("%s, not %s, after %s with %s taken back", got, want, show(kept), show(gone))
			}
			if got := valueOf(t, b, shuffled(rng, gone, negated(gone))); got != empty {
				t.Fatalf("%s, not %s, of nothing left of %s", got, empty, show(gone))
			}
		}
	})
}

// The order of rows, their division into batches, and a weight in place of copies do
// not matter, nor does the part of the rows that another worker has added up.
func TestOrderAndPartsDoNotMatter(t *testing.T) {
	eachKind(t, func(t *testing.T, b *function.Bound, values []string) {
		rng := rand.New(rand.NewPCG(3, 4))
		for range 40 {
			changes := some(rng, values, 1+rng.IntN(12))
			want := valueOf(t, b, changes)
			if got := valueOf(t, b, shuffled(rng, changes)); got != want {
				t.Fatalf("%s, not %s, in another order: %s", got, want, show(changes))
			}
			var copies []change
			for _, c := range changes {
				copies = append(copies, slices.Repeat([]change{{c.value, 1}}, int(c.weight))...)
			}
			for _, s := range []function.Slot{b.Slot, b.AppendOnly} {
				if s == nil {
					continue
				}
				for _, rows := range [][]change{changes, copies, shuffled(rng, copies)} {
					if got := inParts(t, rng, s, b, rows); !near(got, want, s == b.AppendOnly) {
						t.Fatalf("%s, not %s, in parts by %T: %s", got, want, s, show(rows))
					}
				}
			}
		}
	})
}

// inParts adds rows in several calls, to two groups of other stores that are merged,
// and moves the bytes of the row to another store on the way.
func inParts(t *testing.T, rng *rand.Rand, s function.Slot, b *function.Bound, rows []change) string {
	t.Helper()
	main := newAccumulators(s, 4)
	other := &accumulators{slot: s} // as it is handed to Merge: rows of the slot's width alone
	other.rows = vec.RowsOver(vec.Aligned(2*s.Width()), s.Width())
	for len(rows) > 0 {
		n := 1 + rng.IntN(len(rows))
		switch gid := rng.Int32N(3); gid {
		case 2:
			main.add(t, 3, b.Args[0], rows[:n])
		default:
			other.add(t, gid, b.Args[0], rows[:n])
		}
		rows = rows[n:]
		moved := newAccumulators(s, 4)
		copy(moved.data, main.data)
		main = moved
	}
	if err := s.Merge(main.rows, []int32{3, 3}, other.rows); err != nil {
		t.Fatal(err)
	}
	v, err := main.value(3, b.Returns)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// near compares values; sums of DOUBLE that are compensated, within 1e-9 of the exact
// one, as long as no sum on the way leaves DOUBLE.
func near(got, want string, compensated bool) bool {
	if got == want || !compensated {
		return got == want
	}
	x, err1 := strconv.ParseFloat(got, 64)
	y, err2 := strconv.ParseFloat(want, 64)
	if err1 != nil || err2 != nil {
		return false
	}
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return true
	}
	return math.Abs(x-y) <= 1e-9*math.Max(math.Abs(x), math.Abs(y)) || math.Abs(x-y) < 1e284
}

// NULLs count for nothing, where an aggregate does not say that they do: a group of NULLs
// alone is the empty group.
func TestNullsAreLeftOut(t *testing.T) {
	eachKind(t, func(t *testing.T, b *function.Bound, values []string) {
		if b.Given != nil {
			return
		}
		want := valueOf(t, b, nil)
		if got := valueOf(t, b, []change{{nil, 1}, {nil, 5}}); got != want {
			t.Errorf("%s, not %s", got, want)
		}
		one := valueOf(t, b, []change{{value(values[0]), 1}})
		if got := valueOf(t, b, []change{{nil, 1}, {value(values[0]), 1}, {nil, 1}}); got != one {
			t.Errorf("%s, not %s", got, one)
		}
	})
}

// A constant column counts as often as it has rows.
func TestConstantColumns(t *testing.T) {
	eachKind(t, func(t *testing.T, b *function.Bound, values []string) {
		for _, s := range []function.Slot{b.Slot, b.AppendOnly} {
			if s == nil {
				continue
			}
			changes := slices.Repeat([]change{{value(values[1]), 1}}, 5)
			v, _ := columns(t, b.Args[0], changes[:1])
			v.Const, v.Len = true, 5
			a := newAccumulators(s, 1)
			if err := s.Add(a.rows, make([]int32, 5), []*vec.Vec{v}, nil); err != nil {
				t.Fatal(err)
			}
			if got, err := a.value(0, b.Returns); err != nil || got != valueOf(t, b, changes) {
				t.Errorf("%T: %s, not %s (%v)", s, got, valueOf(t, b, changes), err)
			}
		}
	})
}

// A sum beyond 38 digits is an error, one that comes back from there is not; an
// average is right as long as it has 38 digits itself.
func TestSumsBeyondTheirType(t *testing.T) {
	big := strings.Repeat("9", 38)
	wide := types.DecimalOf(38, 0)
	for _, x := range []struct {
		f    function.Aggregate
		typ  types.Type
		rows string
		want string
	}{
		{aggregate.Sum, wide, "+1 " + big, big},
		{aggregate.Sum, wide, "+2 " + big, "error"},
		{aggregate.Sum, wide, "+4 " + big, "error"}, // more than 128 bits: the sum must not come round
		{aggregate.Sum, wide, "+1000000 " + big, "error"},
		{aggregate.Sum, wide, "+9 -" + big + "\n+8 " + big, "-" + big},
		{aggregate.Sum, function.Int, "+9223372036854775807 -9223372036854775808", "-85070591730234615856620279821087277056"},
		{aggregate.Avg, wide, "+4 " + big, "error"}, // four more digits have no room
		{aggregate.Avg, wide, "+99999 " + big[4:], big[4:] + ".0000"},
		{aggregate.Avg, wide, "+99999 -" + big[4:] + "\n+99999 -" + big[5:] + "8", "-" + big[5:] + "8.5000"},
		{aggregate.Avg, wide, "-99999 " + big[4:] + "\n+99998 " + big[4:], big[4:] + ".0000"},
		{aggregate.Avg, function.Float, "+3 1.7e308", "1.7e308"},
		{aggregate.Sum, function.Float, "+1000000000000 0.5\n-999999999999 0.5", "0.5"},
		{aggregate.Sum, function.Float, "+1 +Inf\n+1 -Inf\n-1 -Inf", "+Inf"},
		{aggregate.Sum, function.Float, "+1 NaN\n-1 NaN\n+1 2", "2"},
	} {
		b := bound(t, &x.f, x.typ)
		a := newAccumulators(b.Slot, 1)
		a.add(t, 0, b.Args[0], parse(t, x.rows))
		got, err := a.value(0, b.Returns)
		if err != nil {
			got = "error"
		}
		if got != x.want {
			t.Errorf("%s of %q: %s, not %s", x.f.Name, x.rows, got, x.want)
		}
	}
}

// What an aggregate does not take, it says when it is bound.
func TestTypesThatDoNotFit(t *testing.T) {
	for _, x := range []struct {
		f    function.Aggregate
		args []types.Type
		want string
	}{
		{aggregate.Sum, []types.Type{function.Text}, "sum takes a number, not VARCHAR"},
		{aggregate.Avg, []types.Type{function.Date}, "avg takes a number, not DATE"},
		{aggregate.Sum, nil, "sum takes one argument, not 0"},
		{aggregate.Min, []types.Type{function.Int, function.Int}, "min takes one argument, not 2"},
		{aggregate.Max, []types.Type{types.Of(types.Interval)}, "max does not take INTERVAL"},
		{aggregate.GroupConcat, nil, "group_concat takes a text and a separator, not 0 arguments"},
	} {
		if _, err := x.f.Bind(x.args); err == nil || err.Error() != x.want {
			t.Errorf("%s: %v, not %s", x.f.Name, err, x.want)
		}
	}
}

// A text of more than 16 MiB is an error, not a column that overflows.
func TestGroupConcatIsBounded(t *testing.T) {
	b := bound(t, &aggregate.GroupConcat, function.Text)
	long := strings.Repeat("한", 1<<20)
	v, _ := columns(t, function.Text, []change{{&long, 1}})
	for _, x := range []struct {
		count int64
		ok    bool
	}{{5, true}, {6, false}, {math.MaxInt64, false}} {
		left := x.count
		err := b.Fold.Value(func() ([]*vec.Vec, int, int64) {
			n := left
			left = 0
			return []*vec.Vec{v}, 0, n
		}, vec.NewBuilder(function.Text))
		if (err == nil) != x.ok {
			t.Errorf("%d times 3 MiB: %v", x.count, err)
		}
	}
}

// MIN and MAX of zeros do not depend on which zero came first.
func TestZeroHasNoSign(t *testing.T) {
	for _, f := range []function.Aggregate{aggregate.Min, aggregate.Max, aggregate.Sum, aggregate.Avg} {
		b := bound(t, &f, function.Float)
		for _, rows := range []string{"+1 -0\n+1 0\n", "+1 0\n+1 -0\n", "+1 -0\n"} {
			a := newAccumulators(b.AppendOnly, 1)
			a.add(t, 0, b.Args[0], parse(t, rows))
			if got, err := a.value(0, b.Returns); err != nil || got != "0" {
				t.Errorf("%s of %q: %s (%v)", f.Name, rows, got, err)
			}
		}
	}
}
