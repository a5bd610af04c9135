package oracle

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"github.com/sqlstream/sqlstream/internal/naive"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Answer has SQLite answer a bound plan over the rows of its tables. The error is a
// Missing where it cannot.
func Answer(ctx context.Context, n logical.Node, tables naive.Tables) ([]naive.Row, error) {
	query, err := Print(n)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection has a database of its own
	if _, err := db.ExecContext(ctx, "PRAGMA case_sensitive_like = 1"); err != nil {
		return nil, err
	}
	for _, r := range naive.Relations(n) {
		if err := fill(ctx, db, r, tables[strings.ToLower(r.Name)]); err != nil {
			return nil, err
		}
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", beyond(err), query)
	}
	defer rows.Close()
	var out []naive.Row
	schema := n.Schema()
	for rows.Next() {
		raw, to := make([]any, schema.Len()), make([]any, schema.Len())
		for i := range raw {
			to[i] = &raw[i]
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		row := make(naive.Row, len(raw))
		for i, f := range schema.Fields {
			if row[i], err = valueOf(f.Type, raw[i]); err != nil {
				return nil, fmt.Errorf("%w\n%s", err, query)
			}
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		return nil, beyond(err)
	}
	return out, nil
}

// beyond marks the error of a number that SQLite has no room for.
func beyond(err error) error {
	if strings.Contains(err.Error(), "integer overflow") {
		return Missing("numbers of more than 63 bits")
	}
	return err
}

func fill(ctx context.Context, db *sql.DB, r *logical.Relation, rows []naive.Row) error {
	var cols, marks []string
	for i := range r.Schema.Fields {
		cols, marks = append(cols, fmt.Sprintf("c%d", i)), append(marks, "?")
	}
	if _, err := db.ExecContext(ctx, "CREATE TABLE "+TableName(r)+" ("+strings.Join(cols, ", ")+")"); err != nil {
		return err
	}
	insert, err := db.PrepareContext(ctx, "INSERT INTO "+TableName(r)+" VALUES ("+strings.Join(marks, ", ")+")")
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, row := range rows {
		args := make([]any, len(row))
		for i, v := range row {
			if args[i], err = argument(v); err != nil {
				return err
			}
		}
		if _, err := insert.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// argument is a value as SQLite has it.
func argument(v any) (any, error) {
	switch x := v.(type) {
	case nil, int64, string:
		return v, nil
	case bool:
		return int64(truth(x)), nil
	case uint64:
		if x < 1<<63 {
			return int64(x), nil
		}
		return nil, Missing("numbers of more than 63 bits")
	case float64:
		if x-x == 0 {
			return x, nil
		}
		return nil, Missing("floats that are not finite")
	case types.DecimalValue:
		if n := x.BigInt(); n.IsInt64() {
			return n.Int64(), nil
		}
		return nil, Missing("numbers of more than 63 bits")
	}
	return nil, Missing(fmt.Sprintf("%T", v))
}

// valueOf reads a value of SQLite as one of a type.
func valueOf(t types.Type, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	switch x := v.(type) {
	case string:
		if t.Kind == types.Varchar {
			return x, nil
		}
	case float64:
		if t.IsFloat() {
			return x, nil
		}
		if t.Kind == types.Decimal { // SQLite turns to floats where its integers end
			return nil, Missing("numbers of more than 63 bits")
		}
	case int64:
		switch {
		case t.Kind == types.Boolean:
			return x != 0, nil
		case t.Kind == types.Decimal:
			return types.DecimalFromInt(x), nil
		case t.IsUnsigned():
			return uint64(x), nil
		case t.IsFloat():
			return float64(x), nil
		}
		return x, nil
	}
	return nil, fmt.Errorf("SQLite gives %v (%T) for a %s", v, v, t)
}
