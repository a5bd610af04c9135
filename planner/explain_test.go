package planner_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/internal/plantest"
)

func TestProperties(t *testing.T) { plantest.Run(t, "testdata/properties") }

func TestExplain(t *testing.T) { plantest.Run(t, "testdata/explain") }
