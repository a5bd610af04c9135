package rusage

import (
	"os"
	"strconv"
	"strings"
)

// ResetPeak forgets the peak of resident memory, so that the next one is of what follows.
func ResetPeak() {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // where it is not allowed the peak is of the whole process
}

// Peak is the most memory that was resident since ResetPeak, in bytes; 0 where it is not
// known.
func Peak() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return kilobytes << 10
		}
	}
	return 0
}
