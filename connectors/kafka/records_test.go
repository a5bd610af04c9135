package kafka

import (
	"reflect"
	"testing"

	"github.com/IBM/sarama"
)

// The position after batches without records is in a field of sarama's that is not
// ours: this test fails when a release of sarama renames it.
func TestNextOffsetField(t *testing.T) {
	f, ok := reflect.TypeFor[sarama.FetchResponseBlock]().FieldByName("recordsNextOffset")
	if !ok || f.Type != reflect.TypeFor[*int64]() {
		t.Fatalf("sarama.FetchResponseBlock.recordsNextOffset is not a *int64: %v", f.Type)
	}
	if n := nextOffset(&sarama.FetchResponseBlock{}); n != 0 {
		t.Errorf("an empty answer moves to %d", n)
	}
}
