package bench

import (
	"os"
	"runtime/debug"
	"testing"
)

// The command lets the heap of a busy process grow further than Go's default before
// it collects; the figures are of the same setting.
func TestMain(m *testing.M) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	os.Exit(m.Run())
}
