package evaltest_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/evaltest"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

var rewrite = flag.Bool("rewrite", false, "write the tables of docs/sql.md")

// families are the types that convert alike, by the name they have in docs/sql.md.
var families = []struct {
	name  string
	types []string
}{
	{"BOOLEAN", []string{"BOOLEAN"}},
	{"integers", []string{"TINYINT", "SMALLINT", "INT", "BIGINT", "TINYINT UNSIGNED", "SMALLINT UNSIGNED", "INT UNSIGNED"}},
	{"BIGINT UNSIGNED", []string{"BIGINT UNSIGNED"}},
	{"DECIMAL", []string{"DECIMAL(10,2)", "DECIMAL(38,0)", "DECIMAL(20,20)"}},
	{"FLOAT, DOUBLE", []string{"FLOAT", "DOUBLE"}},
	{"VARCHAR", []string{"VARCHAR", "VARCHAR(40)"}},
	{"JSON", []string{"JSON"}},
	{"BINARY", []string{"BINARY", "BINARY(40)"}},
	{"DATE", []string{"DATE"}},
	{"TIME", []string{"TIME", "TIME(0)"}},
	{"TIMESTAMP", []string{"TIMESTAMP", "TIMESTAMP(0)"}},
	{"TIMESTAMP_LTZ", []string{"TIMESTAMP_LTZ", "TIMESTAMP_LTZ(0)"}},
	{"ARRAY", []string{"ARRAY<INT>", "ARRAY<BIGINT>"}},
	{"MAP", []string{"MAP<VARCHAR, INT>", "MAP<VARCHAR, BIGINT>"}},
	{"ROW", []string{"ROW<x INT>", "ROW<x BIGINT>"}},
}

// texts are values that a text may spell, by family.
var texts = map[string]string{
	"BOOLEAN": "true", "JSON": "1", "DATE": "2026-01-02", "TIME": "10:20:30", "TIMESTAMP": "2026-01-02 10:20:30", "TIMESTAMP_LTZ": "2026-01-02 10:20:30Z",
	"ARRAY": "[1]", "MAP": `{"a":1}`, "ROW": `{"x":1}`,
}

