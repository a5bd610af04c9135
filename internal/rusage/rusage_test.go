package rusage_test

import (
	"runtime"
	"testing"

	"github.com/sqlstream/sqlstream/internal/rusage"
)

// What is used grows with what is done.
func TestUsed(t *testing.T) {
	rusage.ResetPeak()
	cpu, peak := rusage.CPU(), rusage.Peak()
	touched := make([]byte, 64<<20)
	for i := 0; i < len(touched); i += 512 {
		touched[i] = byte(i)
	}
	if now := rusage.CPU(); now <= cpu {
		t.Errorf("%v of CPU time after work, %v before", now, cpu)
	}
	if now := rusage.Peak(); runtime.GOOS == "linux" && now < peak+32<<20 {
		t.Errorf("a peak of %d bytes, %d before 64 MiB were touched", now, peak)
	}
	runtime.KeepAlive(touched)
}
