package sqlstream

import (
	"errors"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/dustin/go-humanize"
)

// memoryLimit is the bytes that a value of memory_limit stands for; 0 where it is not known
// how much there is, so that there is no limit.
func memoryLimit(value string) int64 {
	if value != "auto" {
		n, err := humanize.ParseBytes(value)
		if err != nil {
			return 0
		}
		return int64(min(n, 1<<62))
	}
	n, err := memlimit.FromCgroup()
	if whole, werr := memlimit.FromSystem(); werr == nil && (err != nil || whole < n) {
		n, err = whole, nil
	}
	if err != nil {
		return 0
	}
	return int64(n / 2)
}

// memorySize accepts what memoryLimit reads.
func memorySize(value string) error {
	if value == "auto" {
		return nil
	}
	if n, err := humanize.ParseBytes(value); err != nil || n == 0 {
		return errors.New("a size such as '8 GiB' is needed, or auto, not '" + value + "'")
	}
	return nil
}
