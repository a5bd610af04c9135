package aggregate_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/function/aggregate"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A change is a value, nil for NULL, and how often it comes or, negative, goes.
type change struct {
	value  *string
	weight int64
}

func value(s string) *string { return &s }

func parse(t *testing.T, text string) []change {
	t.Helper()
	var out []change
	for line := range strings.Lines(text) {
		w, v, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		weight, err := strconv.ParseInt(w, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		c := change{weight: weight}
		if v != "NULL" {
			c.value = &v
		}
		out = append(out, c)
	}
	return out
}

// columns makes a column of the values and their weights, nil where all are 1.
func columns(t *testing.T, typ types.Type, changes []change) (*vec.Vec, []int64) {
	t.Helper()
	b := vec.NewBuilder(typ)
	weights, ones := make([]int64, len(changes)), true
	for i, c := range changes {
		weights[i] = c.weight
		ones = ones && c.weight == 1
		if c.value == nil {
			b.AppendNull()
		} else if *c.value == "true" && typ.IsNumeric() { // as the binder converts it
			vec.AppendInt(b, 1)
		} else if *c.value == "false" && typ.IsNumeric() {
			vec.AppendInt(b, 0)
		} else if err := vec.ParseText(b, *c.value); err != nil {
			t.Fatal(err)
		}
	}
	if ones {
		weights = nil
	}
	return b.Vec(), weights
}

func bound(t *testing.T, f *function.Aggregate, typ types.Type) *function.Bound {
	t.Helper()
	b, err := f.Bind([]types.Type{typ})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// accumulators is a store of a few groups' rows, at an odd base.
type accumulators struct {
	slot function.Slot
	data []byte
	rows vec.Rows
}

func newAccumulators(s function.Slot, groups int) *accumulators {
	width := s.Width() + 8
	data := vec.Aligned(groups * width)
	return &accumulators{s, data, vec.RowsOver(data, width).At(8)}
}

func (a *accumulators) add(t *testing.T, gid int32, typ types.Type, changes []change) {
	t.Helper()
	v, weights := columns(t, typ, changes)
	if err := a.slot.Add(a.rows, slices.Repeat([]int32{gid}, len(changes)), []*vec.Vec{v}, weights); err != nil {
		t.Fatal(err)
	}
}

func (a *accumulators) value(gid int32, returns types.Type) (string, error) {
	out := vec.NewBuilder(returns)
	if err := a.slot.Value(a.rows, []int32{gid}, out); err != nil {
		return "", err
	}
	return text(out), nil
}

func text(b *vec.Builder) string {
	v := b.Vec()
	if v.Len != 1 {
		return fmt.Sprintf("%d values", v.Len)
	}
	if v.IsNull(0) {
		return "NULL"
	}
	return string(vec.AppendText(nil, v, 0))
}

// fold computes an aggregate from the multiset of rows.
func fold(t *testing.T, b *function.Bound, args []*vec.Vec, weights []int64) string {
	t.Helper()
	out := vec.NewBuilder(b.Returns)
	foldTo(t, b, args, weights, out)
	return text(out)
}

func foldTo(t *testing.T, b *function.Bound, args []*vec.Vec, weights []int64, out *vec.Builder) {
	t.Helper()
	order := make([]int, 0, args[0].Len)
	for i := range args[0].Len {
		if b.Counts(args, i) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		if by := b.By; by != nil {
			if c := zset.CompareValues(args[by.Argument], i, args[by.Argument], j); c != 0 {
				return turned(c, by.Desc)
			}
		}
		return zset.CompareRows(args, i, args, j)
	})
	type entry struct {
		row   int
		count int64
	}
	var set []entry
	for _, i := range order {
		w := int64(1)
		if weights != nil {
			w = weights[i]
		}
		if n := len(set); n > 0 && zset.CompareRows(args, set[n-1].row, args, i) == 0 {
			set[n-1].count += w
		} else {
			set = append(set, entry{i, w})
		}
	}
	set = slices.DeleteFunc(set, func(e entry) bool { return e.count == 0 })
	if b.Fold.Last() {
		slices.Reverse(set)
	}
	err := b.Fold.Value(func() ([]*vec.Vec, int, int64) {
		if len(set) == 0 {
			return nil, 0, 0
		}
		e := set[0]
		set = set[1:]
		return args, e.row, e.count
	}, out)
	if err != nil {
		t.Fatal(err)
	}
}

func turned(c int, desc bool) int {
	if desc {
		return -c
	}
	return c
}

// valueOf computes an aggregate in the way that stands any change.
func valueOf(t *testing.T, b *function.Bound, changes []change) string {
	t.Helper()
	if b.Fold != nil {
		v, weights := columns(t, b.Args[0], changes)
		return fold(t, b, []*vec.Vec{v}, weights)
	}
	a := newAccumulators(b.Slot, 3)
	a.add(t, 1, b.Args[0], changes)
	v, err := a.value(1, b.Returns)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// kinds lists types of arguments with values that are hard to add up or to compare.
var kinds = []struct {
	typ    types.Type
	values string
}{
	{types.Of(types.TinyInt), "0 1 -128 127"},
	{function.Int, "0 1 -1 9223372036854775807 -9223372036854775808 42"},
	{types.Of(types.UInt), "0 7 4294967295"},
	{function.Uint, "0 1 18446744073709551615 9223372036854775808"},
	{types.DecimalOf(10, 2), "0.00 0.01 -0.01 99999999.99 -99999999.99"},
	{types.DecimalOf(38, 0), "1 -1 9999999999999999999999999999999999 -7777777777777777777777777777777777"},
	{function.Float, "0 0.1 0.2 0.3 -0.1 1e300 -1e300 1e-300 5e-324 -5e-324 1.7976931348623157e308 1e16 3"},
	{function.Float, "1 NaN +Inf -Inf 0"},
	{types.Of(types.Float), "0.1 0.2 -3.4e38 3.4e38 16777217"},
	{function.Bool, "true false"},
	{function.Text, "a b 한글 한 ~ aa"},
	{function.Bytes, "0x00 0xff 0xff00 0x"},
	{function.Date, "2026-11-25 0001-01-01 9999-12-31"},
	{function.Timestamp, "2026-11-25 0001-01-01 9999-12-31"},
}

// eachKind calls f for each aggregate and each type that it takes.
func eachKind(t *testing.T, f func(t *testing.T, b *function.Bound, values []string)) {
	for i := range aggregate.All {
		agg := &aggregate.All[i]
		for _, k := range kinds {
			b, err := agg.Bind([]types.Type{k.typ})
			if err != nil || !fits(b.Args[0], k.values) {
				continue
			}
			t.Run(agg.Name+" "+k.typ.String(), func(t *testing.T) { f(t, b, strings.Fields(k.values)) })
		}
	}
}

// A value that a group's row keeps is that of the fold, or is lost: whatever comes and goes
// between the times when it is given anew, in whatever order.
func TestKeptInRow(t *testing.T) {
	eachKind(t, func(t *testing.T, b *function.Bound, values []string) {
		if b.Kept == nil {
			return
		}
		rng := rand.New(rand.NewPCG(5, 6))
		for range 60 {
			a := newAccumulators(b.Kept, 2)
			var there []change
			kept := 0
			for range 30 {
				rng.Shuffle(len(there), func(i, j int) { there[i], there[j] = there[j], there[i] })
				gone := there[:rng.IntN(len(there)+1)]
				if rng.IntN(3) > 0 {
					gone = gone[:min(len(gone), 1)]
				}
				added := some(rng, values, rng.IntN(3))
				a.add(t, 1, b.Args[0], shuffled(rng, added, negated(gone)))
				there = append(slices.Clone(there[len(gone):]), added...)
				want := valueOf(t, b, there)
				if b.Kept.Lost(a.rows, 1) {
					v, weights := columns(t, b.Args[0], there)
					out := vec.NewBuilder(b.Returns)
					foldTo(t, b, []*vec.Vec{v}, weights, out)
					b.Kept.Keep(a.rows, []int32{1}, out.Vec())
				} else {
					kept++
				}
				if got, err := a.value(1, b.Returns); err != nil || got != want || b.Kept.Lost(a.rows, 1) {
					t.Fatalf("%s, not %s, %v, of %s", got, want, err, show(there))
				}
			}
			if kept < 5 {
				t.Fatalf("kept %d times of 30", kept)
			}
		}
	})
}

// fits reports that values, as the binder converts them, are of a type.
func fits(typ types.Type, values string) bool {
	b := vec.NewBuilder(typ)
	return !slices.ContainsFunc(strings.Fields(values), func(s string) bool {
		return s != "true" && s != "false" && vec.ParseText(b, s) != nil
	})
}

// some draws changes: values with small weights above zero, and NULLs.
func some(rng *rand.Rand, values []string, n int) []change {
	out := make([]change, n)
	for i := range out {
		out[i].weight = 1 + rng.Int64N(3)
		if v := values[rng.IntN(len(values))]; rng.IntN(8) > 0 {
			out[i].value = value(v)
		}
	}
	return out
}

func negated(changes []change) []change {
	out := slices.Clone(changes)
	for i := range out {
		out[i].weight = -out[i].weight
	}
	return out
}

func shuffled(rng *rand.Rand, lists ...[]change) []change {
	out := slices.Concat(lists...)
	rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func show(changes []change) string {
	var parts []string
	for _, c := range changes {
		v := "NULL"
		if c.value != nil {
			v = *c.value
		}
		parts = append(parts, fmt.Sprintf("%+d %s", c.weight, v))
	}
	return strings.Join(parts, ", ")
}
