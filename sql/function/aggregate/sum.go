package aggregate

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Sum is SUM(x).
var Sum = function.Aggregate{
	Name: "sum", Parts: true,
	Doc: "Adds up numbers; NULL where there is none. Integers and DECIMAL add up exactly to a DECIMAL, FLOAT and DOUBLE to a DOUBLE.",
	Examples: []function.AggregateExample{
		{Call: "sum(x)", Type: function.Int, Rows: "+1 5\n+2 7\n+1 NULL\n", Value: "19"},
		{Call: "sum(x)", Type: function.Float, Rows: "+1 1e20\n+1 1\n-1 1e20\n", Value: "1"},
		{Call: "sum(x)", Type: types.DecimalOf(5, 2), Rows: "+2 1.25\n-1 1.25\n", Value: "1.25"},
		{Call: "sum(x)", Type: function.Int, Rows: "+1 5\n-1 5\n+1 NULL\n", Value: "NULL"},
	},
	Bind: func(args []types.Type) (*function.Bound, error) {
		t, err := one("sum", args)
		if err != nil {
			return nil, err
		}
		in, exact, err := sumOf("sum", t)
		if err != nil {
			return nil, err
		}
		if !exact {
			return &function.Bound{Args: []types.Type{in}, Returns: in, Slot: exactFloatSlot{}, AppendOnly: floatSlot{}}, nil
		}
		return &function.Bound{
			Args: []types.Type{in}, Returns: types.DecimalOf(types.MaxPrecision, in.Scale), Slot: exactSlot(in, -1),
		}, nil
	},
}

// sumOf returns the type that values are added up in.
func sumOf(name string, t types.Type) (in types.Type, exact bool, err error) {
	switch {
	case t.IsFloat():
		return types.Of(types.Double), false, nil
	case t.Kind == types.Decimal:
		return t, true, nil
	case t.Kind == types.UBigInt:
		return types.DecimalOf(20, 0), true, nil
	case t.IsInteger() || t.Kind == types.Boolean:
		return types.Of(types.BigInt), true, nil
	}
	return t, false, noNumber(name, t)
}

// exactSlot returns the slot that adds up a type of sumOf.
func exactSlot(in types.Type, more int) function.Slot {
	if in.Kind == types.BigInt {
		return intSlot{more}
	}
	return decimalSlot{more}
}
