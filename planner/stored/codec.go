package stored

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A codec writes and reads what is not kept field by field.
type codec struct {
	encode func(*encoder, reflect.Value) (any, error)
	decode func(*decoder, any, reflect.Value) error
}

// of makes a codec of typed functions.
func of[T any](encode func(*encoder, T) (any, error), decode func(*decoder, any) (T, error)) codec {
	return codec{
		func(e *encoder, v reflect.Value) (any, error) { return encode(e, v.Interface().(T)) },
		func(d *decoder, x any, into reflect.Value) error {
			v, err := decode(d, x)
			if err == nil {
				into.Set(reflect.ValueOf(&v).Elem())
			}
			return err
		},
	}
}

// codecs returns the codec of a type that has one.
func codecs(t reflect.Type) (codec, bool) {
	switch t {
	case reflect.TypeFor[logical.Node]():
		return of(func(e *encoder, n logical.Node) (any, error) { return at(e.node(n)) }, (*decoder).node), true
	case reflect.TypeFor[*logical.Self]():
		return of(func(e *encoder, n *logical.Self) (any, error) { return at(e.node(n)) }, (*decoder).self), true
	case reflect.TypeFor[expr.Expr]():
		return of((*encoder).expr, (*decoder).expr), true
	case reflect.TypeFor[any]():
		return codec{
			func(_ *encoder, v reflect.Value) (any, error) { return constant(v.Interface()) },
			func(_ *decoder, x any, into reflect.Value) error {
				v, err := readConstant(x)
				if v != nil {
					into.Set(reflect.ValueOf(v))
				}
				return err
			},
		}, true
	case reflect.TypeFor[types.Type]():
		return of((*encoder).sqlType, (*decoder).sqlType), true
	case reflect.TypeFor[*types.Zone]():
		return of(func(_ *encoder, z *types.Zone) (any, error) { return z.String(), nil }, readZone), true
	case reflect.TypeFor[*zset.Batch]():
		return of((*encoder).batch, (*decoder).batch), true
	case reflect.TypeFor[*vec.Vec]():
		return of((*encoder).vec, (*decoder).vec), true
	case reflect.TypeFor[*logical.Relation]():
		return of((*encoder).relation, (*decoder).relation), true
	case reflect.TypeFor[*function.Scalar]():
		return of((*encoder).function, (*decoder).function), true
	case reflect.TypeFor[*function.Overload]():
		return of((*encoder).overload, (*decoder).overload), true
	case reflect.TypeFor[*function.Aggregate]():
		return of((*encoder).aggregate, (*decoder).aggregate), true
	case reflect.TypeFor[*function.Bound]():
		return of((*encoder).bound, (*decoder).bound), true
	case reflect.TypeFor[*function.BoundTable]():
		return of((*encoder).table, (*decoder).table), true
	}
	return codec{}, false
}

func at(i int, err error) (any, error) { return integer(int64(i)), err }

// sqlType writes a type, one without parameters as its name alone.
func (e *encoder) sqlType(t types.Type) (any, error) {
	if reflect.DeepEqual(t, types.Type{Kind: t.Kind}) {
		return words[reflect.TypeFor[types.Kind]()][t.Kind], nil
	}
	return e.fields(nil, reflect.ValueOf(t))
}

func (d *decoder) sqlType(x any) (types.Type, error) {
	var t types.Type
	if name, ok := x.(string); ok {
		x = map[string]any{"kind": name}
	}
	if err := d.fields(x, reflect.ValueOf(&t).Elem()); err != nil {
		return t, err
	}
	switch t.Kind {
	case types.Decimal:
		if t.Precision < 1 || t.Precision > types.MaxPrecision || t.Scale < 0 || t.Scale > t.Precision {
			return t, fmt.Errorf("there is no %s", t)
		}
	case types.Time, types.Timestamp:
		if t.Precision < 0 || t.Precision > types.MaxFraction {
			return t, fmt.Errorf("there is no %s", t)
		}
	case types.Array:
		if t.Elem == nil {
			return t, errors.New("an ARRAY is of something")
		}
	case types.Map:
		if t.Elem == nil || t.Key == nil {
			return t, errors.New("a MAP is of keys and values")
		}
	}
	return t, nil
}

func readZone(_ *decoder, x any) (*types.Zone, error) {
	name, ok := x.(string)
	if !ok {
		return nil, fmt.Errorf("a time zone is needed, not %s", describe(x))
	}
	return types.LoadZone(name)
}

// vec writes the only row of a vector.
func (e *encoder) vec(v *vec.Vec) (any, error) {
	return e.fields(nil, reflect.ValueOf(*expr.LiteralAt(v, 0)))
}

func (d *decoder) vec(x any) (*vec.Vec, error) {
	var l expr.Literal
	if err := d.fields(x, reflect.ValueOf(&l).Elem()); err != nil {
		return nil, err
	}
	b := vec.NewBuilder(l.T)
	expr.AppendLiteral(b, &l)
	return b.Vec(), nil
}

// batch writes rows once for all that have them.
func (e *encoder) batch(b *zset.Batch) (any, error) {
	return at(e.rows.put(b, func() (any, error) {
		schema, err := e.value(reflect.ValueOf(b.Schema.Fields))
		if err != nil {
			return nil, err
		}
		rows, weights := make(list, b.Len), make(list, b.Len)
		for i := range rows {
			row := make(list, len(b.Cols))
			for c, v := range b.Cols {
				if row[c], err = constant(expr.LiteralAt(v, i).Value); err != nil {
					return nil, err
				}
			}
			rows[i], weights[i] = row, integer(b.Weight(i))
		}
		out := object{{"schema", schema}, {"rows", rows}}
		if b.Weights != nil {
			out = append(out, member{"weights", weights})
		}
		return out, nil
	}))
}

func (d *decoder) batch(x any) (*zset.Batch, error) { return entry(x, d.rows, "rows") }

// A writtenBatch is what batch writes.
type writtenBatch struct {
	Schema  []types.Field
	Rows    [][]any
	Weights []int64
}

func (d *decoder) readBatch(x any) (*zset.Batch, error) {
	var w writtenBatch
	if err := d.fields(x, reflect.ValueOf(&w).Elem()); err != nil {
		return nil, err
	}
	if w.Weights != nil && len(w.Weights) != len(w.Rows) {
		return nil, fmt.Errorf("%d rows have %d weights", len(w.Rows), len(w.Weights))
	}
	out := zset.NewBuilder(types.NewSchema(w.Schema...))
	for i, row := range w.Rows {
		if len(row) != len(w.Schema) {
			return nil, fmt.Errorf("row %d has %d values, not %d", i, len(row), len(w.Schema))
		}
		for c, v := range row {
			if !fits(v, w.Schema[c].Type) {
				return nil, fmt.Errorf("row %d: %v is no %s", i, v, w.Schema[c].Type)
			}
			expr.AppendLiteral(out.Cols[c], &expr.Literal{T: w.Schema[c].Type, Value: v})
		}
		if w.Weights != nil {
			out.EndRowWeight(w.Weights[i])
		} else {
			out.EndRow()
		}
	}
	return out.Build(), nil
}
