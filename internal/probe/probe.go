// Package probe lets tests see what a database keeps to itself.
package probe

import (
	"context"

	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/vec"
)

// An Inside is what there is to see.
type Inside struct {
	Planner     planner.Planner
	ErrorIsNull bool                    // of the setting eval_error
	Settings    map[string]string       // by name
	Now         int64                   // what the clock shows, in microseconds since 1970
	Timed       func(table string) bool // a table has a watermark: the order of its rows matters
}

// Look looks into an open *sqlstream.DB. The package of that name, which this one may
// not import, sets it once and for all.
var Look func(db any) Inside

// On makes the option, a sqlstream.Option, by which the directory of a database lies on a
// file system, a vfs.FS, that is not the disk's.
var On func(fs any) any

// KeepSelects makes the option, a sqlstream.Option, by which continuous SELECTs are kept in
// the directory, too, so that a test can see them go on.
var KeepSelects func() any

// A Running is what there is to see of a query that runs.
type Running struct {
	Plan *planner.Query
	// Watermark computes a watermark as of the last epoch, nil where it is not known.
	Watermark func(context.Context, planner.Watermark) (*vec.Vec, error)
}

// LookAt looks into a *sqlstream.Query; it is set as Look is.
var LookAt func(query any) Running
