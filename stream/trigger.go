package stream

import (
	"fmt"
	"time"
)

// A Trigger says when epochs start. The zero Trigger starts the next one as soon
// as there is data.
type Trigger struct {
	Every time.Duration // start at multiples of this, if there is data
	// AvailableNow ends the query when the input that was there at its start is
	// read, in as many epochs as the limits make.
	AvailableNow bool
	Once         bool // as AvailableNow, in one epoch
}

// Ends reports that the query stops by itself.
func (t Trigger) Ends() bool { return t.AvailableNow || t.Once }

// String gives the trigger as SQL writes it.
func (t Trigger) String() string {
	switch {
	case t.Once:
		return "ONCE"
	case t.AvailableNow:
		return "AVAILABLE NOW"
	case t.Every%time.Millisecond != 0:
		return fmt.Sprintf("EVERY %d MICROSECOND", t.Every.Microseconds())
	case t.Every > 0:
		return fmt.Sprintf("EVERY %d MILLISECOND", t.Every.Milliseconds())
	}
	return "as soon as there is data"
}
