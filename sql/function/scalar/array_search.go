package scalar

import (
	"errors"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

var errNoField = errors.New("the row has no such field")

// placeOf is the place of a value among the elements of a row's array, from 1 on, 0 for none.
func placeOf(array, value *vec.Vec, row int) int64 {
	elems := vec.NewBuilder(*array.Type.Elem)
	n := array.AppendParts(row, []*vec.Builder{elems})
	v, key := elems.Vec(), vec.AppendOrdered(nil, value, row)
	var other []byte
	for i := range n {
		if other = vec.AppendOrdered(other[:0], v, i); string(other) == string(key) {
			return int64(i + 1)
		}
	}
	return 0
}

// ArrayContains is ARRAY_CONTAINS(a, x).
var ArrayContains = function.Scalar{
	Name: "array_contains", Category: ofNested,
	Doc: "Whether a value is among the elements of an array.",
	Examples: []function.Example{
		{Expr: "array_contains(array(1, 2), 2)", Value: "true"},
		{Expr: "array_contains(array('a', NULL), 'b')", Value: "false"},
	},
	Overloads: []function.Overload{{
		Args: named("ARRAY", "any"), Fit: onArray(function.Any), Returns: function.Always(function.Bool),
		Eval: function.Bools(func(_ *function.Call, args []*vec.Vec, row int) (bool, error) {
			return placeOf(args[0], args[1], row) > 0, nil
		}),
	}},
}

// ArrayPosition is ARRAY_POSITION(a, x).
var ArrayPosition = function.Scalar{
	Name: "array_position", Category: ofNested,
	Doc: "The place of the first element that is equal to a value, from 1 on; 0 where there is none.",
	Examples: []function.Example{
		{Expr: "array_position(array('a', 'b', 'b'), 'b')", Value: "2"},
		{Expr: "array_position(array(1), 7)", Value: "0"},
		{Expr: "array_position(array(1), NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{{
		Args: named("ARRAY", "any"), Fit: onArray(function.Any), Returns: function.Always(function.Int),
		Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (int64, bool, error) {
			return placeOf(args[0], args[1], row), true, nil
		}),
	}},
}

// ArrayMin is ARRAY_MIN(a).
var ArrayMin = extremeElement("array_min", false, "The least element of an array, NULLs left out; NULL where there is none.", "1")

// ArrayMax is ARRAY_MAX(a).
var ArrayMax = extremeElement("array_max", true, "The greatest element of an array, NULLs left out; NULL where there is none.", "7")

func extremeElement(name string, last bool, doc, value string) function.Scalar {
	return function.Scalar{
		Name: name, Category: ofNested, Doc: doc,
		Examples: []function.Example{
			{Expr: name + "(array(3, 1, NULL, 7))", Value: value},
			{Expr: name + "(array())", Value: "NULL"},
		},
		Overloads: []function.Overload{{
			Args: named("ARRAY"), Fit: onArray(), Returns: func(args []types.Type) types.Type { return *args[0].Elem },
			Eval: function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
				elems := sortedElements(args[0], row)
				switch {
				case len(elems.order) == 0 || elems.v.IsNull(elems.order[len(elems.order)-1]):
					out.AppendNull()
				case last:
					out.AppendRow(elems.v, elems.order[len(elems.order)-1])
				default:
					for _, i := range elems.order {
						if !elems.v.IsNull(i) {
							out.AppendRow(elems.v, i)
							break
						}
					}
				}
				return nil
			}),
		}},
	}
}
