package scalar_test

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/internal/evaltest"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/function/scalar"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// hostile gives values of a type that functions stumble over. nil is NULL.
func hostile(t types.Type) []any {
	maxDecimal := types.Pow10(38).Sub(types.DecimalFromInt(1))
	switch t.Kind {
	case types.BigInt:
		return []any{nil, int64(0), int64(1), int64(-1), int64(3), int64(-20), int64(1 << 30), int64(math.MaxInt64), int64(math.MinInt64)}
	case types.UBigInt:
		return []any{nil, uint64(0), uint64(7), uint64(math.MaxUint64)}
	case types.Double:
		return []any{nil, 0.0, math.Copysign(0, -1), 1.5, -2.5, 1e300, -1e300, 5e-324, math.Inf(1), math.Inf(-1), math.NaN()}
	case types.Decimal:
		return []any{nil, types.DecimalValue{}, types.DecimalFromInt(12345), types.DecimalFromInt(-9950), maxDecimal, maxDecimal.Negate()}
	case types.Boolean:
		return []any{nil, true, false}
	case types.Date:
		return []any{nil, int64(0), int64(-1), int64(types.Days(1, 1, 1)), int64(types.Days(9999, 12, 31)), int64(types.Days(2024, 2, 29))}
	case types.Timestamp:
		return []any{nil, int64(0), int64(-1), types.MinTimestamp, types.EndTimestamp - 1, evaltest.Now}
	case types.Time:
		return []any{nil, int64(0), int64(-1), 839*types.MicrosPerHour - 1, -838 * types.MicrosPerHour}
	case types.JSON:
		return []any{nil, "null", "[]", "{}", ` {"a" : [1, {"b": "\u0000\"한"}], "a": 2 } `, `[[[[1]]], -0.0e5, "글"]`, `"\ud83d\ude00"`, "1e999"}
	case types.Array, types.Map, types.Row:
		return hostileNested(t)
	case types.Binary:
		return []any{nil, "", "\x00", "\xff\xfe", "한글", "\xed\x95"}
	}
	return []any{
		nil, "", " ", "a", "한글 text", "e\u0301\U0001F600", "\x00", "%", "%Y%", "$.a[0]", "$.*", "(", "(a)|b", "a*", "$1\\", "hour", "MONTH", "-12.5e3",
		"2026-11-25 10:20:30", strings.Repeat("한a", 300),
	}
}

// hostileNested are values of no entries, of one of each hostile value, and of all of them.
func hostileNested(t types.Type) []any {
	parts := vec.Parts(t)
	if t.Kind == types.Map {
		parts = parts[1:]
	}
	out := []any{nil}
	n := len(hostile(parts[0]))
	for size := range n + 1 {
		b := vec.NewBuilder(t)
		into := b.Parts()
		entries := min(size, 5)
		if t.Kind == types.Row {
			entries = 1
		}
		for k := range entries {
			if t.Kind == types.Map {
				appendValue(into[0], *t.Key, hostile(*t.Key)[1+(size+k)%3])
			}
			for i, p := range parts {
				h := hostile(p)
				appendValue(into[len(into)-len(parts)+i], p, h[(size+k)%len(h)])
			}
		}
		if b.EndNested() == nil {
			out = append(out, b.Vec().Str(0))
		}
	}
	return out
}

// batch makes a column of each argument, so that the rows are all combinations of
// hostile values, or as many as fit.
func batch(args []types.Type) ([]*vec.Vec, int) {
	const most = 4000
	values := make([][]any, len(args))
	rows := 1
	for i, t := range args {
		values[i] = hostile(t)
		rows *= len(values[i])
	}
	stride := 1
	if rows > most {
		stride = rows/most | 1
	}
	builders := make([]*vec.Builder, len(args))
	for i, t := range args {
		builders[i] = vec.NewBuilder(t)
	}
	n := 0
	for at := 0; at < rows; at += stride {
		rest := at
		for i, t := range args {
			v := values[i][rest%len(values[i])]
			rest /= len(values[i])
			appendValue(builders[i], t, v)
		}
		n++
	}
	cols := make([]*vec.Vec, len(args))
	for i, b := range builders {
		cols[i] = b.Vec()
	}
	return cols, n
}

func appendValue(b *vec.Builder, t types.Type, v any) {
	if days, ok := v.(int64); ok && t.Kind == types.Date {
		vec.Append(b, int32(days))
		return
	}
	expr.AppendLiteral(b, &expr.Literal{T: t, Value: v})
}

