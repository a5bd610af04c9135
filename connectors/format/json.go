package format

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// JSON is one object a record (RFC 8259). A column is the member of its name, letter
// case exact before any, or what json.path.<column> names ("$.user.name"). A member
// that is missing is NULL; of one that is there twice, the last counts.
var JSON = Format{
	Name: "json",
	Doc:  "One JSON object a record; columns are its members by name.",
	Options: []connectors.Option{
		{Name: "json.timestamp", Default: "millis", Values: []string{"seconds", "millis", "micros"}, Doc: "what a number means where a TIMESTAMP is wanted: time since 1970 in this unit"},
		{Name: "json.path.", Prefix: true, Doc: "json.path.<column> = '$.a.b': the member that a column is read from"},
		{Name: "decimal.format", Default: "number", Values: []string{"number", "string"}, Doc: "how DECIMAL and BIGINT are written"},
	},
	Check: checkJSON,
	NewDecoder: func(spec DecodeSpec) (Decoder, error) {
		return newDecoder(spec, func(spec DecodeSpec, payload []int) (rowDecoder, error) { return newJSONDecoder(spec, payload) })
	},
	NewEncoder: newJSONEncoder,
}

func checkJSON(t *connectors.Table) error {
	for _, name := range sortedNames(t.Options) {
		col, ok := strings.CutPrefix(name, "json.path.")
		if !ok {
			continue
		}
		named := func(c connectors.Column) bool { return connectors.Canonical(c.Name) == col }
		if !slices.ContainsFunc(t.Columns, named) {
			return fmt.Errorf("option '%s': there is no column %s", name, col)
		}
		if _, err := jsonPath(t.Options[name]); err != nil {
			return fmt.Errorf("option '%s': %w", name, err)
		}
	}
	root := newJSONNode()
	for at, c := range t.Columns {
		if c.Metadata != "" || c.Computed {
			continue
		}
		steps, err := columnPath(t, c)
		if err != nil {
			return err
		}
		m := root.path(steps)
		if m.col >= 0 {
			return fmt.Errorf("columns %s and %s are both the member %s", t.Columns[m.col].Name, c.Name, strings.Join(steps, "."))
		}
		m.col = at
	}
	return nil
}

func sortedNames(o connectors.Options) []string {
	names := make([]string, 0, len(o))
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// columnPath returns the steps to the member that a column is.
func columnPath(t *connectors.Table, c connectors.Column) ([]string, error) {
	if p := t.Options.Get("json.path." + c.Name); p != "" {
		return jsonPath(p)
	}
	return []string{c.Name}, nil
}

// jsonPath divides "$.a.b" into its steps.
func jsonPath(path string) ([]string, error) {
	rest := strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
	steps := strings.Split(rest, ".")
	for _, s := range steps {
		if s == "" || strings.ContainsAny(s, "[]*\"'") {
			return nil, fmt.Errorf("'%s' is not a path such as '$.user.name'", path)
		}
	}
	return steps, nil
}

// A jsonNode is an object of which some members are wanted.
type jsonNode struct {
	members []*jsonMember
	exact   map[string]*jsonMember
	folded  map[string]*jsonMember // by lower case, where no exact one matches
}

// A jsonMember is a wanted member: a column, an object with wanted members, or both.
type jsonMember struct {
	name string // with the names of the objects around it
	id   int    // numbers the members of the whole tree
	col  int    // position among the builder's columns, -1 for none
	kids *jsonNode
}

func newJSONNode() *jsonNode {
	return &jsonNode{exact: map[string]*jsonMember{}, folded: map[string]*jsonMember{}}
}

// path finds or makes the member at the end of some steps.
func (n *jsonNode) path(steps []string) *jsonMember {
	var m *jsonMember
	for i, s := range steps {
		if m = n.exact[s]; m == nil {
			m = &jsonMember{name: strings.Join(steps[:i+1], "."), col: -1}
			n.members = append(n.members, m)
			n.exact[s] = m
			if lower := strings.ToLower(s); n.folded[lower] == nil {
				n.folded[lower] = m
			}
		}
		if i < len(steps)-1 && m.kids == nil {
			m.kids = newJSONNode()
		}
		n = m.kids
	}
	return m
}

// number gives every member of the tree its id and returns how many there are.
func (n *jsonNode) number(from int) int {
	for _, m := range n.members {
		m.id = from
		from++
		if m.kids != nil {
			from = m.kids.number(from)
		}
	}
	return from
}

// find returns the member that a name means, nil for none.
func (n *jsonNode) find(name string) (m *jsonMember, exact bool) {
	if m := n.exact[name]; m != nil {
		return m, true
	}
	return n.folded[strings.ToLower(name)], false
}

// A jsonDecoder reads most records in one quick pass. What that does not know how to
// read, or finds wrong, the strict reader reads again: it alone says what a record
// means and what is wrong with it.
type jsonDecoder struct {
	quick  *jsonQuick
	strict *jsonStrict
}

func newJSONDecoder(spec DecodeSpec, payload []int) (*jsonDecoder, error) {
	root := newJSONNode()
	values := &jsonValues{unit: 1000}
	switch spec.Table.Options.Get("json.timestamp") {
	case "seconds":
		values.unit = types.MicrosPerSecond
	case "micros":
		values.unit = 1
	}
	colTypes := make([]types.Type, len(spec.Columns))
	for _, at := range payload {
		col := spec.Table.Columns[spec.Columns[at]]
		steps, err := columnPath(spec.Table, col)
		if err != nil {
			return nil, err
		}
		m := root.path(steps)
		if m.col >= 0 {
			return nil, fmt.Errorf("two columns are the member %s", strings.Join(steps, "."))
		}
		m.col, colTypes[at] = at, col.Type
	}
	members := root.number(0)
	return &jsonDecoder{
		quick:  newJSONQuick(root, members, payload, colTypes, values),
		strict: newJSONStrict(root, members, payload, len(spec.Columns), values),
	}, nil
}

var (
	errNoValue = errors.New("the record has no value (a tombstone), and the table has no PRIMARY KEY")
	errUTF8    = errors.New("the value is not valid UTF-8")
)

// decode implements rowDecoder.
func (d *jsonDecoder) decode(rec *connectors.Record, b *zset.Builder) error {
	if rec.Value == nil {
		return errNoValue
	}
	if d.quick.record(rec.Value, b) {
		return nil
	}
	d.quick.takeBack(b)
	if !utf8.Valid(rec.Value) {
		return errUTF8
	}
	return d.strict.record(rec.Value, b)
}
