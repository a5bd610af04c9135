// Package probe lets tests see what a database keeps to itself.
package probe

import "github.com/sqlstream/sqlstream/planner"

// An Inside is what there is to see.
type Inside struct {
	Planner     planner.Planner
	ErrorIsNull bool // of the setting eval_error
}

// Look looks into an open *sqlstream.DB. The package of that name, which this one may
// not import, sets it once and for all.
var Look func(db any) Inside
