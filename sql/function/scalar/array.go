package scalar

import (
	"strconv"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

const ofNested = "nested"

// arrayOf is the type of an array.
func arrayOf(t types.Type) types.Type { return types.Type{Kind: types.Array, Elem: &t} }

// named makes parameters that are only names, for the signature of an overload with Fit.
func named(names ...string) []function.Param {
	out := make([]function.Param, len(names))
	for i, n := range names {
		out[i].Name = n
	}
	return out
}

// onArray makes a function of an array and what else it takes: NULL stands for an element
// of its type.
func onArray(rest ...types.Type) func(args []types.Type) ([]types.Type, bool) {
	return func(args []types.Type) ([]types.Type, bool) {
		if len(args) != 1+len(rest) {
			return nil, false
		}
		to := []types.Type{args[0]}
		switch args[0].Kind {
		case types.Null:
			to[0] = arrayOf(function.Any)
		case types.Array:
		default:
			return nil, false
		}
		for i, want := range rest {
			switch have := args[1+i]; {
			case want.Kind == types.Null:
				t, ok := types.Common(*to[0].Elem, have)
				if !ok {
					return nil, false
				}
				to[0], want = arrayOf(t), t
			case !types.Implicit(have, want):
				return nil, false
			}
			to = append(to, want)
		}
		return to, true
	}
}

// Array is ARRAY[a, …].
var Array = function.Scalar{
	Name: "array", Category: ofNested,
	Doc: "An array of the values, which are of one type. Also written ARRAY[a, …] and [a, …].",
	Examples: []function.Example{
		{Expr: "array(1, 2, NULL)", Value: "[1, 2, null]"},
		{Expr: "array('한', 'b')", Value: `["한", "b"]`},
	},
	Overloads: []function.Overload{{
		Args: named("any"), Variadic: true, NullCall: true,
		Fit: func(args []types.Type) ([]types.Type, bool) {
			t, ok := types.Common(args...)
			to := make([]types.Type, len(args))
			for i := range to {
				to[i] = t
			}
			return to, ok && t.Kind != types.Interval
		},
		Returns: func(args []types.Type) types.Type {
			if len(args) == 0 {
				return arrayOf(function.Any)
			}
			return arrayOf(args[0])
		},
		Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
			elems := out.Parts()[0]
			for _, a := range args {
				elems.AppendRow(a, row)
			}
			return out.EndNested()
		}),
	}},
}

// Row is ROW(a, …).
var Row = function.Scalar{
	Name: "row", Category: ofNested, Aliases: []string{"struct"},
	Doc: "A row of the values, whose fields are named f1, f2 and so on; CAST gives them others.",
	Examples: []function.Example{
		{Expr: "row(1, 'a', NULL)", Value: `{"f1": 1, "f2": "a", "f3": null}`},
		{Expr: "row(5)", Value: `{"f1": 5}`},
		{Expr: "row(1, row(2, 3))", Value: `{"f1": 1, "f2": {"f1": 2, "f2": 3}}`},
	},
	Overloads: []function.Overload{{
		Args: named("any", "any"), Variadic: true, NullCall: true,
		Fit: func(args []types.Type) ([]types.Type, bool) { return args, len(args) > 0 },
		Returns: func(args []types.Type) types.Type {
			t := types.Type{Kind: types.Row}
			for i, a := range args {
				t.Fields = append(t.Fields, types.Field{Name: "f" + strconv.Itoa(i+1), Type: a})
			}
			return t
		},
		Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
			for i, p := range out.Parts() {
				p.AppendRow(args[i], row)
			}
			return out.EndNested()
		}),
	}},
}

// RowField is r.f.
var RowField = function.Scalar{
	Name: "row_field", Category: ofNested,
	Doc: "The field of a row with the name given, which is a constant. Also written r.name or (r).name.",
	Examples: []function.Example{
		{Expr: "row_field(row(1, 'a'), 'f2')", Value: "a"},
		{Expr: "row_field(row(1, NULL), 'f2')", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: named("ROW", "VARCHAR"),
		Fit: func(args []types.Type) ([]types.Type, bool) {
			return args, len(args) == 2 && args[0].Kind == types.Row && args[1].Kind == types.Varchar
		},
		ReturnsOf: func(args []types.Type, constant func(int) any) types.Type {
			name, _ := constant(1).(string)
			if f, ok := args[0].FieldNamed(name); ok {
				return args[0].Fields[f].Type
			}
			return function.Any
		},
		Eval: function.Built(func(c *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
			t := args[0].Type
			f, ok := t.FieldNamed(args[1].Str(row))
			if !ok || !t.Fields[f].Type.Equal(c.Returns) {
				return errNoField
			}
			args[0].AppendElement(row, f, out)
			return nil
		}),
	}},
}

// ElementAt is a[i] and m[k].
var ElementAt = function.Scalar{
	Name: "element_at", Category: ofNested,
	Doc: "The element of an array at a place, from 1 on, or from the end with a negative one; the value that a map has for a key. NULL where there is none. Also written a[i] and m[k].",
	Examples: []function.Example{
		{Expr: "element_at(array('a', 'b', 'c'), 2)", Value: "b"},
		{Expr: "element_at(array('a', 'b', 'c'), -1)", Value: "c"},
		{Expr: "element_at(array('a'), 2)", Value: "NULL"},
		{Expr: "element_at(map('x', 1, 'y', 2), 'y')", Value: "2"},
	},
	Overloads: []function.Overload{
		{
			Args: named("ARRAY", "BIGINT"), Fit: onArray(function.Int),
			Returns: func(args []types.Type) types.Type { return *args[0].Elem },
			Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
				i := function.IntAt(args[1], row)
				if i < 0 {
					i += int64(args[0].Entries(row)) + 1
				}
				if i < 1 || !args[0].AppendElement(row, int(min(i, 1<<31))-1, out) {
					out.AppendNull()
				}
				return nil
			}),
		},
		{
			Args: named("MAP", "any"),
			Fit: func(args []types.Type) ([]types.Type, bool) {
				if len(args) != 2 || args[0].Kind != types.Map || !types.Implicit(args[1], *args[0].Key) {
					return nil, false
				}
				return []types.Type{args[0], *args[0].Key}, true
			},
			Returns: func(args []types.Type) types.Type { return *args[0].Elem },
			Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
				if !args[0].AppendValueOf(row, vec.AppendOrdered(nil, args[1], row), out) {
					out.AppendNull()
				}
				return nil
			}),
		},
	},
}

// Cardinality is CARDINALITY(a).
var Cardinality = function.Scalar{
	Name: "cardinality", Category: ofNested, Aliases: []string{"size", "array_length"},
	Doc: "How many elements an array, or keys a map, has.",
	Examples: []function.Example{
		{Expr: "cardinality(array(1, NULL))", Value: "2"},
		{Expr: "cardinality(map('a', 1))", Value: "1"},
		{Expr: "cardinality(array())", Value: "0"},
	},
	Overloads: []function.Overload{{
		Args: named("ARRAY or MAP"),
		Fit: func(args []types.Type) ([]types.Type, bool) {
			return args, len(args) == 1 && (args[0].Kind == types.Array || args[0].Kind == types.Map)
		},
		Returns: function.Always(function.Int),
		Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			return int64(args[0].Entries(row)), true, nil
		}),
	}},
}
