package bind

import (
	"slices"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// The versions of a table are what its records have made of each row, from the time of
// each on.
type versions struct {
	node logical.Node // the table's columns, then whether the row is gone
	time int          // a column
	key  []int        // of the table
	name string
}

// versionsOf reads a table as the versions of its rows. at is where AS OF stands.
func (s *session) versionsOf(name string, at int) (*versions, error) {
	e, ok := s.Catalog.Lookup(name)
	if !ok {
		return &versions{}, nil // it is a WITH query, or an error of what binds it
	}
	e = s.inZone(e)
	refused := func(format string, args ...any) *sql.Error {
		return sql.Errorf(s.m.Source, at, "%s cannot be joined as of a time: "+format, append([]any{e.Name}, args...)...)
	}
	if e.Kind != catalog.Table || e.Changes != connectors.ByKey {
		return nil, refused("it keeps no versions of its rows").
			WithHint("a table of 'upsert-kafka' with a PRIMARY KEY does; to a table of which each row says from when on it holds, use ASOF JOIN; as of PROCTIME() anything can be joined")
	}
	at2 := versionTime(e)
	if at2 < 0 {
		return nil, refused("no column says from when on a version of a row holds").
			WithHint("declare one: ts TIMESTAMP(3) METADATA FROM 'timestamp', WATERMARK FOR ts AS ts")
	}
	r := &logical.Relation{Name: e.Name, Schema: e.Schema, Keys: e.Keys, Arrival: logical.ByKey, Declared: declared(e), ID: e.Def.ID}
	for i := range e.Schema.Fields {
		if _, computed := e.Computed[i]; !computed {
			r.Stored = append(r.Stored, i)
		}
	}
	if e.Watermark != nil {
		r.Watermarks = append(r.Watermarks, logical.RelationWatermark{Column: e.Watermark.Column})
	}
	h := &logical.History{Relation: r, Time: slices.Index(r.Stored, at2), Dated: e.Def.Columns[at2].Metadata == "timestamp"}
	if h.Time < 0 {
		return nil, refused("%s, the time of its versions, is computed", e.Schema.Fields[at2].Name).
			WithHint("declare WATERMARK FOR a column that the records have")
	}
	v := &versions{node: h, time: at2, key: e.Def.PrimaryKey, name: e.Name}
	if len(e.Computed) == 0 {
		return v, nil
	}
	n, err := s.computed(e, h, r.Stored)
	if err != nil {
		return nil, err
	}
	p := n.(*logical.Project)
	gone := h.Schema().Fields[len(r.Stored)]
	p.Exprs, p.Names = append(p.Exprs, &expr.Column{Index: len(r.Stored), Field: gone}), append(slices.Clone(p.Names), gone.Name)
	v.node = p
	return v, nil
}

// versionTime is the column from which on a version holds: that of the WATERMARK, or else
// the one that is the records' timestamp; -1 for none.
func versionTime(e *catalog.Entry) int {
	if e.Watermark != nil {
		return e.Watermark.Column
	}
	return slices.IndexFunc(e.Def.Columns, func(c connectors.Column) bool { return c.Metadata == "timestamp" })
}

// temporal makes a join with a table as of a time of the left row of a bound one: to the
// latest version that is not after it.
func (f *fromClause) temporal(t *timeJoin, j *logical.Join, ls *scope) (logical.Node, error) {
	v := t.versions
	if v.node == nil {
		return nil, sql.Errorf(f.m.Source, t.at, "a query cannot be joined as of a time, only a table").WithHint("join it AS OF PROCTIME()")
	}
	width, right := j.Left.Schema().Len(), j.Right.Schema().Len()
	keys, rest := j.Equi()
	out := &logical.Asof{Outer: j.Kind == logical.Left, Op: expr.Ge}
	left, versions := besideAll(j.Left), besideAll(v.node)
	var columns []int
	for _, k := range keys {
		out.Keys = append(out.Keys, logical.MatchKey{Left: columnIn(left, k.Left), Right: columnIn(versions, k.Right), NullSafe: k.NullSafe})
		if c, ok := k.Right.(*expr.Column); ok {
			columns = append(columns, c.Index)
		}
	}
	slices.Sort(columns)
	if sorted := slices.Sorted(slices.Values(v.key)); len(rest) > 0 || !slices.Equal(columns, sorted) || len(keys) != len(sorted) {
		return nil, sql.Errorf(f.m.Source, t.at, "a join with %s as of a time looks a row up by its PRIMARY KEY, and its condition is another", v.name).
			WithHint("write ON with an equality for each column of the key, of the column's own type, and nothing else; test what is found in WHERE")
	}
	time, err := f.scalar(t.time, ls, "FOR SYSTEM_TIME AS OF")
	if err != nil {
		return nil, err
	}
	field := v.node.Schema().Fields[v.time]
	l, r, err := (&binding{session: f.session, in: ls}).together(time, &expr.Column{Index: v.time, Field: field}, t.time)
	if err != nil {
		return nil, err
	}
	if !time.Type().IsTemporal() || expr.Stability(time) != 0 || logical.HasSubquery(time) || expr.IsConst(time) {
		return nil, f.m.Errorf(t.time, "FOR SYSTEM_TIME AS OF takes a time of the row on the left, or PROCTIME()")
	}
	out.LeftTime, out.RightTime = columnIn(left, l), columnIn(versions, r)
	out.Left, out.Right = grownOr(left, j.Left), grownOr(versions, v.node)
	return present(out, j.Schema(), width, right), nil
}

// present takes versions in which the row is gone for no match, and leaves out what the
// sides have gained.
func present(a *logical.Asof, shown *types.Schema, width, right int) logical.Node {
	from := a.Left.Schema().Len()
	fields := a.Schema().Fields
	gone := &expr.Column{Index: from + right, Field: fields[from+right]}
	p := &logical.Project{Input: a}
	if !a.Outer {
		p.Input = &logical.Filter{Input: a, Pred: &expr.Not{Arg: gone}}
	}
	for i, f := range shown.Fields {
		at := i
		if i >= width {
			at += from - width
		}
		var e expr.Expr = &expr.Column{Index: at, Field: types.Field{Name: f.Name, Type: f.Type, NotNull: f.NotNull}}
		if i >= width && a.Outer {
			e = &expr.Case{Whens: []expr.When{{Cond: gone, Then: &expr.Literal{T: f.Type}}}, Else: e, T: f.Type}
		}
		p.Exprs, p.Names = append(p.Exprs, e), append(p.Names, f.Name)
	}
	return p
}
