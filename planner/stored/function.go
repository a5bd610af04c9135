package stored

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// function writes a scalar function by name, or one that the query brings with it by what it
// was made of.
func (e *encoder) function(f *function.Scalar) (any, error) {
	e.scalar = f
	if f.Made == nil {
		return f.Name, nil
	}
	return at(e.made.put(f, func() (any, error) {
		switch m := f.Made.(type) {
		case *function.JSONColumn:
			column, err := e.fields(nil, reflect.ValueOf(*m))
			return object{{"value", column}}, err
		case function.Least:
			of, err := e.fields(nil, reflect.ValueOf(m))
			return object{{"least", of}}, err
		}
		return nil, fmt.Errorf("there is no form for a function made of %T", f.Made)
	}))
}

func (d *decoder) function(x any) (*function.Scalar, error) {
	name, ok := x.(string)
	if !ok {
		f, err := entry(x, d.made, "functions")
		d.scalar = f
		return f, err
	}
	f, ok := d.env.Functions.Scalar(name)
	if !ok {
		return nil, noFunction("function", name)
	}
	d.scalar = f
	return f, nil
}

func noFunction(what, name string) error {
	return fmt.Errorf("there is no %s %s any more; one that the program adds must be there before the directory is opened", what, name)
}

// readMade reads a function that no registry knows.
func (d *decoder) readMade(x any) (*function.Scalar, error) {
	m, ok := x.(map[string]any)
	if !ok || len(m) != 1 {
		return nil, fmt.Errorf("a function is needed, not %s", describe(x))
	}
	if v, ok := m["value"]; ok {
		c := new(function.JSONColumn)
		if err := d.fields(v, reflect.ValueOf(c).Elem()); err != nil {
			return nil, err
		}
		return function.JSONReturning(c)
	}
	var l function.Least
	if err := d.fields(m["least"], reflect.ValueOf(&l).Elem()); err != nil {
		return nil, err
	}
	if l.Column < 0 || l.Column >= len(l.Of.Columns) || l.Of.Least == nil {
		return nil, fmt.Errorf("%s has no least value of column %d", l.Of.Name, l.Column)
	}
	return l.Of.LeastOf(l.Column), nil
}

// overload writes which overload of its function a call is of: what it takes, and of several
// that take the same which of them.
func (e *encoder) overload(o *function.Overload) (any, error) {
	for i := range e.scalar.Overloads {
		if other := &e.scalar.Overloads[i]; other == o {
			return signature(e.scalar, i), nil
		}
	}
	return nil, fmt.Errorf("%s has no such overload", e.scalar.Name)
}

func signature(f *function.Scalar, i int) string {
	text, same := f.Overloads[i].Signature(), 1
	for j := range i {
		if f.Overloads[j].Signature() == text {
			same++
		}
	}
	if same > 1 {
		text += fmt.Sprintf(" #%d", same)
	}
	return text
}

func (d *decoder) overload(x any) (*function.Overload, error) {
	if d.scalar == nil {
		return nil, fmt.Errorf("an overload belongs to a function")
	}
	for i := range d.scalar.Overloads {
		if signature(d.scalar, i) == x {
			return &d.scalar.Overloads[i], nil
		}
	}
	return nil, fmt.Errorf("there is no %s%v any more, but %s", d.scalar.Name, x, d.scalar.Signatures())
}

// checkCall refuses a call of a function that gives another type by now, or takes other
// arguments.
func checkCall(c *expr.Call) error {
	var args []types.Type
	for _, a := range c.Args {
		args = append(args, a.Type())
	}
	if !c.Overload.Takes(args) {
		return fmt.Errorf("%s%s does not take (%s)", c.Func.Name, c.Overload.Signature(), typeList(args))
	}
	constant := func(i int) any {
		if l, ok := c.Args[i].(*expr.Literal); ok {
			return l.Value
		}
		return nil
	}
	if got := c.Overload.Result(args, constant); got.Layout() != c.T.Layout() {
		return fmt.Errorf("%s gives a %s by now, where the plan has a %s", c, got, c.T)
	}
	return nil
}

