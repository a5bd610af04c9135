package zset_test

import (
	"fmt"
	"testing"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// lines gives a batch's rows as text.
func lines(b *zset.Batch) []string {
	out := make([]string, b.Len)
	for i := range out {
		out[i] = string(b.AppendRowText(nil, i))
	}
	return out
}

func sameLines(t *testing.T, what string, got, want []string) {
	t.Helper()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Fatalf("%s:\n%q\nwant\n%q", what, got, want)
	}
}

// A batch reads back from its own text: zset.Parse(b.String()) is b.
func TestTextRoundTrip(t *testing.T) {
	for seed := range uint64(200) {
		r := sample.Rand(seed)
		s := sample.Schema(sample.AnyTypes(r, r.IntN(6))...)
		b := sample.Batch(r, s, r.IntN(50), seed%2 == 0)
		back, err := zset.Parse(s, b.String())
		if err != nil {
			t.Fatal(err)
		}
		sameLines(t, s.String(), lines(back), lines(b))
		for row := range b.Len {
			if zset.CompareRows(b.Cols, row, back.Cols, row) != 0 {
				t.Fatalf("%s: row %q has another value", s, b.AppendRowText(nil, row))
			}
		}
	}
}

// Text is read leniently where that is clear, and refused with the line where not.
func TestParse(t *testing.T) {
	s := sample.Schema(types.Of(types.Varchar), types.Of(types.Int))
	for _, c := range []struct{ text, want string }{
		{"ann 1", "+1 ann 1\n"},
		{"\n  -2 ann 1\n\n+3 bob NULL", "-2 ann 1\n+3 bob NULL\n"},
		{`+1 "NULL" 1`, "+1 \"NULL\" 1\n"},
		{`+1 NULL 1`, "+1 NULL 1\n"},
		{`+1 "" 1`, "+1 \"\" 1\n"},
		{`"+1" 5`, "+1 +1 5\n"},
		{"+0 ann 1", "+0 ann 1\n"},
		{"+1 ann", `"+1 ann": 'ann' is not a INT`},
		{"+1 ann 1 2", `"+1 ann 1 2": 4 values for 2 columns`},
		{"+x ann 1", `"+x ann 1": "+x" is not a weight`},
		{`+1 "ann 1`, `"+1 \"ann 1": open quote in "\"ann 1"`},
		{"+1 ann x", `"+1 ann x": 'x' is not a INT`},
	} {
		b, err := zset.Parse(s, c.text)
		got := fmt.Sprint(err)
		if err == nil {
			got = b.String()
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
}

// A row that is taken back before its end leaves no trace.
func TestAbortRow(t *testing.T) {
	b := zset.NewBuilder(sample.Schema(types.Of(types.Varchar), types.Of(types.Int)))
	for i := range int32(100) {
		b.Cols[0].AppendString("kept")
		vec.Append(b.Cols[1], i)
		b.EndRow()
		b.Cols[0].AppendNull()
		b.AbortRow()
	}
	out := b.Build()
	if out.Len != 100 || out.Cols[0].Len != 100 || out.Cols[0].Valid != nil || out.Weights != nil {
		t.Errorf("%d rows of %d values, valid %v, weights %v", out.Len, out.Cols[0].Len, out.Cols[0].Valid, out.Weights)
	}
}

// Weights are there from the first row on as soon as one is not +1.
func TestBuilderWeights(t *testing.T) {
	s := sample.Schema(types.Of(types.BigInt))
	plain := sample.Batch(sample.Rand(1), s, 3, false)
	weighted := sample.Batch(sample.Rand(2), s, 3, true)
	b := zset.NewBuilder(s)
	b.Append(plain, nil)
	if b.Build().Weights != nil {
		t.Error("weights of +1 were written out")
	}
	b.Append(weighted, []int32{2, 0})
	b.Append(plain, []int32{1})
	vec.Append(b.Cols[0], int64(7))
	b.EndRows(1)
	b.AppendRow(weighted, 1, -5)
	got, want := lines(b.Build()), append(lines(plain), lines(weighted)[2], lines(weighted)[0], lines(plain)[1], "+1 7")
	sameLines(t, "append", got[:7], want)
	if w := b.Build().Weights; len(w) != 8 || w[7] != -5 {
		t.Errorf("weights %v", w)
	}
	b.Reset()
	if out := b.Build(); out.Len != 0 || out.Weights != nil {
		t.Error("a reset builder is not empty")
	}
}

// Gather, Part, Parts and Clone give the rows that they name.
func TestPiecesOfBatches(t *testing.T) {
	for seed := range uint64(40) {
		r := sample.Rand(seed)
		s := sample.Schema(sample.AnyTypes(r, 1+r.IntN(4))...)
		b := sample.Batch(r, s, 300+r.IntN(200), seed%2 == 0)
		all := lines(b)
		sel, want := make([]int32, r.IntN(100)), []string{}
		for i := range sel {
			sel[i] = int32(r.IntN(b.Len))
			want = append(want, all[sel[i]])
		}
		sameLines(t, "gather", lines(b.Gather(new(vec.Mem), sel)), want)
		from := 64 * r.IntN(4)
		to := from + r.IntN(b.Len-from)
		sameLines(t, "part", lines(b.Part(from, to)), all[from:to])
		sameLines(t, "clone of a part", lines(b.Part(from, to).Clone()), all[from:to])
	}
	b := sample.Batch(sample.Rand(1), sample.Schema(types.Of(types.Varchar)), 2*vec.BatchRows+100, true)
	var got []string
	sizes := []int{}
	if err := b.Parts(func(p *zset.Batch) error {
		got, sizes = append(got, lines(p)...), append(sizes, p.Len)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	sameLines(t, "parts", got, lines(b))
	if fmt.Sprint(sizes) != "[8192 8192 100]" {
		t.Errorf("parts of %v rows", sizes)
	}
}

// A batch goes to Arrow and back with its weights.
func TestRecordRoundTrip(t *testing.T) {
	for seed := range uint64(40) {
		r := sample.Rand(seed)
		s := sample.Schema(sample.AnyTypes(r, r.IntN(5))...)
		b := sample.Batch(r, s, r.IntN(100), seed%2 == 0)
		rec, err := b.Record("weight")
		if err != nil {
			t.Fatal(err)
		}
		if int(rec.NumCols()) != s.Len()+1 || int(rec.NumRows()) != b.Len {
			t.Fatalf("a record of %d columns and %d rows", rec.NumCols(), rec.NumRows())
		}
		back, err := zset.FromRecord(rec, s)
		if err != nil {
			t.Fatal(err)
		}
		sameLines(t, s.String(), lines(back), lines(b))
	}
	s := types.NewSchema(types.Field{Name: "a", Type: types.Of(types.BigInt), NotNull: true}, types.Field{Name: "b", Type: types.DecimalOf(10, 2)})
	rec, err := sample.Batch(sample.Rand(1), s, 1, false).Record("")
	if err != nil {
		t.Fatal(err)
	}
	if f := rec.Schema().Fields(); len(f) != 2 || f[0].Nullable || !f[1].Nullable || f[1].Type.String() != "decimal(10, 2)" {
		t.Error(f)
	}
}

// What Arrow has no form for is named.
func TestRecordOfNoArrowType(t *testing.T) {
	s := sample.Schema(types.Of(types.Interval))
	if _, err := zset.ArrowSchema(s); err == nil || err.Error() != "column a: a INTERVAL has no Arrow form" {
		t.Error(err)
	}
	rec, err := sample.Batch(sample.Rand(1), sample.Schema(types.Of(types.BigInt)), 2, false).Record("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := zset.FromRecord(rec, sample.Schema(types.Of(types.Int))); err == nil || err.Error() != "column a: a int64 cannot be read as INT" {
		t.Error(err)
	}
}
