package stored

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/zset"
)

// An object is one of JSON whose members are in order.
type object []member

type member struct {
	key   string
	value any // object, list, string, number, bool
}

// A list is an array of JSON.
type list []any

// A number is one of JSON as it is written.
type number string

// An encoder turns a plan into objects.
type encoder struct {
	nodes  pool[logical.Node]
	tables pool[*function.BoundTable]
	made   pool[*function.Scalar]
	tabled pool[*logical.Relation]
	rows   pool[*zset.Batch]

	scalar *function.Scalar // of the call whose overload comes next
}

// A pool is what is written once, by address.
type pool[K comparable] struct {
	at      map[K]int
	entries list
}

func newEncoder() *encoder {
	return &encoder{
		nodes: pool[logical.Node]{at: map[logical.Node]int{}}, tables: pool[*function.BoundTable]{at: map[*function.BoundTable]int{}},
		made: pool[*function.Scalar]{at: map[*function.Scalar]int{}}, tabled: pool[*logical.Relation]{at: map[*logical.Relation]int{}},
		rows: pool[*zset.Batch]{at: map[*zset.Batch]int{}},
	}
}

// put returns the position of an entry, which it makes where there is none.
func (p *pool[K]) put(key K, entry func() (any, error)) (int, error) {
	if at, ok := p.at[key]; ok {
		return at, nil
	}
	x, err := entry()
	if err != nil {
		return 0, err
	}
	p.entries = append(p.entries, x)
	p.at[key] = len(p.entries) - 1
	return p.at[key], nil
}

// node returns the position of a node behind those that it reads.
func (e *encoder) node(n logical.Node) (int, error) {
	return e.nodes.put(n, func() (any, error) {
		x, err := e.kind(nodes, n)
		if err != nil {
			return nil, fmt.Errorf("%T: %w", n, err)
		}
		return x, nil
	})
}

// kind writes a node or an expression with the word for what it is.
func (e *encoder) kind(of kinds, x any) (any, error) {
	v := reflect.ValueOf(x)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil, fmt.Errorf("there is no form for a %T", x)
	}
	name, ok := of.names[v.Type().Elem()]
	if !ok {
		return nil, fmt.Errorf("there is no form for a %T", x)
	}
	return e.fields(object{{"is", name}}, v.Elem())
}

// fields writes the fields of a struct that are not zero.
func (e *encoder) fields(out object, v reflect.Value) (any, error) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if slices.Contains(derived[t], f.Name) {
			continue
		}
		if !f.IsExported() {
			return nil, fmt.Errorf("%s.%s is not exported", t, f.Name)
		}
		if v.Field(i).IsZero() {
			if required(t, f) {
				return nil, fmt.Errorf("%s.%s is not there", t, f.Name)
			}
			continue
		}
		x, err := e.value(v.Field(i))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key(f.Name), err)
		}
		out = append(out, member{key(f.Name), x})
	}
	return out, nil
}

// key is a field's name as it is written.
func key(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(r)) + name[size:]
}

// required reports that a field is not nil in any plan.
func required(t reflect.Type, f reflect.StructField) bool {
	k := f.Type.Kind()
	return (k == reflect.Pointer || k == reflect.Interface) && !slices.Contains(optional[t], f.Name)
}

// value writes what a field or an element of a list holds.
func (e *encoder) value(v reflect.Value) (any, error) {
	t := v.Type()
	if c, ok := codecs(t); ok {
		return c.encode(e, v)
	}
	if w, ok := words[t]; ok {
		if i := int(v.Uint()); i < len(w) {
			return w[i], nil
		}
		return nil, fmt.Errorf("there is no word for %s %d", t, v.Uint())
	}
	switch t.Kind() {
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Int, reflect.Int64:
		return integer(v.Int()), nil
	case reflect.Uint8:
		return integer(int64(v.Uint())), nil
	case reflect.String:
		return text(v.String()), nil
	case reflect.Struct:
		return e.fields(nil, v)
	case reflect.Pointer:
		if v.IsNil() {
			return nil, errors.New("it is not there")
		}
		return e.value(v.Elem())
	case reflect.Slice:
		return e.list(v)
	}
	return nil, fmt.Errorf("there is no form for a %s", t)
}

// list writes a slice; one that is nil within another is null.
func (e *encoder) list(v reflect.Value) (any, error) {
	if v.IsNil() {
		return nil, nil
	}
	out := make(list, v.Len())
	for i := range out {
		x, err := e.value(v.Index(i))
		if err != nil {
			return nil, fmt.Errorf("%d: %w", i, err)
		}
		out[i] = x
	}
	return out, nil
}

func (e *encoder) expr(x expr.Expr) (any, error) { return e.kind(exprs, x) }

// write puts the parts of a plan together, each entry of a pool on a line of its own.
func (e *encoder) write(d document) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"version":%d`, d.Version)
	for _, l := range []struct {
		name  string
		words []string
	}{{"fired", d.Fired}, {"states", d.States}} {
		if len(l.words) == 0 {
			continue
		}
		words := make(list, len(l.words))
		for i, w := range l.words {
			words[i] = w
		}
		b.WriteString(",\n\"" + l.name + "\":")
		appendJSON(&b, words)
	}
	for _, p := range []struct {
		name    string
		entries list
	}{{"tables", e.tables.entries}, {"functions", e.made.entries}, {"relations", e.tabled.entries}, {"rows", e.rows.entries}, {"nodes", e.nodes.entries}} {
		if len(p.entries) == 0 {
			continue
		}
		b.WriteString(",\n\"" + p.name + "\":[")
		for i, x := range p.entries {
			b.WriteString([]string{"\n", ",\n"}[min(i, 1)])
			appendJSON(&b, x)
		}
		b.WriteString("]")
	}
	fmt.Fprintf(&b, ",\n\"bound\":%d,\"optimised\":%d}\n", d.Bound, d.Optimised)
	return []byte(b.String())
}
