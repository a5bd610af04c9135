package bind

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Relation returns what a scan of a table or materialized view reads, or of the rows that a
// table leaves out, as queries that are bound now have it.
func (b *Binder) Relation(was *logical.Relation) (*logical.Relation, error) {
	name := was.Of()
	e, ok := b.Catalog.Lookup(name)
	if !ok {
		return nil, fmt.Errorf("there is no table or view %s any more", name)
	}
	e = b.inZone(e)
	s := &session{Binder: b, whole: &whole{}}
	switch {
	case e.Kind == catalog.View:
		return nil, fmt.Errorf("%s is a view by now, which it was not when the query was created", e.Name)
	case was.ErrorsOf != "":
		if e.Kind != catalog.Table {
			return nil, fmt.Errorf("%s is a view by now, and has no records", e.Name)
		}
		return errorsRelation(e), nil
	case was.LateOf == "" && e.Kind == catalog.MaterializedView:
		return s.viewRelation(e), nil
	case was.LateOf == "":
		return s.tableRelation(e)
	case e.Kind != catalog.Table || e.Watermark == nil:
		return nil, fmt.Errorf("table %s has no WATERMARK any more, so that no row of it is late", e.Name)
	}
	return lateRelation(e, LateColumns(e)), nil
}

func (s *session) viewRelation(e *catalog.Entry) *logical.Relation {
	r := &logical.Relation{Name: e.Name, View: true, Schema: e.Schema, AppendOnly: e.AppendOnly, Keys: e.Keys, Size: s.sizeOf(e.Name)}
	for _, c := range e.Timed {
		r.Watermarks = append(r.Watermarks, logical.RelationWatermark{Column: c})
	}
	return r
}

func (s *session) tableRelation(e *catalog.Entry) (*logical.Relation, error) {
	r := &logical.Relation{Name: e.Name, Schema: e.Schema, AppendOnly: e.AppendOnly, Keys: e.Keys, Arrival: arrivals[e.Changes], Size: s.sizeOf(e.Name), Declared: declared(e)}
	if e.Def != nil {
		r.ID = e.Def.ID
	}
	for i := range e.Schema.Fields {
		if _, computed := e.Computed[i]; !computed {
			r.Stored = append(r.Stored, i)
		}
	}
	if e.Watermark != nil {
		w := logical.RelationWatermark{Column: e.Watermark.Column}
		if _, computed := e.Computed[w.Column]; computed {
			var err error
			if w.Computed, err = s.stored(e, w.Column); err != nil {
				return nil, err
			}
		}
		r.Watermarks = append(r.Watermarks, w)
	}
	return r, nil
}

// lateRelation is the late rows of a table, whose columns come first.
func lateRelation(e *catalog.Entry, own []types.Field) *logical.Relation {
	r := &logical.Relation{Name: "LATE(" + e.Name + ")", LateOf: e.Name, AppendOnly: true, Declared: declared(e)}
	if e.Def != nil {
		r.ID = e.Def.ID
	}
	r.Schema = types.NewSchema(append(append([]types.Field{}, e.Schema.Fields...), own...)...)
	for i := range r.Schema.Fields {
		if _, computed := e.Computed[i]; !computed {
			r.Stored = append(r.Stored, i)
		}
	}
	return r
}

// declared is what of a table's declaration goes into plans beside its columns.
func declared(e *catalog.Entry) string {
	var out []string
	for _, i := range slices.Sorted(maps.Keys(e.Computed)) {
		out = append(out, e.Schema.Fields[i].Name+" AS "+e.Computed[i])
	}
	if w := e.Watermark; w != nil {
		out = append(out, "WATERMARK FOR "+e.Schema.Fields[w.Column].Name+" AS "+w.Expr)
	}
	return strings.Join(out, ", ")
}
