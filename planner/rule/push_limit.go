package rule

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
)

// PushLimit leaves rows out of a result of which only the first are shown, as soon as
// enough rows come before them.
//
//	Sort a limit 3        Sort a limit 3
//	└─ Union all      =>  └─ Union all
//	   ├─ x                  ├─ First 3 BY a
//	   └─ y                  │  └─ x
//	                         └─ First 3 BY a
//	                            └─ y
//
// LIMIT without ORDER BY is by all columns in turn. Not where rows may be taken back:
// a row that was left out would be among the first when one before it goes.
var PushLimit = Rule{Name: "PushLimit", Rewrite: pushLimit, Whole: true}

func pushLimit(n logical.Node) (logical.Node, bool) {
	s, ok := n.(*logical.Sort)
	if !ok || s.Limit < 0 || s.Limit+s.Offset > maxFirst || !s.Input.Properties().AppendOnly {
		return n, false
	}
	if _, done := s.Input.(*logical.First); done {
		return n, false
	}
	return s.WithInputs([]logical.Node{first(s.Input, s)}), true
}

// maxFirst is up to how many rows the first are kept: more are not worth it.
const maxFirst = 100_000

// first puts a First over a node, in each branch of a union.
func first(n logical.Node, s *logical.Sort) logical.Node {
	if u, ok := n.(*logical.Union); ok {
		ins := slices.Clone(u.Ins)
		for i, in := range ins {
			ins[i] = first(in, s)
		}
		return u.WithInputs(ins)
	}
	return &logical.First{Input: n, Keys: s.Keys, Rows: s.Limit + s.Offset}
}
