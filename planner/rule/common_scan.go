package rule

import (
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// CommonScan lets all parts of a plan that read a table read it together: one scan of
// the columns that any of them needs.
//
//	Union all              Union all
//	├─ Scan t [a, b]       ├─ Project a, b
//	└─ Scan t [b, c]  =>   │  └─ Scan t [a, b, c]
//	                       └─ Project b, c
//	                          └─ Scan t [a, b, c]
//
// Equal scans are one when the plan runs. Nothing changes where a table is read once,
// or for the same columns.
var CommonScan = Rule{Name: "CommonScan", Rewrite: commonScan, Whole: true}

func commonScan(n logical.Node) (logical.Node, bool) {
	all := map[string][]int{}
	differ := false
	logical.Walk(n, func(x logical.Node) {
		s, ok := x.(*logical.Scan)
		if !ok {
			return
		}
		key := strings.ToLower(s.Relation.Name)
		before, read := all[key]
		differ = differ || read && !slices.Equal(before, s.Columns)
		union := append(slices.Clone(before), s.Columns...)
		slices.Sort(union)
		all[key] = slices.Compact(union)
	})
	if !differ {
		return n, false
	}
	return logical.Transform(n, func(x logical.Node) logical.Node {
		s, ok := x.(*logical.Scan)
		if !ok {
			return x
		}
		return selected(s, all[strings.ToLower(s.Relation.Name)])
	}), true
}

// selected is a scan's columns taken from a scan of more.
func selected(s *logical.Scan, columns []int) logical.Node {
	if slices.Equal(s.Columns, columns) {
		return s
	}
	wide := &logical.Scan{Relation: s.Relation, Columns: columns}
	fields := wide.Schema().Fields
	p := &logical.Project{Input: wide}
	for _, c := range s.Columns {
		at := slices.Index(columns, c)
		p.Exprs = append(p.Exprs, &expr.Column{Index: at, Field: fields[at]})
		p.Names = append(p.Names, fields[at].Name)
	}
	return p
}
