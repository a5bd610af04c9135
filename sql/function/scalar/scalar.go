// Package scalar holds the built-in scalar functions, one file each or one file
// for a family that shares its code. A function goes in as plain Go or as a kernel
// over columns; All is what the registry takes.
package scalar

import "github.com/sqlstream/sqlstream/sql/function"

// All lists the built-in scalar functions by name.
var All = []function.Scalar{}
