package table

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Session is SESSION(TABLE t [PARTITION BY key, …], DESCRIPTOR(time), gap). It looks at more
// than one row: what is bound has no Rows, and says the columns alone.
var Session = function.Table{
	Name: "session", Takes: []string{"gap"},
	Doc: "The rows of a table, each with the session that it is of: rows go on to belong together, of each partition those of its own, as long as the next one is no more than the gap later. A session ends a gap behind its last row.",
	Examples: []function.TableExample{
		{
			Call: "session((VALUES ROW('a', TIMESTAMP '2026-11-25 10:00:00'), ROW('a', TIMESTAMP '2026-11-25 10:05:00')) PARTITION BY column_0, DESCRIPTOR(column_1), INTERVAL 5 MINUTE)",
			Rows: `a "2026-11-25 10:00:00" "2026-11-25 10:00:00.000" "2026-11-25 10:10:00.000" "2026-11-25 10:09:59.999"` + "\n" +
				`a "2026-11-25 10:05:00" "2026-11-25 10:00:00.000" "2026-11-25 10:10:00.000" "2026-11-25 10:09:59.999"`,
		},
		{
			Call: "session((SELECT TIMESTAMP '2026-11-25 10:00:00' AS ts), DESCRIPTOR(ts), GAP => INTERVAL 30 SECOND)",
			Rows: `"2026-11-25 10:00:00" "2026-11-25 10:00:00.000" "2026-11-25 10:00:30.000" "2026-11-25 10:00:29.999"`,
		},
	},
	Bind: func(args []types.Type, constants []any) (*function.BoundTable, error) {
		at, err := timeColumn(args)
		if err != nil {
			return nil, err
		}
		gap, err := length("session", args[1], constants[1], 1, true)
		if err != nil {
			return nil, err
		}
		if gap.months != 0 {
			return nil, &function.ArgumentError{Arg: 1, Text: "the gap of a session is of days or less: months have no one length"}
		}
		ends := at
		if ends.Precision = 3; at.Precision > 3 || gap.micros%1000 != 0 {
			ends.Precision = types.MaxFraction
		}
		return &function.BoundTable{
			Name: "session", Args: []types.Type{at, types.Of(types.Interval)}, Columns: windowColumns(ends), Key: []int{}, Pure: true,
		}, nil
	},
}
