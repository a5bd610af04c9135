package exec_test

import (
	"flag"
	"os"
	"testing"
)

// The race detector's turn is of what has several goroutines, and of that each way once: it
// takes ten times as long, and finds nothing in a worker that is alone.
func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		setups = append(setups[:3:3], setups[len(setups)-1])
	}
	os.Exit(m.Run())
}
