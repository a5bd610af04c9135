package stored

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A decoder turns objects into a plan.
type decoder struct {
	env       Env
	nodes     []logical.Node
	at        map[logical.Node]int // where they stand among nodes
	schemas   []*types.Schema      // of the nodes
	sizes     []int                // of the nodes, those below them counted as often as they are read
	tables    []*function.BoundTable
	made      []*function.Scalar
	relations []*logical.Relation
	rows      []*zset.Batch

	scalar *function.Scalar    // of the call whose overload comes next
	called *function.Aggregate // of the call whose types come next
}

func decode(data []byte, env Env) (Plan, error) {
	var is struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &is); err != nil {
		return Plan{}, fmt.Errorf("it is damaged: %w", err)
	}
	if is.Version < 1 || is.Version > Version {
		return Plan{}, fmt.Errorf("it has the form %d, and this version of sqlstream reads those up to %d", is.Version, Version)
	}
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	in.DisallowUnknownFields()
	var doc document
	if err := in.Decode(&doc); err != nil {
		return Plan{}, fmt.Errorf("it is damaged: %w", err)
	}
	d := &decoder{env: env, at: map[logical.Node]int{}}
	if err := d.pools(&doc); err != nil {
		return Plan{}, err
	}
	p := Plan{Fired: doc.Fired, States: doc.States}
	var err error
	if p.Bound, err = d.root(doc.Bound); err == nil {
		p.Optimised, err = d.root(doc.Optimised)
	}
	return p, err
}

// pools reads what is shared, each entry after those that it may refer to.
func (d *decoder) pools(doc *document) error {
	for _, read := range []func() error{
		func() error { return readPool("table function", doc.Tables, &d.tables, d.readTable) },
		func() error { return readPool("function", doc.Functions, &d.made, d.readMade) },
		func() error { return readPool("relation", doc.Relations, &d.relations, d.readRelation) },
		func() error { return readPool("rows", doc.Rows, &d.rows, d.readBatch) },
		func() error { return readPool("node", doc.Nodes, &d.nodes, d.readNode) },
	} {
		if err := read(); err != nil {
			return err
		}
	}
	return nil
}

func readPool[T any](what string, from []any, into *[]T, read func(any) (T, error)) error {
	for i, x := range from {
		v, err := read(x)
		if err != nil {
			return fmt.Errorf("%s %d: %w", what, i, err)
		}
		*into = append(*into, v)
	}
	return nil
}

// entry returns what stands in a pool at the position that x is.
func entry[T any](x any, pool []T, name string) (T, error) {
	var none T
	i, err := readInt(x)
	if err != nil {
		return none, err
	}
	if i < 0 || i >= int64(len(pool)) {
		return none, fmt.Errorf("there is no %d among %s so far", i, name)
	}
	return pool[i], nil
}

func (d *decoder) node(x any) (logical.Node, error) { return entry(x, d.nodes, "nodes") }

func (d *decoder) self(x any) (*logical.Self, error) {
	n, err := d.node(x)
	if err != nil {
		return nil, err
	}
	s, ok := n.(*logical.Self)
	if !ok {
		return nil, fmt.Errorf("%T is not what a recursion reads of itself", n)
	}
	return s, nil
}

func (d *decoder) root(at int) (logical.Node, error) {
	n, err := d.node(json.Number(strconv.Itoa(at)))
	if err == nil {
		err = checkSelves(n, nil)
	}
	return n, err
}

// readNode reads a node, checks it against its inputs and notes its columns.
func (d *decoder) readNode(x any) (logical.Node, error) {
	v, err := d.kind(nodes, x)
	if err != nil {
		return nil, err
	}
	n := v.(logical.Node)
	if err := d.check(n); err != nil {
		return nil, fmt.Errorf("%T: %w", n, err)
	}
	return n, nil
}

func (d *decoder) expr(x any) (expr.Expr, error) {
	v, err := d.kind(exprs, x)
	if err != nil {
		return nil, err
	}
	return v.(expr.Expr), nil
}

