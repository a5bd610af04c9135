package function

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A Table is a function that gives rows: UNNEST, generate_series.
type Table struct {
	Name     string // lower case
	Aliases  []string
	Doc      string
	Examples []TableExample
	// Bind resolves the function for arguments; constants are given where they are known,
	// nil elsewhere. The error says what it takes.
	Bind func(args []types.Type, constants []any) (*BoundTable, error)
}

// A TableExample shows a call with constant arguments and the rows it gives, a line
// each, values divided by one blank.
type TableExample struct {
	Call string
	Rows string
}

// A BoundTable is a table function for certain argument types.
type BoundTable struct {
	Name    string
	Args    []types.Type  // what the arguments are converted to
	Columns []types.Field // with the names that they have where the query gives none
	// Rows appends the rows for the arguments' row to the columns' builders, and returns how
	// many they are. The same arguments always give the same rows in the same order.
	Rows func(args []*vec.Vec, row int, out []*vec.Builder) (int, error)
}
