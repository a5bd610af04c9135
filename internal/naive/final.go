package naive

import (
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
)

// Final is Answer of a plan with an EmitFinal: until are the watermarks that it goes by, nil where
// there is none yet.
func Final(n logical.Node, tables Tables, until []any) ([]Row, error) {
	e := new(Course).begin(tables, 0)
	e.until = until
	return e.rows(n, nil)
}

// emitFinal keeps the rows below the watermark. What is held back further below makes no
// difference to these, and is not.
func (e *evaluation) emitFinal(x *logical.EmitFinal, params Row) ([]Row, error) {
	until := e.until
	e.until = nil
	rows, err := e.rows(x.Input, params)
	if until == nil {
		return rows, err
	}
	return slices.DeleteFunc(rows, func(r Row) bool {
		for i, by := range x.By {
			if at := r[by.Column]; at != nil {
				return until[i] == nil || Compare(at, until[i]) >= 0
			}
		}
		return true
	}), err
}
