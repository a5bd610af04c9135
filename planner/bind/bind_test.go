package bind_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/internal/plantest"
)

func TestBind(t *testing.T) { plantest.Run(t, "testdata") }
