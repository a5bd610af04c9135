// Package durable keeps the state of dataflows in a directory: a backend for each, and
// small files beside them. docs/state-format.md describes every file.
//
// A checkpoint is one file with what has changed since the one before, and a manifest that
// names all files that count, put in place by an atomic rename. What a file says is used
// only where its checksum is right.
package durable

import "fmt"

// Options are how a directory is kept. The zero value is good.
type Options struct {
	// Retain is, until it is set otherwise, how many generations of files are kept behind those that are in use: a file
	// that is damaged is healed from them. Each takes about as much room as the state.
	Retain int
	// Foreground makes Commit merge files itself instead of leaving that to the background.
	Foreground bool
	// Report is told errors that have lost nothing, such as a merge that found no room, and
	// damage that was healed. It is called by whoever uses the directory.
	Report func(error)
}

// A Corruption is a file whose content is not what was written.
type Corruption struct {
	File   string
	Offset int64
	Reason string
}

// Error implements error.
func (c *Corruption) Error() string {
	return fmt.Sprintf("%s is damaged at byte %d: %s", c.File, c.Offset, c.Reason)
}
