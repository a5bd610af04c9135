// Package invariants holds the checks that tests and race builds make and
// ordinary builds do not, and the one way to report a bug in sqlstream itself.
package invariants

import "fmt"

// A Bug is the value of a panic that means sqlstream is wrong, not its user.
// The front doors recover it and say "internal error".
type Bug struct{ Msg string }

// Error gives the message a user sees.
func (b *Bug) Error() string { return "internal error: " + b.Msg }

// Failf panics with a *Bug.
func Failf(format string, args ...any) {
	panic(&Bug{fmt.Sprintf(format, args...)})
}
