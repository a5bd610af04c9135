package scalar

import (
	"bytes"
	"slices"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// arrayElements are those of a row's array.
type arrayElements struct {
	v     *vec.Vec
	keys  [][]byte // by which they are equal and ordered
	order []int    // their places, in ascending order, NULL first
}

func sortedElements(array *vec.Vec, row int) arrayElements {
	b := vec.NewBuilder(*array.Type.Elem)
	n := array.AppendParts(row, []*vec.Builder{b})
	e := arrayElements{v: b.Vec(), keys: make([][]byte, n), order: make([]int, n)}
	for i := range n {
		e.keys[i], e.order[i] = vec.AppendOrdered(nil, e.v, i), i
	}
	slices.SortStableFunc(e.order, func(i, j int) int { return bytes.Compare(e.keys[i], e.keys[j]) })
	return e
}

// sameArray is the result of a function that gives an array of the type that it takes.
func sameArray(args []types.Type) types.Type { return args[0] }

// ArraySort is ARRAY_SORT(a).
var ArraySort = function.Scalar{
	Name: "array_sort", Category: ofNested, Aliases: []string{"sort_array"},
	Doc: "The elements in ascending order, NULL first.",
	Examples: []function.Example{
		{Expr: "array_sort(array(3, 1, NULL, 2))", Value: "[null, 1, 2, 3]"},
		{Expr: "array_sort(array('b', 'a'))", Value: `["a", "b"]`},
	},
	Overloads: []function.Overload{{
		Args: named("ARRAY"), Fit: onArray(), Returns: sameArray,
		Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
			e, elems := sortedElements(args[0], row), out.Parts()[0]
			for _, i := range e.order {
				elems.AppendRow(e.v, i)
			}
			return out.EndNested()
		}),
	}},
}

// ArrayDistinct is ARRAY_DISTINCT(a).
var ArrayDistinct = function.Scalar{
	Name: "array_distinct", Category: ofNested,
	Doc: "The elements, each once, in the order in which they come first.",
	Examples: []function.Example{
		{Expr: "array_distinct(array(2, 1, 2, NULL, NULL))", Value: "[2, 1, null]"},
		{Expr: "array_distinct(array())", Value: "[]"},
	},
	Overloads: []function.Overload{{
		Args: named("ARRAY"), Fit: onArray(), Returns: sameArray,
		Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
			e, elems := sortedElements(args[0], row), out.Parts()[0]
			again := make([]bool, len(e.order))
			for k := 1; k < len(e.order); k++ {
				again[e.order[k]] = bytes.Equal(e.keys[e.order[k]], e.keys[e.order[k-1]])
			}
			for i, a := range again {
				if !a {
					elems.AppendRow(e.v, i)
				}
			}
			return out.EndNested()
		}),
	}},
}

// ArrayReverse is ARRAY_REVERSE(a).
var ArrayReverse = function.Scalar{
	Name: "array_reverse", Category: ofNested,
	Doc: "The elements from the last to the first.",
	Examples: []function.Example{
		{Expr: "array_reverse(array(1, 2, NULL))", Value: "[null, 2, 1]"},
		{Expr: "array_reverse(array())", Value: "[]"},
	},
	Overloads: []function.Overload{{
		Args: named("ARRAY"), Fit: onArray(), Returns: sameArray,
		Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
			b := vec.NewBuilder(*args[0].Type.Elem)
			n := args[0].AppendParts(row, []*vec.Builder{b})
			v, elems := b.Vec(), out.Parts()[0]
			for i := n - 1; i >= 0; i-- {
				elems.AppendRow(v, i)
			}
			return out.EndNested()
		}),
	}},
}

// ArrayConcat is ARRAY_CONCAT(a, b, …).
var ArrayConcat = function.Scalar{
	Name: "array_concat", Category: ofNested,
	Doc: "The elements of all arrays, one behind the other; NULL where one of them is.",
	Examples: []function.Example{
		{Expr: "array_concat(array(1), array(2, NULL), array())", Value: "[1, 2, null]"},
		{Expr: "array_concat(array(1), NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: named("ARRAY", "ARRAY"), Variadic: true, Returns: sameArray,
		Fit: func(args []types.Type) ([]types.Type, bool) {
			t, ok := types.Common(args...)
			return slices.Repeat([]types.Type{t}, len(args)), ok && t.Kind == types.Array
		},
		Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
			parts := out.Parts()
			for _, a := range args {
				a.AppendParts(row, parts)
			}
			return out.EndNested()
		}),
	}},
}

