package memory_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/state/statetest"
)

func TestStore(t *testing.T) {
	statetest.Run(t, func() state.Store { return memory.New() })
}
