package format

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
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
		return newDecoder(spec, func(payload []int) (rowDecoder, error) { return newJSONDecoder(spec, payload) })
	},
	NewEncoder: newJSONEncoder,
}

func checkJSON(t *connectors.Table) error {
	for name := range t.Options {
		col, ok := strings.CutPrefix(name, "json.path.")
		if !ok {
			continue
		}
		if t.Schema().Index(strings.ReplaceAll(col, ".", "_")) < 0 && t.Schema().Index(col) < 0 {
			return fmt.Errorf("option '%s': there is no column %s", name, col)
		}
		if _, err := jsonPath(t.Options[name]); err != nil {
			return fmt.Errorf("option '%s': %w", name, err)
		}
	}
	return nil
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
	members []jsonMember
	exact   map[string]int
	folded  map[string]int // lower case -> member, where no exact one matches
	predict []int32        // the member that followed last time, by position in the object
}

// A jsonMember is a wanted member: a column, an object with wanted members, or both.
type jsonMember struct {
	name string
	col  int // position among the builder's columns, -1 for none
	kids *jsonNode
}

func newJSONNode() *jsonNode {
	return &jsonNode{exact: map[string]int{}, folded: map[string]int{}}
}

func (n *jsonNode) member(name string) *jsonMember {
	if i, ok := n.exact[name]; ok {
		return &n.members[i]
	}
	i := len(n.members)
	n.members = append(n.members, jsonMember{name: name, col: -1})
	n.exact[name] = i
	if _, taken := n.folded[strings.ToLower(name)]; !taken {
		n.folded[strings.ToLower(name)] = i
	}
	return &n.members[i]
}

type jsonDecoder struct {
	root  *jsonNode
	cols  []int // payload columns
	unit  int64 // microseconds of one unit of a number that is a TIMESTAMP
	set   []uint32
	exact []uint32 // rows in which a column was set under its exact name
	row   uint32
	types []types.Type

	s      []byte // the record
	at     int
	depth  int
	b      *zset.Builder
	text   []byte
	reason error // the first value that did not fit its column
}

func newJSONDecoder(spec DecodeSpec, payload []int) (*jsonDecoder, error) {
	d := &jsonDecoder{root: newJSONNode(), cols: payload, unit: 1000}
	switch spec.Table.Options.Get("json.timestamp") {
	case "seconds":
		d.unit = types.MicrosPerSecond
	case "micros":
		d.unit = 1
	}
	d.set = make([]uint32, len(spec.Columns))
	d.exact = make([]uint32, len(spec.Columns))
	d.types = make([]types.Type, len(spec.Columns))
	for _, at := range payload {
		col := spec.Table.Columns[spec.Columns[at]]
		d.types[at] = col.Type
		steps := []string{col.Name}
		if p := spec.Table.Options.Get("json.path." + col.Name); p != "" {
			var err error
			if steps, err = jsonPath(p); err != nil {
				return nil, err
			}
		}
		n := d.root
		for i, s := range steps {
			m := n.member(s)
			if i == len(steps)-1 {
				m.col = at
				break
			}
			if m.kids == nil {
				m.kids = newJSONNode()
			}
			n = m.kids
		}
	}
	return d, nil
}

var (
	errNoValue = errors.New("the record has no value (a tombstone), and the table has no PRIMARY KEY")
	errUTF8    = errors.New("the value is not valid UTF-8")
)

// maxJSONDepth bounds nesting, as encoding/json does.
const maxJSONDepth = 10000

func (d *jsonDecoder) decode(rec *connectors.Record, b *zset.Builder) error {
	if rec.Value == nil {
		return errNoValue
	}
	if !utf8.Valid(rec.Value) {
		return errUTF8
	}
	d.s, d.at, d.depth, d.b, d.reason = rec.Value, 0, 0, b, nil
	d.row++
	d.blanks()
	if d.peek() != '{' {
		if err := d.skip(); err != nil {
			return err
		}
		return errors.New("the value is not a JSON object")
	}
	if err := d.object(d.root); err != nil {
		return err
	}
	if d.blanks(); d.at < len(d.s) {
		return d.syntax("text behind the object")
	}
	if d.reason != nil {
		return d.reason
	}
	for _, at := range d.cols {
		if d.set[at] != d.row {
			b.Cols[at].AppendNull()
		}
	}
	return nil
}