// ArrayAppend is ARRAY_APPEND(a, x).
var ArrayAppend = function.Scalar{
	Name: "array_append", Category: ofNested,
	Doc: "The elements, and one more behind them.",
	Examples: []function.Example{
		{Expr: "array_append(array(1), 2)", Value: "[1, 2]"},
		{Expr: "array_append(array('a'), NULL)", Value: `["a", null]`},
		{Expr: "array_append(NULL, 1)", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: named("ARRAY", "any"), NullCall: true, Returns: sameArray,
		Fit: func(args []types.Type) ([]types.Type, bool) {
			if len(args) == 2 && args[0].Kind == types.Null {
				return []types.Type{arrayOf(args[1]), args[1]}, true
			}
			return onArray(function.Any)(args)
		},
		Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
			if args[0].IsNull(row) {
				out.AppendNull()
				return nil
			}
			parts := out.Parts()
			args[0].AppendParts(row, parts)
			parts[0].AppendRow(args[1], row)
			return out.EndNested()
		}),
	}},
}

// ArraySlice is ARRAY_SLICE(a, from, to).
var ArraySlice = function.Scalar{
	Name: "array_slice", Category: ofNested,
	Doc: "The elements from one place to another, both included, or to the end. Places are counted from 1 on, negative ones from the end.",
	Examples: []function.Example{
		{Expr: "array_slice(array('a', 'b', 'c', 'd'), 2, 3)", Value: `["b", "c"]`},
		{Expr: "array_slice(array('a', 'b', 'c', 'd'), -2)", Value: `["c", "d"]`},
		{Expr: "array_slice(array(1, 2), 3, NULL)", Value: "NULL"},
		{Expr: "array_slice(array(1, 2), 2, 1)", Value: "[]"},
	},
	Overloads: []function.Overload{
		{Args: named("ARRAY", "BIGINT"), Fit: onArray(function.Int), Returns: sameArray, Eval: function.Built(arraySlice)},
		{Args: named("ARRAY", "BIGINT", "BIGINT"), Fit: onArray(function.Int, function.Int), Returns: sameArray, Eval: function.Built(arraySlice)},
	},
}

func arraySlice(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
	b := vec.NewBuilder(*args[0].Type.Elem)
	n := int64(args[0].AppendParts(row, []*vec.Builder{b}))
	place := func(i int64) int64 {
		if i < 0 {
			i += n + 1
		}
		return i
	}
	from, to := place(function.IntAt(args[1], row)), n
	if len(args) > 2 {
		to = place(function.IntAt(args[2], row))
	}
	v, elems := b.Vec(), out.Parts()[0]
	for i := max(from, 1); i <= min(to, n); i++ {
		elems.AppendRow(v, int(i-1))
	}
	return out.EndNested()
}

// ArrayJoin is ARRAY_JOIN(a, separator, null).
var ArrayJoin = function.Scalar{
	Name: "array_join", Category: ofNested, Aliases: []string{"array_to_string"},
	Doc: "The texts of the arrayElements with a separator between them; NULLs are left out, or stand as the third argument says.",
	Examples: []function.Example{
		{Expr: "array_join(array('a', NULL, 'b'), '-')", Value: "a-b"},
		{Expr: "array_join(array(1, NULL, 2), ', ', '?')", Value: "1, ?, 2"},
	},
	Overloads: []function.Overload{
		{Args: named("ARRAY", "VARCHAR"), Fit: onArray(function.Text), Returns: function.Always(function.Text), Eval: function.Texts(arrayJoin)},
		{Args: named("ARRAY", "VARCHAR", "VARCHAR"), Fit: onArray(function.Text, function.Text), Returns: function.Always(function.Text), Eval: function.Texts(arrayJoin)},
	},
}

func arrayJoin(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
	b := vec.NewBuilder(*args[0].Type.Elem)
	n := args[0].AppendParts(row, []*vec.Builder{b})
	v, any := b.Vec(), false
	for i := range n {
		if v.IsNull(i) && len(args) < 3 {
			continue
		}
		if any {
			dst = append(dst, args[1].Bytes(row)...)
		}
		if any = true; v.IsNull(i) {
			dst = append(dst, args[2].Bytes(row)...)
		} else {
			dst = vec.AppendText(dst, v, i)
		}
	}
	return dst, true, nil
}
