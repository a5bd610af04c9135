package statetest_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/statetest"
)

// The unkind store is a store like any other.
func TestEvicting(t *testing.T) {
	statetest.Run(t, func() state.Store { return statetest.NewEvicting() })
}
