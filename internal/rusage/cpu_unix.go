//go:build unix

package rusage

import (
	"syscall"
	"time"
)

// CPU is how long all threads of the process have computed, in their own code and in the
// system's.
func CPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
