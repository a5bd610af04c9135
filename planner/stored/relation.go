package stored

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// relation writes what a plan reads once for all that read it.
func (e *encoder) relation(r *logical.Relation) (any, error) {
	return at(e.tabled.put(r, func() (any, error) { return e.fields(nil, reflect.ValueOf(*r)) }))
}

func (d *decoder) relation(x any) (*logical.Relation, error) {
	return entry(x, d.relations, "relations")
}

// readRelation reads what the plan was made for, and compares it with what there is now.
func (d *decoder) readRelation(x any) (*logical.Relation, error) {
	was := new(logical.Relation)
	if err := d.fields(x, reflect.ValueOf(was).Elem()); err != nil {
		return nil, err
	}
	if err := checkRelation(was); err != nil {
		return nil, fmt.Errorf("%s: %w", was.Name, err)
	}
	if d.env.Relation == nil {
		return was, nil
	}
	now, err := d.env.Relation(was)
	if err != nil {
		return nil, err
	}
	if err := Changed(was, now); err != nil {
		return nil, err
	}
	return was, nil
}

// checkRelation refuses positions of columns that are not there.
func checkRelation(r *logical.Relation) error {
	n := r.Schema.Len()
	for _, key := range r.Keys {
		if err := positions(n, key...); err != nil {
			return err
		}
	}
	if err := positions(n, r.Stored...); err != nil {
		return err
	}
	if r.Arrival == logical.ByKey && len(r.Keys) == 0 {
		return errors.New("rows that come by key have one")
	}
	for _, w := range r.Watermarks {
		if err := positions(n, w.Column); err != nil {
			return err
		}
		if w.Computed != nil {
			if err := checkExpr(w.Computed, r.Schema.Fields); err != nil {
				return err
			}
		}
	}
	return nil
}

// Changed returns an error that says what of a table or view is not as it was when a plan was
// made for it; nil where the plan still holds. Keys and watermarks that are new do not matter
// to it.
func Changed(was, now *logical.Relation) error {
	changed := func(format string, args ...any) error {
		return fmt.Errorf("%s has changed since the query was created: %s", was.Kind(), fmt.Sprintf(format, args...))
	}
	if was.View != now.View {
		return changed("it is %s now", now.Kind())
	}
	for i, f := range was.Schema.Fields {
		if i >= now.Schema.Len() {
			return changed("column %s is gone", f.Name)
		}
		if g := now.Schema.Fields[i]; !f.Equal(g) {
			return changed("column %d was %s, and is %s", i+1, types.NewSchema(f), types.NewSchema(g))
		}
	}
	if n := was.Schema.Len(); now.Schema.Len() > n {
		return changed("column %s is new", now.Schema.Fields[n].Name)
	}
	switch {
	case was.ID != now.ID:
		return changed("it is another one of that name")
	case !slices.Equal(was.Stored, now.Stored), was.Declared != now.Declared:
		return changed("it was declared with %s, and is with %s", orNothing(was.Declared), orNothing(now.Declared))
	case was.Arrival != now.Arrival:
		return changed("its rows arrive in another way")
	case was.AppendOnly && !now.AppendOnly:
		return changed("its rows may be taken back now")
	case was.Arrival == logical.ByKey && !slices.Equal(was.Keys[0], now.Keys[0]):
		return changed("its PRIMARY KEY is another")
	}
	for _, key := range was.Keys {
		if !(logical.Properties{Keys: now.Keys}).HasKeyIn(key) {
			return changed("%s is no key any more", strings.Join(was.Schema.Project(key).Names(), ", "))
		}
	}
	for _, w := range was.Watermarks {
		if !watermarked(now, w) {
			return changed("column %s has no such watermark any more", was.Schema.Fields[w.Column].Name)
		}
	}
	return nil
}

func orNothing(s string) string {
	if s == "" {
		return "nothing more"
	}
	return s
}

// watermarked reports that a relation has the watermark of another.
func watermarked(r *logical.Relation, w logical.RelationWatermark) bool {
	return slices.ContainsFunc(r.Watermarks, func(o logical.RelationWatermark) bool {
		if o.Column != w.Column || (o.Computed == nil) != (w.Computed == nil) {
			return false
		}
		return w.Computed == nil || expr.Fingerprint(o.Computed) == expr.Fingerprint(w.Computed)
	})
}
