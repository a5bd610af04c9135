package exec

import (
	"bytes"
	"testing"
)

// Strings stay where they are, however many come, short and long; after a reset the memory
// is used again.
func TestBlocks(t *testing.T) {
	var b blocks
	for round := range 2 {
		var spans []span
		var first []byte
		for i := range 3000 {
			spans = append(spans, b.end(append(b.tail(), bytes.Repeat([]byte{byte(i)}, i*7%2000)...)))
			if i == 2000 {
				first = b.bytes(spans[1999])
			}
		}
		spans = append(spans, b.end(append(b.tail(), bytes.Repeat([]byte{1}, 3*blockBytes)...)))
		for i, s := range spans[:3000] {
			if got := b.bytes(s); !bytes.Equal(got, bytes.Repeat([]byte{byte(i)}, i*7%2000)) {
				t.Fatalf("round %d: string %d has %d bytes: %.20q", round, i, len(got), got)
			}
		}
		if got := b.bytes(spans[3000]); len(got) != 3*blockBytes {
			t.Errorf("the long string has %d bytes", len(got))
		}
		if now := b.bytes(spans[1999]); &now[0] != &first[0] {
			t.Error("a string has moved")
		}
		if n := len(b.all); n != 3 {
			t.Errorf("round %d: %d blocks", round, n)
		}
		b.reset()
	}
}