func (d *jsonDecoder) syntax(what string) error {
	if d.at >= len(d.s) {
		return fmt.Errorf("the JSON ends too early, at byte %d", d.at)
	}
	return fmt.Errorf("invalid JSON: %s at byte %d", what, d.at)
}

func (d *jsonDecoder) blanks() {
	for d.at < len(d.s) && d.s[d.at] <= ' ' && (d.s[d.at] == ' ' || d.s[d.at] == '\n' || d.s[d.at] == '\t' || d.s[d.at] == '\r') {
		d.at++
	}
}

func (d *jsonDecoder) peek() byte {
	if d.at < len(d.s) {
		return d.s[d.at]
	}
	return 0
}

// object reads an object, and its wanted members into their columns.
func (d *jsonDecoder) object(n *jsonNode) error {
	if d.depth++; d.depth > maxJSONDepth {
		return d.syntax("too deep nesting")
	}
	d.at++ // {
	d.blanks()
	if d.peek() == '}' {
		d.at++
		d.depth--
		return nil
	}
	for k := 0; ; k++ {
		m, exact, err := d.key(n, k)
		if err != nil {
			return err
		}
		d.blanks()
		if d.peek() != ':' {
			return d.syntax("':' is missing")
		}
		d.at++
		d.blanks()
		if m == nil {
			err = d.skip()
		} else {
			err = d.value(m, exact)
		}
		if err != nil {
			return err
		}
		d.blanks()
		switch d.peek() {
		case ',':
			d.at++
			d.blanks()
		case '}':
			d.at++
			d.depth--
			return nil
		default:
			return d.syntax("',' or '}' is missing")
		}
	}
}

// key reads a member's name and finds the wanted member it means, nil for none. The
// k-th name of an object is most often what it was in the record before.
func (d *jsonDecoder) key(n *jsonNode, k int) (m *jsonMember, exact bool, err error) {
	if d.peek() != '"' {
		return nil, false, d.syntax("a name in quotes is missing")
	}
	if k < len(n.predict) {
		if p := n.predict[k]; p >= 0 {
			m := &n.members[p]
			end := d.at + 1 + len(m.name)
			if end < len(d.s) && d.s[end] == '"' && string(d.s[d.at+1:end]) == m.name {
				d.at = end + 1
				return m, true, nil
			}
		}
	}
	name, err := d.str()
	if err != nil {
		return nil, false, err
	}
	i, found := n.exact[string(name)]
	if found {
		for len(n.predict) <= k && k < 256 {
			n.predict = append(n.predict, -1)
		}
		if k < 256 {
			n.predict[k] = int32(i)
		}
		return &n.members[i], true, nil
	}
	if i, found = n.folded[strings.ToLower(string(name))]; found {
		return &n.members[i], false, nil
	}
	return nil, false, nil
}

// value reads a wanted member.
func (d *jsonDecoder) value(m *jsonMember, exact bool) error {
	if m.kids != nil && d.peek() == '{' {
		if m.col < 0 {
			return d.object(m.kids)
		}
		start := d.at
		if err := d.object(m.kids); err != nil {
			return err
		}
		d.at = start // read again, as the column itself
	}
	if m.col < 0 {
		return d.skip()
	}
	col := d.b.Cols[m.col]
	if d.set[m.col] == d.row {
		if !exact && d.exact[m.col] == d.row {
			return d.skip() // a name in another letter case gives way to the exact one
		}
		col.Truncate(d.b.Len()) // the last of two counts
	}
	d.set[m.col] = d.row
	if exact {
		d.exact[m.col] = d.row
	}
	return d.column(col, m)
}

// misfit notes a value that does not fit its column; the record is read on, since
// a later member of the same name may.
func (d *jsonDecoder) misfit(col *vec.Builder, m *jsonMember, start int, why string) error {
	if d.reason == nil {
		found := string(d.s[start:min(d.at, start+40)])
		if d.at > start+40 {
			found += "…"
		}
		d.reason = fmt.Errorf("field %s: %s is not %s%s", m.name, found, article(d.types[m.col]), why)
	}
	col.AppendNull()
	return nil
}

func article(t types.Type) string {
	switch t.Kind {
	case types.Int, types.UInt:
		return "an " + t.String()
	}
	return "a " + t.String()
}
