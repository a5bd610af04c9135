package function

import (
	"errors"
	"fmt"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// ErrSeveralRows says that a subquery in the place of a value has more than one row.
var ErrSeveralRows = errors.New("a subquery in the place of a value gave more than one row")

// SingleValue is the value of a subquery that stands for one: NULL without a row, the
// row's value, and an error for more rows than one when the value is asked for, at an
// epoch's end. No query calls it by name. It takes TRUE and the value, since a row that
// is NULL is a row.
var SingleValue = Aggregate{
	Name: "single_value",
	Doc:  "The value of the only row; NULL where there is none.",
	Bind: func(args []types.Type) (*Bound, error) {
		if len(args) != 2 || args[0].Kind != types.Boolean {
			return nil, fmt.Errorf("single_value takes TRUE and a value")
		}
		return &Bound{Args: args, Returns: args[1], Fold: singleFold{}}, nil
	},
}

type singleFold struct{}

func (singleFold) First() bool { return false }
func (singleFold) Last() bool  { return false }

func (singleFold) Value(next func() ([]*vec.Vec, int, int64), out *vec.Builder) error {
	args, row, count := next()
	switch {
	case count == 0:
		out.AppendNull()
		return nil
	case count > 1:
		return ErrSeveralRows
	}
	out.AppendVec(args[1], []int32{int32(row)})
	if _, _, more := next(); more != 0 {
		return ErrSeveralRows
	}
	return nil
}
