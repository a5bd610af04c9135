package function

import (
	"fmt"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A Table is a function that gives rows: UNNEST, generate_series.
type Table struct {
	Name     string // lower case
	Aliases  []string
	Doc      string
	Examples []TableExample
	// Takes names the arguments behind the table and the time, where the function takes
	// these: TUMBLE(TABLE t, DESCRIPTOR(ts), SIZE => INTERVAL 1 MINUTE). To Bind the time
	// is the first argument.
	Takes []string
	// Bind resolves the function for arguments; constants are given where they are known,
	// nil elsewhere. The error says what it takes.
	Bind func(args []types.Type, constants []any) (*BoundTable, error)
	// BindJSON resolves the one function that is called with a document and COLUMNS, nil in
	// all others.
	BindJSON func(*JSONTable) (*BoundTable, error)
}

// Resolve binds the function and notes with what.
func (t *Table) Resolve(args []types.Type, constants []any) (*BoundTable, error) {
	out, err := t.Bind(args, constants)
	if err != nil {
		return nil, err
	}
	out.Given = constants
	return out, nil
}

// An ArgumentError is what is wrong with one argument of a call.
type ArgumentError struct {
	Arg        int // counted as for Bind
	Text, Hint string
}

// Error implements error.
func (e *ArgumentError) Error() string { return e.Text }

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
	JSON    *JSONTable    // of JSON_TABLE, what it was bound with
	// Given are the values of the constant arguments that it was bound with, nil where one is
	// no constant: with Args they tell the function again.
	Given []any
	// Rows appends the rows for the arguments' row to the columns' builders, and returns how
	// many they are. The same arguments always give the same rows in the same order.
	Rows func(args []*vec.Vec, row int, out []*vec.Builder) (int, error)
	// Batch, where it is there, does what Rows does for many rows at once, those from one on:
	// it appends to sel which row each is made of. It stops when there are vec.BatchRows, or
	// before a row for which Rows fails, and returns the row to go on with.
	Batch func(args []*vec.Vec, from int, sel []int32, out []*vec.Builder) (next int, all []int32)
	// Key are columns that tell the rows for one row apart: none of them where there is at
	// most one row, nil where nothing is known.
	Key []int
	// Slices, where it is there, divides time so finely that no window of this function, whose
	// first argument is a time, begins or ends within a slice.
	Slices *Slices
	// Pure means that two functions of one name give the same rows for the same arguments.
	Pure bool
	// Numbered says that the last column counts the rows of each call: WITH ORDINALITY.
	Numbered bool
	// Least gives the least values that the columns, which are times, may have where the first
	// argument, a time, is not less than at, in microseconds; nil where nothing is known.
	Least func(at int64) []int64
	// Later are columns whose Least passes a row later than that of another column does.
	Later []int
}

// WithOrdinality is the function with a column more: the place of each row among those of
// its call, from 1 on.
func (b *BoundTable) WithOrdinality() *BoundTable {
	out := *b
	last := len(b.Columns)
	out.Numbered, out.Batch = true, nil
	if out.Key == nil || len(out.Key) > 0 {
		out.Key = []int{last}
	}
	out.Columns = append(b.Columns[:last:last], types.Field{Name: "ordinality", Type: Int, NotNull: true})
	out.Rows = func(args []*vec.Vec, row int, cols []*vec.Builder) (int, error) {
		n, err := b.Rows(args, row, cols[:last])
		for i := range n {
			vec.AppendInt(cols[last], int64(i+1))
		}
		return n, err
	}
	return &out
}

// Exact tells the function from all others, in every process.
func (b *BoundTable) Exact() string {
	out := b.Name
	for _, t := range b.Args {
		out += " " + t.Exact()
	}
	for _, g := range b.Given {
		out += fmt.Sprintf(" %T %#v", g, g)
	}
	if b.JSON != nil {
		out += " " + b.JSON.String()
	}
	if b.Numbered {
		out += " numbered"
	}
	return out
}

// Call prints a call of the function with arguments.
func (b *BoundTable) Call(args string) string {
	if b.JSON != nil {
		args += ", " + b.JSON.String()
	}
	return b.Name + "(" + args + ")"
}

// A Least is what LeastOf makes a function of.
type Least struct {
	Of     *BoundTable
	Column int
}

// LeastOf is Least of one column as a function of the first argument.
func (b *BoundTable) LeastOf(column int) *Scalar {
	t := b.Columns[column].Type
	eval := func(_ *Call, args []*vec.Vec) (*vec.Vec, error) {
		out := vec.NewBuilder(t)
		for row := range args[0].Len {
			if args[0].IsNull(row) {
				out.AppendNull()
			} else {
				vec.Append(out, b.Least(vec.Int(args[0], args[0].At(row)))[column])
			}
		}
		return out.Vec(), nil
	}
	return &Scalar{Name: b.Columns[column].Name, Made: Least{b, column}, Overloads: []Overload{{Args: Params(b.Args[0]), Returns: Always(t), Eval: eval}}}
}

// Slices are windows side by side. Func takes the time, the size and, if it is not 0, the
// offset, and gives the beginning of a slice as its first column.
type Slices struct {
	Func         *BoundTable
	Size, Offset int64 // microseconds
	Windows      int   // how many windows a slice is in, on an average
}
