package stored

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/function/aggregate"
	"github.com/sqlstream/sqlstream/sql/function/scalar"
	"github.com/sqlstream/sqlstream/sql/function/table"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// kept reads the plans that version 1 has kept, as text by the name of the file.
func kept(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../testdata/stored/v1/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	out := map[string][]byte{}
	for _, p := range paths {
		if out[p], err = os.ReadFile(p); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func registry() *function.Registry {
	return function.NewRegistry(scalar.All, aggregate.All, table.All)
}

// unnamed are the fields by which no state is told, and why.
var unnamed = map[string]string{
	"Field.Name": "a name", "Project.Names": "names", "Union.Names": "names", "SetOp.Names": "names", "Aggregate.Names": "names",
	"Join.Name": "a name", "TopN.Number": "a name", "WindowCall.As": "a name", "Expand.Names": "names",
	"Recursive.Name": "a name", "Recursive.Names": "names",
	"Field.NotNull":              "what is computed is the same",
	"Cast.Implicit":              "how it is printed",
	"Column.Type":                "it is the input's, whose fingerprint has it",
	"Relation.Schema":            "what is read of it is in the Scan, what is computed in Declared",
	"Relation.Keys":              "what the key of rows that come by key is, is in it",
	"Relation.Stored":            "of account where rows may be taken back that are not there",
	"Relation.LateOf":            "it is in the name",
	"Relation.ErrorsOf":          "it is in the name",
	"RelationWatermark.Computed": "it is in Declared",
	"WatermarkTerm.Relation":     "the fingerprint of its scan has what it is",
	"WatermarkTerm.Column":       "it is in it, by name",
	"Bound.Args":                 "they are the types of the arguments",
}

// A leaf is a place in a node where something is kept that has no parts; without a place it
// says that the owner, or the field, is there.
type leaf struct {
	owner, field string
	v            reflect.Value
}

// leavesOf finds what a node is made of, but for its inputs.
func leavesOf(owner, field string, v reflect.Value, out *[]leaf) {
	switch v.Type() {
	case reflect.TypeFor[logical.Node](), reflect.TypeFor[*logical.Self]():
		return
	case reflect.TypeFor[types.Type](), reflect.TypeFor[any](), reflect.TypeFor[*function.Scalar](), reflect.TypeFor[*function.Overload](),
		reflect.TypeFor[*function.Aggregate](), reflect.TypeFor[*function.BoundTable](), reflect.TypeFor[*zset.Batch]():
		*out = append(*out, leaf{owner, field, v})
		return
	case reflect.TypeFor[*function.Bound]():
		return // it follows from the function and its arguments
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			leavesOf(owner, field, v.Elem(), out)
		}
	case reflect.Struct:
		owner = v.Type().Name()
		*out = append(*out, leaf{owner: owner})
		if f, ok := v.Addr().Interface().(*types.Field); ok && field == "Field" {
			leavesOf("Field", "Name", reflect.ValueOf(&f.Name).Elem(), out)
			leavesOf("Field", "NotNull", reflect.ValueOf(&f.NotNull).Elem(), out)
			leavesOf("Column", "Type", reflect.ValueOf(&f.Type).Elem(), out)
			return
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			switch name := owner + "." + f.Name; {
			case slices.Contains(derived[v.Type()], f.Name):
			case unnamed[name] != "":
				*out = append(*out, leaf{owner, f.Name, reflect.Value{}})
			default:
				leavesOf(owner, f.Name, v.Field(i), out)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			leavesOf(owner, field, v.Index(i), out)
		}
	default:
		*out = append(*out, leaf{owner, field, v})
	}
}

// others are values unlike that of a leaf.
func (l leaf) others() []any {
	switch x := l.v.Interface().(type) {
	case types.Type:
		y := x
		if x.Zoned {
			y.Zone, _ = types.LoadZone("Asia/Tokyo")
			return []any{y}
		}
		y.Kind = types.Varchar
		if y.Length++; x.Kind == types.Varchar {
			return []any{y}
		}
		y.Length = 0
		return []any{y}
	case bool:
		return []any{!x}
	case int:
		return []any{x + 1, x - 1}
	case int64:
		return []any{x + 1}
	case uint64:
		return []any{x - 1}
	case float64:
		return []any{math.Nextafter(x, math.Inf(-1))}
	case string:
		return []any{x + "x"}
	case types.DecimalValue:
		return []any{x.Negate()}
	case vec.IntervalValue:
		return []any{vec.IntervalValue{Months: x.Months, Micros: x.Micros + 1}, vec.IntervalValue{Months: x.Months + 1, Micros: x.Micros}}
	case *function.Scalar:
		y := *x
		y.Name += "x"
		return []any{&y}
	case *function.Overload:
		y := *x
		y.Args = append(slices.Clone(x.Args), function.Param{})
		return []any{&y}
	case *function.Aggregate:
		if x == nil {
			return nil
		}
		y, z := *x, *x
		y.Name += "x"
		z.State++
		return []any{&y, &z}
	case *function.BoundTable:
		y, z := *x, *x
		y.Name += "x"
		z.Given = append(slices.Clone(x.Given), int64(7))
		return []any{&y, &z}
	case *zset.Batch:
		b := zset.NewBuilder(x.Schema)
		b.Append(x, nil)
		for _, c := range b.Cols {
			c.AppendNull()
		}
		b.EndRow()
		return []any{b.Build()}
	}
	if w, ok := words[l.v.Type()]; ok {
		return []any{reflect.ValueOf(uint8((l.v.Uint() + 1) % uint64(len(w)))).Convert(l.v.Type()).Interface()}
	}
	if l.v.CanUint() {
		return []any{reflect.ValueOf(uint8(l.v.Uint() + 1)).Convert(l.v.Type()).Interface()}
	}
	return nil
}

// print is the fingerprint of a node, "" where it makes no sense any more.
func print(n logical.Node) (out string) {
	defer func() {
		if recover() != nil {
			out = ""
		}
	}()
	var ins []string
	for i := range n.Inputs() {
		ins = append(ins, fmt.Sprint(i))
	}
	return logical.Fingerprint(n, ins)
}

// Whatever is changed in a node changes its fingerprint, but for names and the like: so no
// two nodes that compute different things share state.
func TestFingerprintsTellNodesApart(t *testing.T) {
	seen := map[string]bool{}
	for path, data := range kept(t) {
		p, err := Decode(data, Env{Functions: registry()})
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		logical.Walk(p.Optimised, func(n logical.Node) {
			var leaves []leaf
			v := reflect.ValueOf(n).Elem()
			leavesOf(v.Type().Name(), "", v, &leaves)
			was := print(n)
			seen[v.Type().Name()] = true
			for _, l := range leaves {
				name := l.owner + "." + l.field
				seen[name], seen[l.owner] = true, true
				if unnamed[name] != "" || !l.v.IsValid() {
					continue
				}
				before := reflect.New(l.v.Type()).Elem()
				before.Set(l.v)
				for _, other := range l.others() {
					l.v.Set(reflect.ValueOf(other))
					now := print(n)
					if now == was {
						t.Errorf("%s: %s: %s as %v has the fingerprint that it has as %v", path, n, name, other, before)
					}
					l.v.Set(before)
					if now != "" {
						break
					}
				}
			}
		})
	}
	for name := range unnamed {
		if !seen[name] && name != "Bound.Args" {
			t.Errorf("%s is in no plan", name)
		}
	}
	for name := range nodes.byName {
		if name != "Sort" && !seen[name] {
			t.Errorf("there is no plan with a %s", name)
		}
	}
	for name := range exprs.byName {
		if name != "Subquery" && name != "Param" && !seen[name] {
			t.Errorf("there is no plan with a %s", name)
		}
	}
}
