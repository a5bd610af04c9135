package kafka

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/twmb/franz-go/pkg/kfake"

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
		"gzip":   {1, bytes.Repeat(zip.Bytes(), longestBatch>>20+1)}, // what follows a part is unpacked behind it
		"snappy": {2, snappyZeros(longestBatch>>22 + 1)},
		"lz4":    {3, lz4Zeros(longestBatch>>22 + 1)},
		"zstd":   {4, z.Bytes()},
	} {
		l, c := craft(t)
		table := tweets(c.ListenAddrs()[0], "t", "compression", "none")
		put(t, table, connectors.Append, rows(table, "1 a"), rows(table, "2 b"))
		l.number()
		const header = 61
		b := bytes.Clone(l.batches[1][:header])
		b = append(b, bomb.packed...)
		if len(b) > longestBatch/15 { // as small as the codec makes it
			t.Fatalf("%s: the batch has %d bytes", name, len(b))
		}
		binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
		binary.BigEndian.PutUint16(b[21:], bomb.codec)
		binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
		l.batches[1] = b
		_, err = read(t.Context(), open(t, table), connectors.Range{Split: "t/0", From: 1, To: 2})
		if err == nil || !strings.HasPrefix(err.Error(), "t/0 at offset 1: ") || !strings.Contains(err.Error(), "more than 268435456 bytes; option 'max.batch.bytes' allows more, or its producer must write smaller batches") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A table may allow less, or more.
func TestBatchesOfAnyLength(t *testing.T) {
	c := fake(t, kfake.SeedTopics(1, "t"))
	for _, codec := range []string{"gzip", "snappy", "lz4", "zstd"} {
		table := tweets(c.ListenAddrs()[0], "t", "compression", codec)
		put(t, table, connectors.Append, rows(table, "1 "+strings.Repeat("x", 20_000)))
	}
	at := tweets(c.ListenAddrs()[0], "t", "max.batch.bytes", "30000")
	if got := everything(t, open(t, at)); len(got) != 4 {
		t.Errorf("%d records", len(got))
	}
	at = tweets(c.ListenAddrs()[0], "t", "max.batch.bytes", "15000")
	for i, codec := range []string{"gzip", "snappy", "lz4", "zstd"} {
		_, err := read(t.Context(), open(t, at), connectors.Range{Split: "t/0", From: connectors.Offset(i), To: connectors.Offset(i + 1)})
		want := fmt.Sprintf("t/0 at offset %d: %v: %s batch decompressed to more than 15000 bytes; option 'max.batch.bytes' allows more, or its producer must write smaller batches", i, sarama.ErrDecompressedBatchTooLarge, codec)
		if err == nil || err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
	for _, n := range []string{"0", "-1", "x", "3000000000"} {
		if err := check(tweets("b:1", "t", "max.batch.bytes", n)); err == nil || !strings.Contains(err.Error(), "max.batch.bytes") {
			t.Errorf("%s: %v", n, err)
		}
	}
}

// lz4Zeros is a frame of so many blocks, each of which has 4 MiB of zeros.
func lz4Zeros(blocks int) []byte {
	const size = 4 << 20
	block := []byte{0x1f, 0, 1, 0} // a zero, and what was one byte ago again and again
	for left := size - 1 - 5 - 4 - 15; ; left -= 255 {
		block = append(block, byte(min(left, 255)))
		if left < 255 {
			break
		}
	}
	block = append(block, 0x50, 0, 0, 0, 0, 0)                // the last five stand for themselves
	frame := []byte{0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73} // blocks of up to 4 MiB, without sums
	for range blocks {
		frame = binary.LittleEndian.AppendUint32(frame, uint32(len(block)))
		frame = append(frame, block...)
	}
	return append(frame, 0, 0, 0, 0)
}

// snappyZeros is a stream of so many chunks, as Java makes it, each of which has 4 MiB of zeros.
func snappyZeros(chunks int) []byte {
	chunk := s2.EncodeSnappy(nil, make([]byte, 4<<20))
	out := append([]byte("\x82SNAPPY\x00"), 0, 0, 0, 1, 0, 0, 0, 1)
	for range chunks {
		out = binary.BigEndian.AppendUint32(out, uint32(len(chunk)))
		out = append(out, chunk...)
	}
	return out
}
