package scalar

import (
	"errors"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

func mapOf(key, value types.Type) types.Type {
	return types.Type{Kind: types.Map, Key: &key, Elem: &value}
}

// Map is MAP[k, v, …].
var Map = function.Scalar{
	Name: "map", Category: ofNested,
	Doc: "A map of keys and values in turn, keys of one type and values of one type. Of equal keys the last counts; a key that is NULL is an error. Also written MAP[k, v, …].",
	Examples: []function.Example{
		{Expr: "map('b', 1, 'a', NULL)", Value: `{"a": null, "b": 1}`},
		{Expr: "map(1, 'x', 1, 'y')", Value: `{"1": "y"}`},
	},
	Overloads: []function.Overload{{
		Args: named("any", "any"), Variadic: true, NullCall: true,
		Fit: func(args []types.Type) ([]types.Type, bool) {
			var keys, values []types.Type
			for i := 0; i+1 < len(args); i += 2 {
				keys, values = append(keys, args[i]), append(values, args[i+1])
			}
			k, ok1 := types.Common(keys...)
			v, ok2 := types.Common(values...)
			return slices.Repeat([]types.Type{k, v}, len(keys)), ok1 && ok2 && len(args)%2 == 0 && len(args) > 0
		},
		Returns: func(args []types.Type) types.Type { return mapOf(args[0], args[1]) },
		Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
			parts := out.Parts()
			for i, a := range args {
				parts[i%2].AppendRow(a, row)
			}
			return out.EndNested()
		}),
	}},
}

// MapFromArrays is MAP_FROM_ARRAYS(keys, values).
var MapFromArrays = function.Scalar{
	Name: "map_from_arrays", Category: ofNested,
	Doc: "A map of an array of keys and one of as many values.",
	Examples: []function.Example{
		{Expr: "map_from_arrays(array('a', 'b'), array(1, NULL))", Value: `{"a": 1, "b": null}`},
		{Expr: "map_from_arrays(array(), array())", Value: "{}"},
	},
	Overloads: []function.Overload{{
		Args: named("ARRAY", "ARRAY"),
		Fit: func(args []types.Type) ([]types.Type, bool) {
			return args, len(args) == 2 && args[0].Kind == types.Array && args[1].Kind == types.Array
		},
		Returns: func(args []types.Type) types.Type { return mapOf(*args[0].Elem, *args[1].Elem) },
		Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
			parts := out.Parts()
			if args[0].AppendParts(row, parts[:1]) != args[1].AppendParts(row, parts[1:]) {
				return errors.New("there are not as many values as keys")
			}
			return out.EndNested()
		}),
	}},
}

// onMap takes a map alone.
func onMap(args []types.Type) ([]types.Type, bool) {
	return args, len(args) == 1 && args[0].Kind == types.Map
}

// MapKeys is MAP_KEYS(m).
var MapKeys = ofMap("map_keys", "The keys of a map, in their order.", `["a", "b"]`,
	func(m types.Type) types.Type { return *m.Key },
	func(keys, _ *vec.Vec, i int, elems *vec.Builder) error {
		elems.AppendRow(keys, i)
		return nil
	})

// MapValues is MAP_VALUES(m).
var MapValues = ofMap("map_values", "The values of a map, in the order of their keys.", "[1, 2]",
	func(m types.Type) types.Type { return *m.Elem },
	func(_, values *vec.Vec, i int, elems *vec.Builder) error {
		elems.AppendRow(values, i)
		return nil
	})

// MapEntries is MAP_ENTRIES(m).
var MapEntries = ofMap("map_entries", "The keys and values of a map as rows with the fields key and value, in the order of the keys.",
	`[{"key": "a", "value": 1}, {"key": "b", "value": 2}]`,
	func(m types.Type) types.Type {
		return types.Type{Kind: types.Row, Fields: []types.Field{{Name: "key", Type: *m.Key}, {Name: "value", Type: *m.Elem}}}
	},
	func(keys, values *vec.Vec, i int, elems *vec.Builder) error {
		parts := elems.Parts()
		parts[0].AppendRow(keys, i)
		parts[1].AppendRow(values, i)
		return elems.EndNested()
	})

func ofMap(name, doc, value string, elem func(types.Type) types.Type, add func(keys, values *vec.Vec, i int, elems *vec.Builder) error) function.Scalar {
	return function.Scalar{
		Name: name, Category: ofNested, Doc: doc,
		Examples: []function.Example{
			{Expr: name + "(map('b', 2, 'a', 1))", Value: value},
			{Expr: name + "(CAST(NULL AS MAP<VARCHAR, INT>))", Value: "NULL"},
		},
		Overloads: []function.Overload{{
			Args: named("MAP"), Fit: onMap, Returns: func(args []types.Type) types.Type { return arrayOf(elem(args[0])) },
			Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
				m := args[0].Type
				keys, values := vec.NewBuilder(*m.Key), vec.NewBuilder(*m.Elem)
				n := args[0].AppendParts(row, []*vec.Builder{keys, values})
				k, v, elems := keys.Vec(), values.Vec(), out.Parts()[0]
				for i := range n {
					if err := add(k, v, i, elems); err != nil {
						return err
					}
				}
				return out.EndNested()
			}),
		}},
	}
}

// StrToMap is STR_TO_MAP(text, entries, values).
var StrToMap = function.Scalar{
	Name: "str_to_map", Category: ofNested,
	Doc: "A map of a text like a=1,b=2, with other separators of entries and of key and value where they are given. A key without a value has NULL.",
	Examples: []function.Example{
		{Expr: "str_to_map('a=1,b=2,c')", Value: `{"a": "1", "b": "2", "c": null}`},
		{Expr: "str_to_map('a:1;b:2', ';', ':')", Value: `{"a": "1", "b": "2"}`},
		{Expr: "str_to_map('')", Value: "{}"},
		{Expr: "str_to_map(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		{Args: function.Params(function.Text), Returns: function.Always(mapOf(function.Text, function.Text)), Eval: function.Built(strToMap)},
		{Args: function.Params(function.Text, function.Text, function.Text), Returns: function.Always(mapOf(function.Text, function.Text)), Eval: function.Built(strToMap)},
	},
}

func strToMap(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
	entries, values := ",", "="
	if len(args) > 1 {
		entries, values = args[1].Str(row), args[2].Str(row)
	}
	parts := out.Parts()
	if s := args[0].Str(row); s != "" {
		for _, entry := range splitText(s, entries) {
			k, v, ok := strings.Cut(entry, values)
			parts[0].AppendString(k)
			if ok {
				parts[1].AppendString(v)
			} else {
				parts[1].AppendNull()
			}
		}
	}
	return out.EndNested()
}

// splitText is the parts of a text between separators; without one it is all of it.
func splitText(s, separator string) []string {
	if separator == "" {
		return []string{s}
	}
	return strings.Split(s, separator)
}

// Split is SPLIT(text, separator).
var Split = function.Scalar{
	Name: "split", Category: ofNested, Aliases: []string{"string_to_array"},
	Doc: "The parts of a text between separators, as an array; of an empty separator the whole text.",
	Examples: []function.Example{
		{Expr: "split('a,b,,c', ',')", Value: `["a", "b", "", "c"]`},
		{Expr: "split('글-b', '-')", Value: `["글", "b"]`},
		{Expr: "split(NULL, ',')", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: function.Params(function.Text, function.Text), Returns: function.Always(arrayOf(function.Text)),
		Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
			elems := out.Parts()[0]
			for _, s := range splitText(args[0].Str(row), args[1].Str(row)) {
				elems.AppendString(s)
			}
			return out.EndNested()
		}),
	}},
}
