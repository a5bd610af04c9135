package bind

import (
	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/types"
)

// isErrors reports that a call is ERRORS(table).
func (c *tableCall) isErrors() bool { return c.name() == "ERRORS" }

// badRecords binds FROM ERRORS(t): the records of a table that its format cannot read.
func (s *session) badRecords(c *tableCall) (logical.Node, *scope, error) {
	e, at, err := s.tableOf(c, "as in FROM ERRORS(t), where t is a table of records",
		"records are read where a table is", "name the table that it reads")
	switch {
	case err != nil:
		return nil, nil, err
	case e.Def == nil || e.Def.Options.Get("format") == "":
		return nil, nil, sql.Errorf(s.m.Source, at, "table %s is not made of records, so that none of them can be wrong", e.Name).
			WithHint("ERRORS(t) is of tables that have a format")
	case e.Changes == connectors.Whole:
		return nil, nil, sql.Errorf(s.m.Source, at, "table %s is read anew whenever its files change, and the lines that cannot be read are not kept", e.Name).
			WithHint("a table over the same path without refresh has ERRORS")
	}
	r := errorsRelation(e)
	return s.called(c, &logical.Scan{Relation: r, Columns: r.Stored}, "errors")
}

// errorsRelation is the records of a table that cannot be read.
func errorsRelation(e *catalog.Entry) *logical.Relation {
	r := &logical.Relation{
		Name: "ERRORS(" + e.Name + ")", ErrorsOf: e.Name, AppendOnly: true, Schema: types.NewSchema(connectors.BadColumns...),
		Declared: e.Schema.String(),
	}
	if e.Def != nil {
		r.ID = e.Def.ID
	}
	for i := range r.Schema.Fields {
		r.Stored = append(r.Stored, i)
	}
	return r
}
