//go:build !linux

package rusage

// ResetPeak does nothing here.
func ResetPeak() {}

// Peak is not known here: 0.
func Peak() int64 { return 0 }
