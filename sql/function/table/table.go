// Package table holds the built-in table functions, which stand in FROM and give rows:
// one file each or one for a family. All is what the registry takes.
package table

import (
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// All lists the built-in table functions by name.
var All = []function.Table{
	Cumulate,
	GenerateSeries,
	Hop,
	JSONArrayElements,
	JSONEach,
	JSONTable,
	RegexpSplit,
	Session,
	StringSplit,
	Tumble,
	Unnest,
}

// taken checks how many arguments there are and that they convert to the types given;
// those of optional ones may be left out.
func taken(name string, args []types.Type, optional int, want ...types.Type) ([]types.Type, error) {
	ok := len(args) <= len(want) && len(args) >= len(want)-optional
	for i := range min(len(args), len(want)) {
		ok = ok && fits(args[i], want[i])
	}
	if !ok {
		have, names := make([]string, len(args)), make([]string, len(want))
		for i, t := range args {
			have[i] = t.String()
		}
		for i, t := range want {
			names[i] = t.String()
			if i >= len(want)-optional {
				names[i] = "[" + names[i] + "]"
			}
		}
		return nil, fmt.Errorf("%s(%s) does not exist; there is %s(%s)", name, strings.Join(have, ", "), name, strings.Join(names, ", "))
	}
	return want[:len(args)], nil
}

func fits(t, want types.Type) bool {
	switch {
	case t.Kind == types.Null:
		return true
	case want.Kind == types.JSON:
		return t.Kind == types.JSON || t.Kind == types.Varchar
	case want.Kind == types.Varchar:
		return !t.IsNested() && t.Kind != types.Binary
	}
	return types.Implicit(t, want) && (!want.IsInteger() || t.IsInteger())
}
