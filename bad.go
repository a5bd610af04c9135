package sqlstream

import (
	"context"
	"fmt"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/stream"
)

// badRecords refuses options of a table that say of bad records what cannot be done.
func badRecords(st *sql.CreateTable, t *connectors.Table, c *connectors.Connector) error {
	wrong := func(option string, err error) error {
		return st.Errorf(valueAt(st, option), "table %s: %v", t.Name, err)
	}
	if _, err := format.MaxBadRecords(t.Options); err != nil {
		return wrong("max.bad.records", err)
	}
	if !writesDead(t) {
		if t.Options.Get("dead.letter") != "" {
			return wrong("dead.letter", fmt.Errorf("dead_letter has no meaning without on_error = '%s'", format.DeadLetter))
		}
		return nil
	}
	if c.DeadLetters == nil {
		return wrong("on.error", fmt.Errorf("connector '%s' has no place for records that cannot be read; FROM ERRORS(%s) gives them to any query", c.Name, t.Name))
	}
	if _, err := c.DeadLetters(t); err != nil {
		return wrong("dead.letter", err)
	}
	return nil
}

// writesDead reports that records of a table that cannot be read are to be written elsewhere.
func writesDead(t *connectors.Table) bool { return t.Options.Get("on.error") == format.DeadLetter }

// deadLetters are the sinks of the records that a query cannot read, one for each table that
// has such. What looks once, or for as long as somebody looks on, writes none.
func (db *DB) deadLetters(ctx context.Context, inputs []stream.Input, id string) ([]stream.Output, error) {
	var out []stream.Output
	seen := map[*connectors.Table]bool{}
	for _, in := range inputs {
		if in.Source == nil || in.Source.Errors || in.Source.Late != nil || seen[in.Source.Table] || !writesDead(in.Source.Table) {
			continue
		}
		seen[in.Source.Table] = true
		o, err := db.deadLetter(ctx, in.Source, id)
		if err != nil {
			return out, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (db *DB) deadLetter(ctx context.Context, of *stream.Source, id string) (stream.Output, error) {
	t, err := of.Connector.DeadLetters(of.Table)
	if err != nil {
		return stream.Output{}, fmt.Errorf("table %s: %w", of.Table.Name, err)
	}
	env := db.env.Hiding(of.Table) // t has what its options refer to
	env.Query = id
	open := func(ctx context.Context) (connectors.Sink, error) {
		sink, err := of.Connector.Sink(ctx, t, connectors.Append, t.Schema(), env)
		if err != nil {
			return nil, fmt.Errorf("dead letters of table %s: %w", of.Table.Name, of.Table.Hide(err))
		}
		return sink, nil
	}
	sink, err := open(ctx)
	return stream.Output{
		Name: "dead letters of " + of.Table.Name, Description: of.Connector.Name + " " + of.Table.Options.Get("dead.letter"),
		Table: of.Table, Mode: connectors.Append, Sink: sink, Open: open, Connector: of.Connector, DeadLetters: of.Table,
		Guarantee: of.Connector.Guarantee(t, db.dir != nil && id != ""),
	}, err
}