func parsed(t *testing.T, text string) types.Type {
	t.Helper()
	out, err := sql.ParseType(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The tables of conversions in docs/sql.md are true of every pair of types: of the rules,
// of what the binder takes, and of values that are converted.
func TestTablesOfConversions(t *testing.T) {
	const path = "../../docs/sql.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := table(t, "from ╲ to", castCell) + "\n" + besideText + table(t, "", besideCell)
	before, rest, ok1 := strings.Cut(string(page), "<!-- conversions -->\n")
	have, after, ok2 := strings.Cut(rest, "<!-- end -->")
	if !ok1 || !ok2 {
		t.Fatal("docs/sql.md has no place for the tables")
	}
	if *rewrite && !t.Failed() {
		if err := os.WriteFile(path, []byte(before+"<!-- conversions -->\n"+want+"<!-- end -->"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if have != want {
		t.Errorf("docs/sql.md says\n%s\nand it is\n%s", have, want)
	}
}

const besideText = "Beside each other, in a comparison, `CASE`, `COALESCE` or `UNION`, two types become one. In brackets stands what only `CASE`, `COALESCE` and `UNION` take, as text.\n\n"

func table(t *testing.T, corner string, cell func(t *testing.T, from, to string) string) string {
	var b strings.Builder
	b.WriteString("| " + corner + " |")
	for _, f := range families {
		b.WriteString(" " + f.name + " |")
	}
	b.WriteString("\n|---" + strings.Repeat("|---", len(families)) + "|\n")
	for _, from := range families {
		b.WriteString("| **" + from.name + "** |")
		for _, to := range families {
			b.WriteString(" " + same(t, from.types, to.types, cell) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// same is what a cell is for all members of two families.
func same(t *testing.T, from, to []string, cell func(t *testing.T, from, to string) string) string {
	out := cell(t, from[0], to[0])
	for _, f := range from {
		for _, g := range to {
			if got := cell(t, f, g); got != out {
				t.Errorf("%s to %s is %s, and %s to %s is %s", f, g, got, from[0], to[0], out)
			}
		}
	}
	return out
}

// castCell says whether a value is converted by itself, by CAST alone, or not at all.
func castCell(t *testing.T, from, to string) string {
	ft, tt := parsed(t, from), parsed(t, to)
	schema := types.NewSchema(types.Field{Name: "x", Type: ft})
	bound, err := evaltest.Bind("CAST(x AS "+to+")", schema)
	if can := types.CanCast(ft, tt); can != (err == nil) {
		t.Errorf("CAST of %s to %s: %v by the rules, but %v", from, to, can, err)
	}
	if err == nil {
		converts(t, bound, ft, tt)
	}
	switch implicit := types.Implicit(ft, tt); {
	case implicit && err != nil:
		t.Errorf("%s becomes %s by itself, but not by CAST", from, to)
	case implicit:
		return "yes"
	case err == nil:
		return "CAST"
	}
	return "–"
}

// converts evaluates a cast of a column x: of a text that spells the type wanted, of one
// of anything else.
func converts(t *testing.T, cast expr.Expr, from, to types.Type) {
	b := vec.NewBuilder(from)
	says := from
	if from.Layout() == types.Bytes && !from.IsNested() {
		says = to
	}
	text, ok := texts[strings.ToUpper(familyOf(says))]
	if !ok {
		text = "1"
	}
	if from.Kind == types.JSON && to.IsTemporal() {
		text = `"` + text + `"`
	}
	if from.Kind == types.Decimal && from.Scale == 20 {
		text = "0.5"
	}
	if err := vec.ParseText(b, text); err != nil {
		t.Fatal(err)
	}
	v, err := evaltest.Eval(cast, []*vec.Vec{b.Vec()}, 1, nil, false)
	var failed *expr.Error
	if to.Kind == types.Decimal && to.Scale == 20 && errors.As(err, &failed) {
		return // it has room for nothing from 1 on
	}
	if err != nil || v.IsNull(0) {
		t.Errorf("%s of %s '%s': %v", cast, from, text, err)
	}
}

// besideCell says what two types are compared in.
func besideCell(t *testing.T, l, r string) string {
	lt, rt := parsed(t, l), parsed(t, r)
	schema := types.NewSchema(types.Field{Name: "x", Type: lt}, types.Field{Name: "y", Type: rt})
	to, ok := types.Comparable(lt, rt)
	back, okBack := types.Comparable(rt, lt)
	if ok != okBack || !to.Equal(back) && to.Kind != types.Varchar && to.Kind != types.Binary {
		t.Errorf("%s beside %s is %v, and the other way round %v", l, r, to, back)
	}
	_, err := evaltest.Bind("x = y", schema)
	json := err == nil && (lt.Kind == types.JSON || rt.Kind == types.JSON) // compared by what it means
	if ok != (err == nil) && !json {
		t.Errorf("%s = %s: %v by the rules, but %v", l, r, ok, err)
	}
	common, okCommon := types.Common(lt, rt)
	if _, err := evaltest.Bind("COALESCE(x, y)", schema); okCommon != (err == nil) {
		t.Errorf("COALESCE of %s and %s: %v by the rules, but %v", l, r, okCommon, err)
	}
	switch {
	case json && okCommon && common.Kind != types.JSON:
		return "JSON (" + familyOf(common) + ")"
	case json:
		return "JSON"
	case ok && (!okCommon || familyOf(common) != familyOf(to)):
		t.Errorf("%s beside %s is %s in a comparison and %s in CASE", l, r, to, common)
	case ok:
		return familyOf(to)
	case okCommon:
		return "(" + familyOf(common) + ")"
	}
	return "–"
}

func familyOf(t types.Type) string {
	switch {
	case t.Kind == types.UBigInt:
		return "BIGINT UNSIGNED"
	case t.IsInteger():
		return "BIGINT"
	case t.IsFloat():
		return "DOUBLE"
	case t.Zoned:
		return "TIMESTAMP_LTZ"
	}
	return t.Kind.String()
}
