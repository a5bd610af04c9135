package scalar_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/evaltest"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/function/aggregate"
	"github.com/sqlstream/sqlstream/sql/function/scalar"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

var categories = []string{"string", "numeric", "time", "json", "conditional", "hash", "nested"}

// Every function says what it does, in one of the chapters, and shows it, NULL
// included. The list is in the order of names, and no name is taken twice.
func TestEveryFunctionIsDocumented(t *testing.T) {
	taken := map[string]bool{}
	for _, a := range aggregate.All {
		taken[a.Name] = true
	}
	last := ""
	for _, f := range scalar.All {
		if f.Doc == "" || !slices.Contains(categories, f.Category) {
			t.Errorf("%s: doc %q, category %q", f.Name, f.Doc, f.Category)
		}
		if !strings.HasSuffix(f.Doc, ".") {
			t.Errorf("%s: the doc is no sentence: %q", f.Name, f.Doc)
		}
		withNull := false
		for _, x := range f.Examples {
			withNull = withNull || strings.Contains(x.Expr, "NULL") || x.Value == "NULL"
		}
		if len(f.Examples) < 2 || !withNull {
			t.Errorf("%s: %d examples, with NULL: %v", f.Name, len(f.Examples), withNull)
		}
		if f.Name <= last {
			t.Errorf("%s stands behind %s in the list", f.Name, last)
		}
		last = f.Name
		for _, n := range append([]string{f.Name}, f.Aliases...) {
			if taken[n] {
				t.Errorf("the name %s is taken twice", n)
			}
			taken[n] = true
		}
	}
}

// Every example gives its value, as it stands and with columns in place of any of
// its constants.
func TestExamples(t *testing.T) {
	for _, f := range scalar.All {
		for _, x := range f.Examples {
			t.Run(x.Expr, func(t *testing.T) {
				e, err := evaltest.Bind(x.Expr, nil)
				if err != nil {
					t.Fatal(err)
				}
				v, err := evaltest.Eval(e, nil, 1, nil, false)
				if err != nil {
					t.Fatal(err)
				}
				if got := evaltest.Text(v, 0); got != x.Value {
					t.Fatalf("%s is %q, not %q", x.Expr, got, x.Value)
				}
				if expr.Stability(e) == function.Volatile {
					return
				}
				for mask := range 1 << min(len(literals(e)), 5) {
					asColumns(t, e, mask, x.Value)
				}
			})
		}
	}
}

// A function is called by any of its names.
func TestOtherNames(t *testing.T) {
	for _, f := range scalar.All {
		for _, name := range f.Aliases {
			if name == "position" { // its arguments stand apart by IN
				continue
			}
			tried := 0
			for _, x := range f.Examples {
				args, ok := strings.CutPrefix(x.Expr, f.Name+"(")
				if !ok || f.Stability == function.Volatile {
					continue
				}
				tried++
				if got, err := evaltest.Value(name + "(" + args); err != nil || got != x.Value {
					t.Errorf("%s(%s is %q, %v; not %q", name, args, got, err, x.Value)
				}
			}
			if tried == 0 && f.Stability != function.Volatile {
				t.Errorf("no example shows %s", name)
			}
		}
	}
}

// literals lists the constants of an expression in the order of Transform.
func literals(e expr.Expr) []*expr.Literal {
	var out []*expr.Literal
	expr.Transform(e, func(x expr.Expr) expr.Expr {
		if l, ok := x.(*expr.Literal); ok {
			out = append(out, l)
		}
		return x
	})
	return out
}

// asColumns evaluates e with the constants in mask read from columns: over all rows of
// columns that hold nothing else, and over some rows of columns that are NULL in the
// others.
func asColumns(t *testing.T, e expr.Expr, mask int, want string) {
	t.Helper()
	const rows = 70
	var even []int32
	for i := int32(0); i < rows; i += 2 {
		even = append(even, i)
	}
	for _, sel := range [][]int32{nil, even, {4, 68}, {}} {
		x, cols := withColumns(e, mask, rows, sel)
		v, err := evaltest.Eval(x, cols, rows, sel, false)
		if err != nil {
			t.Fatalf("%s, rows %v: %v", x, sel, err)
		}
		for row := range int32(rows) {
			if sel != nil && !slices.Contains(sel, row) {
				continue
			}
			if got := evaltest.Text(v, int(row)); got != want {
				t.Fatalf("%s, rows %v, row %d: %q, not %q", x, sel, row, got, want)
			}
		}
	}
}

// withColumns puts columns in place of the constants in mask. They hold the constant
// in the rows selected and NULL elsewhere.
func withColumns(e expr.Expr, mask, rows int, sel []int32) (expr.Expr, []*vec.Vec) {
	var cols []*vec.Vec
	n := 0
	e = expr.Transform(e, func(x expr.Expr) expr.Expr {
		l, ok := x.(*expr.Literal)
		if !ok {
			return x
		}
		n++
		if mask>>(n-1)&1 == 0 || l.T.Kind == types.Interval {
			return x
		}
		b := vec.NewBuilder(l.T)
		for i := range rows {
			if sel == nil || slices.Contains(sel, int32(i)) {
				expr.AppendLiteral(b, l)
			} else {
				b.AppendNull()
			}
		}
		cols = append(cols, b.Vec())
		return &expr.Column{Index: len(cols) - 1, Field: types.Field{Name: "c", Type: l.T}}
	})
	return e, cols
}

