package logical

import (
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// History is all that has arrived by key: the versions of each row, not the last alone.
// Its columns are those that the relation stores, and a BOOLEAN that is TRUE of a version
// in which the row is not there: then only the key and the time are.
type History struct {
	Relation *Relation
	Time     int  // the column, among those stored, from which on a version holds
	Dated    bool // it says when a row is taken away, too
}

// Inputs implements Node.
func (h *History) Inputs() []Node { return nil }

// WithInputs implements Node.
func (h *History) WithInputs([]Node) Node { return h }

// Schema implements Node.
func (h *History) Schema() *types.Schema {
	s := h.Relation.Schema.Project(h.Relation.Stored)
	s = &types.Schema{Fields: slices.Clone(s.Fields)}
	for i, c := range h.Relation.Stored {
		if !slices.Contains(h.Relation.Keys[0], c) {
			s.Fields[i].NotNull = false
		}
	}
	s.Fields = append(s.Fields, types.Field{Name: "gone", Type: types.Of(types.Boolean), NotNull: true})
	return s
}

// String implements Node.
func (h *History) String() string {
	return fmt.Sprintf("History of %s by %s", h.Relation.Name, h.Schema().Fields[h.Time].Name)
}

// watermarks: each record is a version of its own, so that they hold as they do of rows.
func (h *History) watermarks() []Watermark {
	var out []Watermark
	for _, w := range h.Relation.Watermarks {
		if at := slices.Index(h.Relation.Stored, w.Column); at >= 0 {
			c := &expr.Column{Index: at, Field: h.Schema().Fields[at]}
			out = append(out, Watermark{Expr: c, Of: []WatermarkTerm{{Relation: h.Relation, Column: w.Column}}})
		}
	}
	return out
}

// Properties implements Node.
func (h *History) Properties() Properties { return Properties{AppendOnly: true} }
