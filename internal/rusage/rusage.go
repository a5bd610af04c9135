// Package rusage tells what the process has used so far: time of the processors, and
// memory.
package rusage