// kind reads a node or an expression, of the kind that it says it is.
func (d *decoder) kind(of kinds, x any) (any, error) {
	m, ok := x.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("an object is needed, not %s", describe(x))
	}
	name, _ := m["is"].(string)
	t, ok := of.byName[name]
	if !ok {
		return nil, fmt.Errorf("there is no kind %q here", name)
	}
	delete(m, "is")
	v := reflect.New(t)
	if err := d.fields(m, v.Elem()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return v.Interface(), nil
}

// fields reads the fields of a struct in their order. Those that are not there are zero;
// others than those of the struct are refused.
func (d *decoder) fields(x any, into reflect.Value) error {
	m, ok := x.(map[string]any)
	if !ok {
		return fmt.Errorf("an object is needed, not %s", describe(x))
	}
	t, read := into.Type(), 0
	for i := range t.NumField() {
		f := t.Field(i)
		x, there := m[key(f.Name)]
		switch {
		case slices.Contains(derived[t], f.Name):
			continue
		case there:
			read++
			if err := d.value(x, into.Field(i)); err != nil {
				return fmt.Errorf("%s: %w", key(f.Name), err)
			}
		case required(t, f):
			return fmt.Errorf("%s is missing", key(f.Name))
		case f.Type == reflect.TypeFor[*function.Aggregate]():
			d.called = nil
		}
	}
	if read != len(m) {
		for k := range m {
			if _, ok := t.FieldByNameFunc(func(name string) bool { return key(name) == k }); !ok {
				return fmt.Errorf("it has %q, which this version of sqlstream does not know", k)
			}
		}
	}
	return d.restore(into.Addr().Interface())
}

// restore completes what has been read, and refuses what could not be worked with.
func (d *decoder) restore(x any) error {
	switch x := x.(type) {
	case *expr.Literal:
		if !fits(x.Value, x.T) {
			return fmt.Errorf("%v is no %s", x.Value, x.T)
		}
	case *expr.Call:
		return checkCall(x)
	case *logical.Subquery:
		columns := d.schemas[d.position(x.Plan)].Len()
		if compared := x.Kind == logical.Any || x.Kind == logical.All; columns == 0 || compared && columns != len(x.Operands) {
			return fmt.Errorf("the subquery has %d columns", columns)
		}
	case *function.JSONColumn:
		if x.Kind == function.JSONValue {
			x.Convert = expr.FromJSON(x.Type)
		}
	}
	return nil
}

// value reads what encoder.value wrote.
func (d *decoder) value(x any, into reflect.Value) error {
	t := into.Type()
	if c, ok := codecs(t); ok {
		return c.decode(d, x, into)
	}
	if w, ok := words[t]; ok {
		i := slices.Index(w, fmt.Sprint(x))
		if i < 0 {
			return fmt.Errorf("%s is none of %q", describe(x), w)
		}
		into.SetUint(uint64(i))
		return nil
	}
	switch t.Kind() {
	case reflect.Bool:
		b, ok := x.(bool)
		if !ok {
			return fmt.Errorf("true or false is needed, not %s", describe(x))
		}
		into.SetBool(b)
	case reflect.Int, reflect.Int64, reflect.Uint8:
		return readNumber(x, into)
	case reflect.String:
		s, err := readText(x)
		into.SetString(s)
		return err
	case reflect.Struct:
		return d.fields(x, into)
	case reflect.Pointer:
		into.Set(reflect.New(t.Elem()))
		return d.value(x, into.Elem())
	case reflect.Slice:
		return d.list(x, into)
	default:
		return fmt.Errorf("there is no form for a %s", t)
	}
	return nil
}

func readNumber(x any, into reflect.Value) error {
	i, err := readInt(x)
	if err != nil {
		return err
	}
	if into.CanInt() {
		into.SetInt(i)
		return nil
	}
	if i < 0 || i > math.MaxUint8 {
		return fmt.Errorf("%d is no byte", i)
	}
	into.SetUint(uint64(i))
	return nil
}

func (d *decoder) list(x any, into reflect.Value) error {
	if x == nil {
		return nil
	}
	l, ok := x.([]any)
	if !ok {
		return fmt.Errorf("a list is needed, not %s", describe(x))
	}
	into.Set(reflect.MakeSlice(into.Type(), len(l), len(l)))
	for i, x := range l {
		if err := d.value(x, into.Index(i)); err != nil {
			return fmt.Errorf("%d: %w", i, err)
		}
	}
	return nil
}
