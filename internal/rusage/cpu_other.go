//go:build !unix

package rusage

import "time"

var began = time.Now()

// CPU is how long the process is there: what it computes is not known here.
func CPU() time.Duration { return time.Since(began) }
