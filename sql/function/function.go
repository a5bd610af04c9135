// Package function says what a SQL function is: its names, types, documentation
// with examples that run as tests, and its kernel over columns. The functions
// themselves are one file each in scalar and aggregate.
package function

import (
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A Scalar is a function of one row: columns in, a column of the same length out.
type Scalar struct {
	Name      string   // lower case
	Aliases   []string // other names of the same function
	Category  string   // "string", "numeric", "time", "json", "conditional", "hash": the chapter of docs/functions.md
	Doc       string   // what it does, one or two sentences
	Examples  []Example
	Overloads []Overload // the first that fits the arguments' types is taken
	Stability Stability
	// Made is what a function was made of that a query brings with it and no registry knows:
	// a *JSONColumn, or a Least. It is nil for all others.
	Made any
}

// An Example is an SQL expression and the text of its value.
type Example struct{ Expr, Value string }

// A Stability says when a function gives the same answer again.
type Stability uint8

// The stabilities.
const (
	Pure     Stability = iota // the same arguments give the same value for ever
	PerEpoch                  // one value within an epoch: NOW()
	Volatile                  // another value for every row: RAND(), UUID()
)

// An Overload is a function for certain argument types.
type Overload struct {
	Args     []Param
	Variadic bool // the last Param may occur any number of times, also none
	// Same converts the arguments to one type, the one that they compare in. Args
	// then only says how many there are.
	Same bool
	// Fit, where Args do not say it, gives the types that arguments are converted to, false
	// where it takes none such. Args then are for its signature alone.
	Fit func(args []types.Type) ([]types.Type, bool)
	// Returns gives the result's type for arguments already converted to Args.
	Returns func(args []types.Type) types.Type
	// ReturnsOf stands in for Returns where the type depends on constants, as that of
	// ROUND(x, 2) does. constant gives the value of an argument as bool, int64, uint64,
	// float64 or string, and nil where it is NULL, of another type, or no constant.
	ReturnsOf func(args []types.Type, constant func(arg int) any) types.Type
	// NullCall means Eval wants to see NULL arguments; otherwise a row with a NULL
	// argument is NULL whatever Eval writes there.
	NullCall bool
	// Stability is the overload's own where it differs from the function's Pure: that
	// of UNIX_TIMESTAMP() without an argument.
	Stability Stability
	Eval      Kernel
}

// Signature prints what an overload takes, as it is told from others of its function.
func (o *Overload) Signature() string {
	ps := make([]string, len(o.Args))
	for i, p := range o.Args {
		ps[i] = p.Type.String()
		if p.Type.Kind == types.Null {
			ps[i] = "ANY"
		}
	}
	out := strings.Join(ps, ", ")
	if o.Variadic {
		out += " …"
	}
	if o.Same {
		out += " of one type"
	}
	return "(" + out + ")"
}

// StabilityOf returns the stability of a call that is resolved to the overload.
func (s *Scalar) StabilityOf(o *Overload) Stability { return max(s.Stability, o.Stability) }

// Result returns the result's type for converted arguments and the constants among
// them.
func (o *Overload) Result(args []types.Type, constant func(arg int) any) types.Type {
	if o.ReturnsOf != nil {
		return o.ReturnsOf(args, constant)
	}
	return o.Returns(args)
}

// A Param is what an argument must be: the first kind in the list that the
// argument converts to implicitly is what Eval gets.
type Param struct {
	Name string
	Type types.Type // Kind Null takes any type unconverted
}

// A Kernel computes a column. Rows outside c.Sel may be computed or not, but
// never raise an error.
type Kernel func(c *Call, args []*vec.Vec) (*vec.Vec, error)

// A Call is what a kernel works with.
type Call struct {
	Mem     *vec.Mem // for the result and for scratch
	Rows    int      // length of every argument and of the result
	Sel     []int32  // rows that count; nil for all
	Valid   []uint64 // rows where no argument is NULL; nil for all. The caller puts it on the result unless NullCall
	Returns types.Type
	Now     int64  // the epoch's clock, microseconds since 1970-01-01 UTC
	Seed    uint64 // the epoch's randomness
	// Failed reports that a row cannot be computed. It returns the error to stop
	// with, or nil where the setting eval_error makes the row NULL.
	Failed func(row int, err error) error
}