// own are the aggregates that no query calls by name.
var own = []*function.Aggregate{&function.SingleValue}

func (e *encoder) aggregate(f *function.Aggregate) (any, error) {
	if slices.Contains(own, f) {
		return object{{"own", f.Name}}, nil
	}
	return f.Name, nil
}

func (d *decoder) aggregate(x any) (*function.Aggregate, error) {
	d.called = nil
	if m, ok := x.(map[string]any); ok {
		for _, f := range own {
			if f.Name == m["own"] {
				d.called = f
				return f, nil
			}
		}
	}
	name, ok := x.(string)
	if !ok {
		return nil, fmt.Errorf("an aggregate is needed, not %s", describe(x))
	}
	f, ok := d.env.Functions.Aggregate(name)
	if !ok {
		return nil, noFunction("aggregate", name)
	}
	d.called = f
	return f, nil
}

// A binding is what an aggregate was bound to.
type binding struct {
	Args    []types.Type
	Returns types.Type
}

func (e *encoder) bound(b *function.Bound) (any, error) {
	return e.fields(nil, reflect.ValueOf(binding{b.Args, b.Returns}))
}

// bound binds the aggregate again. What it takes is what it makes of that.
func (d *decoder) bound(x any) (*function.Bound, error) {
	var was binding
	if err := d.fields(x, reflect.ValueOf(&was).Elem()); err != nil {
		return nil, err
	}
	if d.called == nil {
		return nil, fmt.Errorf("the types are of no aggregate")
	}
	b, err := d.called.Bind(was.Args)
	if err != nil {
		return nil, err
	}
	if same := slices.EqualFunc(b.Args, was.Args, types.Type.Equal); !same || !b.Returns.Equal(was.Returns) {
		return nil, fmt.Errorf("%s(%s) gives a %s by now, where the plan has a %s", d.called.Name, typeList(was.Args), b.Returns, was.Returns)
	}
	return b, nil
}

func typeList(ts []types.Type) string {
	parts := make([]string, len(ts))
	for i, t := range ts {
		parts[i] = t.String()
	}
	return strings.Join(parts, ", ")
}

// A tableCall is what a table function was bound with.
type tableCall struct {
	Name     string
	Args     []types.Type
	Given    []any
	Columns  []types.Field
	Numbered bool
	JSON     *function.JSONTable
}

func (e *encoder) table(b *function.BoundTable) (any, error) {
	return at(e.tables.put(b, func() (any, error) {
		c := tableCall{b.Name, b.Args, b.Given, b.Columns, b.Numbered, b.JSON}
		return e.fields(nil, reflect.ValueOf(c))
	}))
}

func (d *decoder) table(x any) (*function.BoundTable, error) {
	return entry(x, d.tables, "tables")
}

// readTable binds a table function again.
func (d *decoder) readTable(x any) (*function.BoundTable, error) {
	var c tableCall
	if err := d.fields(x, reflect.ValueOf(&c).Elem()); err != nil {
		return nil, err
	}
	f, ok := d.env.Functions.Table(c.Name)
	if !ok {
		return nil, noFunction("table function", c.Name)
	}
	b, err := bindTable(f, c)
	if err != nil {
		return nil, err
	}
	if c.Numbered {
		b = b.WithOrdinality()
	}
	if !slices.EqualFunc(b.Args, c.Args, types.Type.Equal) || !slices.EqualFunc(b.Columns, c.Columns, types.Field.Equal) {
		return nil, fmt.Errorf("%s(%s) has other columns by now than in the plan", c.Name, typeList(c.Args))
	}
	return b, nil
}

func bindTable(f *function.Table, c tableCall) (*function.BoundTable, error) {
	switch {
	case c.JSON != nil && f.BindJSON != nil:
		return f.BindJSON(c.JSON)
	case c.JSON != nil:
		return nil, fmt.Errorf("%s has no columns of JSON", c.Name)
	case len(c.Given) != len(c.Args):
		return nil, fmt.Errorf("%s has %d arguments, and %d constants", c.Name, len(c.Args), len(c.Given))
	}
	return f.Resolve(c.Args, c.Given)
}
