package expr

import (
	"errors"

	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

var (
	errNoScalar = errors.New("an array or object of JSON is no such value")
	errNull     = errors.New("null of JSON is no such value")
)

// fromJSON appends the value that a string, number, true or false means: a string as its
// text would be cast, and to a number true is 1 and false 0.
func (n *castNode) fromJSON(doc []byte) error {
	doc = jsonpath.Trim(doc)
	switch {
	case jsonpath.IsArray(doc), jsonpath.IsObject(doc):
		return errNoScalar
	case jsonpath.IsNull(doc):
		return errNull
	case jsonpath.IsString(doc):
		return n.fromString(string(jsonpath.Unquote(nil, doc)))
	case n.to.IsNumeric() && string(doc) == "true":
		return n.fromString("1")
	case n.to.IsNumeric() && string(doc) == "false":
		return n.fromString("0")
	}
	return n.fromString(string(doc))
}

// FromJSON returns a function that appends what a CAST from JSON to a type that is not text
// makes of a value. Several goroutines may call it.
func FromJSON(to types.Type) func(out *vec.Builder, value []byte) error {
	return func(out *vec.Builder, value []byte) error {
		n := castNode{from: types.Of(types.JSON), to: to, out: out}
		if to.IsNested() {
			return n.fromString(string(value))
		}
		return n.fromJSON(value)
	}
}
