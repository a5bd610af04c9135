package function

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A GoValue is a Go type that arguments and results of a user's function may have.
// BIGINT is int64, DOUBLE float64, VARCHAR string, BOOLEAN bool.
type GoValue interface {
	int64 | float64 | string | bool
}

// Of1 makes an overload of a Go function of one argument. A row with a NULL
// argument is NULL and f is not called for it.
func Of1[A, R GoValue](f func(A) (R, error)) Overload {
	return Overload{Args: Params(goType[A]()), Returns: Always(goType[R]()), Eval: goKernel(func(args []*vec.Vec, row int) (R, error) {
		return f(goArg[A](args[0], row))
	})}
}

// Of2 makes an overload of a Go function of two arguments.
func Of2[A, B, R GoValue](f func(A, B) (R, error)) Overload {
	return Overload{Args: Params(goType[A](), goType[B]()), Returns: Always(goType[R]()), Eval: goKernel(func(args []*vec.Vec, row int) (R, error) {
		return f(goArg[A](args[0], row), goArg[B](args[1], row))
	})}
}

// Of3 makes an overload of a Go function of three arguments.
func Of3[A, B, C, R GoValue](f func(A, B, C) (R, error)) Overload {
	return Overload{Args: Params(goType[A](), goType[B](), goType[C]()), Returns: Always(goType[R]()), Eval: goKernel(func(args []*vec.Vec, row int) (R, error) {
		return f(goArg[A](args[0], row), goArg[B](args[1], row), goArg[C](args[2], row))
	})}
}

func goType[T GoValue]() types.Type {
	var z T
	switch any(z).(type) {
	case int64:
		return Int
	case float64:
		return Float
	case bool:
		return Bool
	}
	return Text
}

// goArg reads a row as a Go value; text is copied, since the function may keep it.
func goArg[T GoValue](v *vec.Vec, row int) T {
	var out T
	switch p := any(&out).(type) {
	case *int64:
		*p = IntAt(v, row)
	case *float64:
		*p = FloatAt(v, row)
	case *bool:
		*p = v.Bool(row)
	case *string:
		*p = string(v.Bytes(row))
	}
	return out
}

func goKernel[R GoValue](f func(args []*vec.Vec, row int) (R, error)) Kernel {
	var z R
	switch any(z).(type) {
	case int64:
		return Fixed(func(_ *Call, args []*vec.Vec, row int) (int64, bool, error) {
			v, err := f(args, row)
			return any(v).(int64), true, err
		})
	case float64:
		return Fixed(func(_ *Call, args []*vec.Vec, row int) (float64, bool, error) {
			v, err := f(args, row)
			return any(v).(float64), true, err
		})
	case bool:
		return Bools(func(_ *Call, args []*vec.Vec, row int) (bool, error) {
			v, err := f(args, row)
			return any(v).(bool), err
		})
	}
	return Texts(func(_ *Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		v, err := f(args, row)
		return append(dst, any(v).(string)...), true, err
	})
}

// FromGo makes a scalar function of a Go func of up to three arguments of GoValue
// types that returns a GoValue, or a GoValue and an error. The error says what is
// wrong with another signature.
func FromGo(name string, fn any) (*Scalar, error) {
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Func {
		return nil, fmt.Errorf("function %s: a Go func is needed, not %T", name, fn)
	}
	if v.IsNil() {
		return nil, fmt.Errorf("function %s: the Go func is nil", name)
	}
	t := v.Type()
	bad := fmt.Errorf("function %s: %s does not fit; arguments and result are int64, float64, string or bool, and an error may follow the result", name, t)
	if t.IsVariadic() || t.NumOut() < 1 || t.NumOut() > 2 || t.NumOut() == 2 && t.Out(1) != reflect.TypeFor[error]() {
		return nil, bad
	}
	o := Overload{}
	for i := range t.NumIn() {
		p, ok := reflected(t.In(i))
		if !ok {
			return nil, bad
		}
		o.Args = append(o.Args, Param{Type: p})
	}
	result, ok := reflected(t.Out(0))
	if !ok {
		return nil, bad
	}
	o.Returns = Always(result)
	o.Eval = reflectKernel(v, result)
	return &Scalar{Name: strings.ToLower(name), Category: "user", Overloads: []Overload{o}}, nil
}

func reflected(t reflect.Type) (types.Type, bool) {
	switch t {
	case reflect.TypeFor[int64]():
		return Int, true
	case reflect.TypeFor[float64]():
		return Float, true
	case reflect.TypeFor[string]():
		return Text, true
	case reflect.TypeFor[bool]():
		return Bool, true
	}
	return types.Type{}, false
}

// reflectedValue reads a row as a Go value; text is copied, since the function may
// keep it.
func reflectedValue(v *vec.Vec, row int) reflect.Value {
	switch v.Type.Kind {
	case types.BigInt:
		return reflect.ValueOf(IntAt(v, row))
	case types.Double:
		return reflect.ValueOf(FloatAt(v, row))
	case types.Boolean:
		return reflect.ValueOf(v.Bool(row))
	}
	return reflect.ValueOf(string(v.Bytes(row)))
}

// callGo calls a user's function. Its error, or its panic, is that of the row: a
// program's query may end by it, and not the program.
func callGo(fn reflect.Value, in ...reflect.Value) (result reflect.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			result, err = reflect.Zero(fn.Type().Out(0)), fmt.Errorf("the Go function panicked: %v", r)
		}
	}()
	out := fn.Call(in)
	if len(out) == 2 && !out[1].IsNil() {
		err = out[1].Interface().(error)
	}
	return out[0], err
}

func reflectKernel(fn reflect.Value, result types.Type) Kernel {
	call := func(args []*vec.Vec, row int) (reflect.Value, error) {
		in := make([]reflect.Value, len(args))
		for i, a := range args {
			in[i] = reflectedValue(a, row)
		}
		return callGo(fn, in...)
	}
	switch result.Kind {
	case types.BigInt:
		return Fixed(func(_ *Call, args []*vec.Vec, row int) (int64, bool, error) {
			v, err := call(args, row)
			return v.Int(), true, err
		})
	case types.Double:
		return Fixed(func(_ *Call, args []*vec.Vec, row int) (float64, bool, error) {
			v, err := call(args, row)
			return v.Float(), true, err
		})
	case types.Boolean:
		return Bools(func(_ *Call, args []*vec.Vec, row int) (bool, error) {
			v, err := call(args, row)
			return v.Bool(), err
		})
	}
	return Texts(func(_ *Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
		v, err := call(args, row)
		return append(dst, v.String()...), true, err
	})
}
