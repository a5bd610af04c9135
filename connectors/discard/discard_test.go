package discard_test

import (
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/discard"
	"github.com/sqlstream/sqlstream/sql/types"
)

// What is written is never seen, in any mode.
func TestSink(t *testing.T) {
	schema := &types.Schema{Fields: []types.Field{{Name: "n", Type: types.Of(types.BigInt)}}}
	tab := &connectors.Table{Name: "out", Columns: []connectors.Column{{Field: schema.Fields[0]}}}
	for _, mode := range []connectors.Mode{connectors.Append, connectors.Update, connectors.Complete} {
		if err := discard.Connector.Modes(tab)(mode); err != nil {
			t.Errorf("mode %s: %v", mode, err)
		}
		s, err := discard.Connector.Sink(t.Context(), tab, mode, schema, connectors.Env{})
		if err != nil {
			t.Fatal(err)
		}
		if committed, err := s.Recover(t.Context(), 0); committed != 0 || err != nil {
			t.Errorf("recover: %d, %v", committed, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if g := discard.Connector.Guarantee(tab, true); g == connectors.ExactlyOnce {
		t.Error("each epoch of a query that writes to it would be a checkpoint")
	}
	if discard.Connector.Source != nil {
		t.Error("discard can be read")
	}
}
