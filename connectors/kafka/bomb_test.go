package kafka

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/sqlstream/sqlstream/connectors"
)

// A small batch that would take more memory than a batch may is refused where it begins,
// whatever compresses it, and is not unpacked to its end.
func TestABatchThatUnpacksToTooMuchIsRefused(t *testing.T) {
	zeros := make([]byte, 1<<20)
	var zip, z bytes.Buffer
	zw := gzip.NewWriter(&zip)
	_, err := zw.Write(zeros)
	if err = errors.Join(err, zw.Close()); err != nil {
		t.Fatal(err)
	}
	enc, err := zstd.NewWriter(&z)
	for range longestBatch>>20 + 1 {
		if err == nil {
			_, err = enc.Write(zeros)
		}
	}
	if err = errors.Join(err, enc.Close()); err != nil {
		t.Fatal(err)
	}
	for name, bomb := range map[string]struct {
		codec  uint16
		packed []byte
	}{
		"gzip": {1, bytes.Repeat(zip.Bytes(), longestBatch>>20+1)}, // what follows a part is unpacked behind it
		"zstd": {4, z.Bytes()},
	} {
		l, c := craft(t)
		table := tweets(c.ListenAddrs()[0], "t", "compression", "none")
		put(t, table, connectors.Append, rows(table, "1 a"), rows(table, "2 b"))
		l.number()
		const header = 61
		b := bytes.Clone(l.batches[1][:header])
		b = append(b, bomb.packed...)
		if len(b) > 1<<20 {
			t.Fatalf("%s: a broker would refuse the batch, which has %d bytes", name, len(b))
		}
		binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
		binary.BigEndian.PutUint16(b[21:], bomb.codec)
		binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
		l.batches[1] = b
		_, err = read(t.Context(), open(t, table), connectors.Range{Split: "t/0", From: 1, To: 2})
		if err == nil || !strings.HasPrefix(err.Error(), "t/0 at offset 1: ") || !strings.Contains(err.Error(), "more than 268435456 bytes; its producer must write smaller batches") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
