package kafka

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// A record that is read at once is what it is field by field, whatever of it is damaged, and
// wherever the batch ends.
func TestPlainRecord(t *testing.T) {
	plain := 0
	for _, of := range [][]byte{
		recordOf(0, 0, nil, []byte("value"), 0),
		recordOf(77, 300, []byte("key"), bytes.Repeat([]byte("v"), 100), 0),
		recordOf(-5, 20_000, []byte{}, []byte{}, 0),
		recordOf(9_999_999, 1, nil, nil, 0),
		recordOf(1, 2, nil, bytes.Repeat([]byte("v"), 20_000), 0),
		recordOf(1, 2, []byte("k"), []byte("v"), 1),
	} {
		batch := append(bytes.Clone(of), of...)
		for at := range min(len(batch), 300) {
			for _, c := range []byte{batch[at], batch[at] - 2, batch[at] + 2, 0, 1, 2, 0x7f, 0x80, 0xff} {
				other := bytes.Clone(batch)
				other[at] = c
				for _, end := range []int{len(other), len(of), len(of) + 1, len(of) + 2, at, at + 1} {
					plain += sameRecord(t, other[:end])
				}
			}
		}
	}
	if plain == 0 {
		t.Error("no record was read at once")
	}
}

func sameRecord(t *testing.T, batch []byte) int {
	t.Helper()
	one, other := scanner{p: batch}, scanner{p: batch}
	var a, b record
	if !one.plainRecord(&a) {
		return 0
	}
	other.anyRecord(&b)
	if other.short || a.time != b.time || a.offset != b.offset || a.nHeaders != b.nHeaders || len(one.p) != len(other.p) ||
		!bytes.Equal(a.key, b.key) || !bytes.Equal(a.value, b.value) || (a.key == nil) != (b.key == nil) || (a.value == nil) != (b.value == nil) {
		t.Fatalf("% x is read as %+v, and field by field as %+v (short: %t)", batch, a, b, other.short)
	}
	return 1
}

func recordOf(time, offset int64, key, value []byte, headers int) []byte {
	own := binary.AppendVarint([]byte{0}, time)
	own = binary.AppendVarint(own, offset)
	for _, b := range [][]byte{key, value} {
		if b == nil {
			own = binary.AppendVarint(own, -1)
		} else {
			own = append(binary.AppendVarint(own, int64(len(b))), b...)
		}
	}
	own = binary.AppendVarint(own, int64(headers))
	for range headers {
		own = append(own, 2, 'h', 2, 'v')
	}
	return append(binary.AppendVarint(nil, int64(len(own))), own...)
}
