package function

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// AggregateFromGo makes an aggregate of a Go func([]T) R or func([]T) (R, error),
// where T and R are int64, float64, string or bool. It is given the group's values in
// ascending order, NULLs left out, each as often as it is there; the slice is good until it returns. A group
// without values is NULL.
func AggregateFromGo(name string, fn any) (*Aggregate, error) {
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Func {
		return nil, fmt.Errorf("aggregate %s: a Go func is needed, not %T", name, fn)
	}
	if v.IsNil() {
		return nil, fmt.Errorf("aggregate %s: the Go func is nil", name)
	}
	t := v.Type()
	bad := fmt.Errorf("aggregate %s: %s does not fit; func([]T) R is needed, T and R being int64, float64, string or bool, and an error may follow the result", name, t)
	if t.IsVariadic() || t.NumIn() != 1 || t.In(0).Kind() != reflect.Slice || t.NumOut() < 1 || t.NumOut() > 2 || t.NumOut() == 2 && t.Out(1) != reflect.TypeFor[error]() {
		return nil, bad
	}
	in, ok := reflected(t.In(0).Elem())
	if !ok {
		return nil, bad
	}
	out, ok := reflected(t.Out(0))
	if !ok {
		return nil, bad
	}
	return &Aggregate{
		Name: strings.ToLower(name),
		Doc:  "An aggregate of the program.",
		Bind: func(args []types.Type) (*Bound, error) {
			if len(args) != 1 {
				return nil, fmt.Errorf("%s takes one argument, not %d", name, len(args))
			}
			if args[0].Kind != types.Null && !types.Implicit(args[0], in) {
				return nil, fmt.Errorf("%s takes %s, not %s", name, in, args[0])
			}
			return &Bound{Args: []types.Type{in}, Returns: out, Fold: goFold{v, t.In(0)}}, nil
		},
	}, nil
}

// goFold hands the values of a group to a Go func.
type goFold struct {
	fn    reflect.Value
	slice reflect.Type
}

func (goFold) First() bool { return false }
func (goFold) Last() bool  { return false }

func (f goFold) Value(next func() ([]*vec.Vec, int, int64), out *vec.Builder) error {
	values := reflect.MakeSlice(f.slice, 0, 8)
	for args, row, count := next(); count != 0; args, row, count = next() {
		one := reflectedValue(args[0], row)
		for range count {
			values = reflect.Append(values, one)
		}
	}
	if values.Len() == 0 {
		out.AppendNull()
		return nil
	}
	got, err := callGo(f.fn, values)
	if err != nil {
		return err
	}
	switch out.Type().Kind {
	case types.BigInt:
		vec.Append(out, got.Int())
	case types.Double:
		vec.Append(out, got.Float())
	case types.Boolean:
		out.AppendBool(got.Bool())
	default:
		out.AppendString(got.String())
	}
	return nil
}
