package logical

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A Relation is what a Scan reads, as far as planning goes.
type Relation struct {
	Name       string
	View       bool          // a materialized view, not a table
	Schema     *types.Schema // all its columns
	AppendOnly bool
	Keys       [][]int
	Arrival    Arrival
	Stored     []int // positions of the columns that can be read: all but computed ones
	Watermarks []RelationWatermark
	// Size estimates how many rows there are, false where nobody knows; nil likewise. Rules ask
	// for it where it decides something: it may cost a question to somebody outside.
	Size   func() (int64, bool)
	LateOf string // the table whose late rows it holds, whose columns come first; "" for none
	// ErrorsOf is the table whose records it holds that cannot be read; "" for none.
	ErrorsOf string
	ID       string // tells the table from others that had its name; "" where nothing is kept
	// Declared is what of the table's declaration is in plans, or in the rows that it has: the
	// expressions of computed columns and of the watermark.
	Declared string
}

// Kind says what the relation is, with its name: "table t", "view v".
func (r *Relation) Kind() string {
	if r.View {
		return "view " + r.Name
	}
	return "table " + r.Of()
}

// Of is the name of the table or view whose rows, or late rows, or records it holds.
func (r *Relation) Of() string { return cmp.Or(r.LateOf, r.ErrorsOf, r.Name) }

// A RelationWatermark says that a column of a relation has a watermark.
type RelationWatermark struct {
	Column   int
	Computed expr.Expr // over the relation's columns, where the column is computed; else nil
}

// An Arrival says how the rows of a relation come in. Whatever it is, what the relation
// holds is its net content.
type Arrival uint8

// The ways in which rows arrive.
const (
	Plain     Arrival = iota // as changes of what the relation holds
	ByKey                    // a row takes the place of that of Keys[0], or with a weight of -1 takes it away
	Unchecked                // rows may be taken back that are not there, which means nothing
	Whole                    // a row of weight -1, whose values mean nothing, begins the relation anew
)

// Scan reads some columns of a relation.
type Scan struct {
	Relation *Relation
	Columns  []int // positions in the relation's schema
}

// Inputs implements Node.
func (s *Scan) Inputs() []Node { return nil }

// WithInputs implements Node.
func (s *Scan) WithInputs([]Node) Node { return s }

// Schema implements Node.
func (s *Scan) Schema() *types.Schema { return s.Relation.Schema.Project(s.Columns) }

// String implements Node.
func (s *Scan) String() string {
	return fmt.Sprintf("Scan %s [%s]", s.Relation.Name, strings.Join(s.Schema().Names(), ", "))
}

// Properties implements Node.
func (s *Scan) Properties() Properties {
	p := Properties{AppendOnly: s.Relation.AppendOnly, Keys: mapKeys(s.Relation.Keys, s.Columns)}
	if !p.AppendOnly {
		p.Cause = s.Relation.Kind()
	}
	return p
}

// Values is rows written in the query itself.
type Values struct {
	Rows *zset.Batch
}

// NoRows is a node that never has a row.
func NoRows(s *types.Schema) *Values { return &Values{Rows: zset.NewBuilder(s).Build()} }

// Inputs implements Node.
func (v *Values) Inputs() []Node { return nil }

// WithInputs implements Node.
func (v *Values) WithInputs([]Node) Node { return v }

// Schema implements Node.
func (v *Values) Schema() *types.Schema { return v.Rows.Schema }

// String implements Node.
func (v *Values) String() string {
	if v.Rows.Len == 1 {
		return "Values (1 row)"
	}
	return fmt.Sprintf("Values (%d rows)", v.Rows.Len)
}

// Properties implements Node.
func (v *Values) Properties() Properties {
	p := Properties{AppendOnly: true}
	if v.Rows.Len <= 1 {
		p.Keys = [][]int{{}}
	}
	return p
}

// mapKeys translates keys of an input to an output whose column i is the input's
// column from[i]; a key of which a column is gone is no key any more.
func mapKeys(keys [][]int, from []int) [][]int {
	var out [][]int
	for _, key := range keys {
		mapped := make([]int, 0, len(key))
		for _, c := range key {
			for i, f := range from {
				if f == c {
					mapped = append(mapped, i)
					break
				}
			}
		}
		if len(mapped) == len(key) {
			out = append(out, mapped)
		}
	}
	return out
}