// argTypes gives argument types to try an overload with: each parameter's own, Any as
// several, variadic ones with up to two more.
func argTypes(o *function.Overload) [][]types.Type {
	var sets [][]types.Type
	for _, any := range []types.Type{function.Int, function.Text, function.Float, function.Date, function.Bool, types.DecimalOf(38, 4), function.Bytes, function.JSON} {
		var ts []types.Type
		generic := o.Same
		for _, p := range o.Args {
			t := p.Type
			switch {
			case o.Same || t.Kind == types.Null:
				generic = true
				t = any
			case t.Kind == types.Decimal:
				t = types.DecimalOf(38, 4)
			}
			ts = append(ts, t)
		}
		if o.Fit != nil {
			generic = true
			if to, ok := o.Fit(fitted(o, any)); ok {
				sets = append(sets, to)
			}
			continue
		}
		sets = append(sets, ts)
		if o.Variadic {
			sets = append(sets, ts[:len(ts)-1], append(append([]types.Type{}, ts...), ts[len(ts)-1]))
		}
		if !generic {
			break
		}
	}
	return sets
}

// fitted are types for the names of an overload's parameters.
func fitted(o *function.Overload, any types.Type) []types.Type {
	key := function.Text
	named := map[string]types.Type{
		"any": any, "ARRAY": {Kind: types.Array, Elem: &any}, "ARRAY or MAP": {Kind: types.Array, Elem: &any},
		"MAP": {Kind: types.Map, Key: &key, Elem: &any}, "ROW": {Kind: types.Row, Fields: []types.Field{{Name: "a", Type: any}, {Name: "b", Type: key}}},
		"BIGINT": function.Int, "VARCHAR": function.Text, "JSON": function.JSON,
	}
	var out []types.Type
	for _, p := range o.Args {
		out = append(out, named[p.Name])
	}
	return out
}

// Whatever the arguments, a function does not panic; each row of a batch has the
// value that it has alone, with columns and with constants; a text is valid UTF-8 and
// a DECIMAL has the digits of its type.
func TestHostileArguments(t *testing.T) {
	for i := range scalar.All {
		f := &scalar.All[i]
		for k := range f.Overloads {
			for _, args := range argTypes(&f.Overloads[k]) {
				hostileCall(t, f, &f.Overloads[k], args)
			}
		}
	}
}

func hostileCall(t *testing.T, f *function.Scalar, o *function.Overload, args []types.Type) {
	t.Helper()
	cols, rows := batch(args)
	noConstant := func(int) any { return nil }
	call := &expr.Call{Func: f, Overload: o, T: o.Result(args, noConstant)}
	for i, a := range args {
		call.Args = append(call.Args, &expr.Column{Index: i, Field: types.Field{Name: "c", Type: a}})
	}
	all, err := evaltest.Eval(call, cols, rows, nil, true)
	if err != nil {
		if len(args) > 0 {
			t.Errorf("%s: %v", call, err)
		}
		return
	}
	if all.Len != rows {
		t.Fatalf("%s: %d rows of %d", call, all.Len, rows)
	}
	want := make([]string, rows)
	for row := range rows {
		checkValue(t, call, all, row)
		want[row] = evaltest.Text(all, row)
	}
	if f.Stability == function.Volatile {
		return
	}
	step := max(rows/60, 1)
	for row := 0; row < rows; row += step {
		one := make([]*vec.Vec, len(cols))
		for i, c := range cols {
			b := vec.NewBuilder(c.Type)
			b.AppendRow(c, row)
			one[i] = b.Vec()
			one[i].Const = true
		}
		v, err := evaltest.Eval(call, one, 1, nil, true)
		if err != nil {
			t.Fatalf("%s, row %d alone: %v", call, row, err)
		}
		if got := evaltest.Text(v, 0); got != want[row] {
			t.Fatalf("%s of %s: %q alone, %q in a batch", call, rowText(cols, row), short(got), short(want[row]))
		}
	}
}

func checkValue(t *testing.T, call expr.Expr, v *vec.Vec, row int) {
	t.Helper()
	if v.IsNull(row) {
		return
	}
	switch v.Type.Kind {
	case types.Varchar, types.JSON:
		if !utf8.Valid(v.Bytes(row)) {
			t.Fatalf("%s, row %d: %q is not valid UTF-8", call, row, short(string(v.Bytes(row))))
		}
	case types.Decimal:
		if !types.DecimalFits(function.DecimalAt(v, row), v.Type.Precision) {
			t.Fatalf("%s, row %d: %s does not fit %s", call, row, evaltest.Text(v, row), v.Type)
		}
	case types.Date:
		if at := int64(vec.Slice[int32](v)[v.At(row)]) * types.MicrosPerDay; at < types.MinTimestamp || at >= types.EndTimestamp {
			t.Fatalf("%s, row %d: %s is out of range", call, row, evaltest.Text(v, row))
		}
	case types.Timestamp:
		if at := function.IntAt(v, row); at < types.MinTimestamp || at >= types.EndTimestamp {
			t.Fatalf("%s, row %d: %s is out of range", call, row, evaltest.Text(v, row))
		}
	}
}

func rowText(cols []*vec.Vec, row int) string {
	var parts []string
	for _, c := range cols {
		parts = append(parts, short(evaltest.Text(c, row)))
	}
	return strings.Join(parts, ", ")
}

func short(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}