// Two calls of RAND() in one expression are two numbers, and so are two rows.
func TestRandomNumbersDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, text := range []string{"concat(rand(), ' ', rand())", "concat(uuid(), ' ', uuid())"} {
		e, err := evaltest.Bind(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		const rows = 1000
		v, err := evaltest.Eval(e, nil, rows, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		for row := range rows {
			for _, s := range strings.Fields(evaltest.Text(v, row)) {
				if seen[s] {
					t.Fatalf("row %d: %s comes again", row, s)
				}
				seen[s] = true
			}
		}
	}
}

// A function that takes numbers keeps their kind; texts that are written in the query
// count as what they spell, columns of texts have to be cast.
func TestConversionsOfArguments(t *testing.T) {
	schema := types.NewSchema(
		types.Field{Name: "tiny", Type: types.Of(types.TinyInt)}, types.Field{Name: "ubig", Type: function.Uint},
		types.Field{Name: "price", Type: types.DecimalOf(10, 2)}, types.Field{Name: "single", Type: types.Of(types.Float)},
		types.Field{Name: "txt", Type: function.Text}, types.Field{Name: "ts", Type: types.TimestampOf(3)}, types.Field{Name: "day", Type: function.Date},
		types.Field{Name: "raw", Type: function.Bytes},
	)
	for _, x := range []struct{ expr, want string }{
		{"abs(tiny)", "BIGINT"},
		{"abs(ubig)", "BIGINT UNSIGNED"},
		{"abs(price)", "DECIMAL(10,2)"},
		{"abs(single)", "DOUBLE"},
		{"abs('-1.50')", "DECIMAL(3,2)"},
		{"abs(txt)", "abs(VARCHAR) does not exist"},
		{"round(price)", "DECIMAL(9,0)"},
		{"round(price, 1)", "DECIMAL(10,1)"},
		{"round(price, tiny)", "DECIMAL(11,2)"},
		{"ceil(price)", "DECIMAL(9,0)"},
		{"greatest(tiny, price)", "DECIMAL(10,2)"},
		{"greatest(tiny, single)", "DOUBLE"},
		{"greatest(day, ts)", "TIMESTAMP(3)"},
		{"greatest(tiny, ts)", "greatest(TINYINT, TIMESTAMP(3)) does not exist; there is greatest(any, any, any …)"},
		{"concat(tiny, price, ts)", "VARCHAR"},
		{"concat(raw, 'a')", "BINARY"},
		{"upper(raw)", "upper(BINARY) does not exist"},
		{"sqrt(tiny)", "DOUBLE"},
		{"year(day)", "BIGINT"},
		{"year(txt)", "year(VARCHAR) does not exist"},
		{"year('2026-11-25 10:00:00')", "BIGINT"},
		{"year('someday')", "is not a DATE"},
		{"date_trunc('hour', ts)", "TIMESTAMP(3)"},
		{"unix_timestamp(ts)", "DECIMAL(15,3)"},
		{"str_to_date(txt, '%Y')", "DATE"},
		{"str_to_date(txt, txt)", "TIMESTAMP"},
		{"json_extract(txt, '$.a')", "JSON"},
		{"txt -> '$.a'", "JSON"},
		{"txt ->> '$.a'", "VARCHAR"},
		{"left(txt, tiny / 2)", "VARCHAR"},
		{"left(txt, txt)", "left(VARCHAR, VARCHAR) does not exist"},
		{"day + INTERVAL 1 DAY", "DATE"},
		{"day + INTERVAL 1 HOUR", "TIMESTAMP(0)"},
		{"ts + INTERVAL 1 HOUR", "TIMESTAMP(3)"},
		{"ts + INTERVAL 1 MICROSECOND", "TIMESTAMP"},
		{"'2026-11-25' + INTERVAL 1 MONTH", "DATE"},
		{"EXTRACT(YEAR_MONTH FROM day)", "BIGINT"},
		{"json_extract(tiny, '$.a')", "json_extract(TINYINT, VARCHAR) does not exist"},
	} {
		got := ""
		if e, err := evaltest.Bind(x.expr, schema); err != nil {
			got = err.Error()
		} else {
			got = e.Type().String()
		}
		if got != x.want && !(strings.Contains(x.want, " ") && strings.Contains(got, x.want)) {
			t.Errorf("%s: %s, not %s", x.expr, got, x.want)
		}
	}
}

// UNIX_TIMESTAMP() depends on the clock, UNIX_TIMESTAMP(t) on its argument alone.
func TestStabilityIsOfTheOverload(t *testing.T) {
	for text, want := range map[string]function.Stability{
		"unix_timestamp()": function.PerEpoch, "unix_timestamp(DATE '2026-11-25')": function.Pure,
		"now()": function.PerEpoch, "year(now())": function.PerEpoch, "rand()": function.Volatile, "year('2026-11-25')": function.Pure,
	} {
		e, err := evaltest.Bind(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := expr.Stability(e); got != want {
			t.Errorf("%s: %d, not %d", text, got, want)
		}
	}
}
