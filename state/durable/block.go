package durable

import (
	"encoding/binary"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/xxh3"
)

// Behind its header a file is blocks: the length of the payload in 4 bytes, what it is in
// one, three zeros, the payload, and a checksum, which also covers where in the file the
// block is.
const (
	blockHead = 8
	blockTail = 8
	blockSize = 64 << 10 // at which a block of entries ends
	writeSize = 1 << 20
)

// inPassing lets the disk write while more is being made, so that the last sync has little
// left to wait for.
func inPassing(f vfs.File) vfs.File {
	return vfs.NewSyncingFile(f, vfs.SyncingFileOptions{BytesPerSync: writeSize, NoSyncOnClose: true})
}

func checksum(block []byte, at int64) uint64 { return xxh3.HashSeed(block, uint64(at)) }

// A blockWriter writes a file from its beginning.
type blockWriter struct {
	file   vfs.File
	buf    []byte
	at     int64 // in the file, of buf
	start  int   // in buf, of the block at hand
	blocks uint64
	err    error
}

// begin starts a block, whose payload is then appended to buf.
func (w *blockWriter) begin(kind byte) {
	w.start = len(w.buf)
	w.buf = append(w.buf, 0, 0, 0, 0, kind, 0, 0, 0)
}

// payload is how many bytes the block at hand has.
func (w *blockWriter) payload() int { return len(w.buf) - w.start - blockHead }

// end finishes the block.
func (w *blockWriter) end() error {
	block := w.buf[w.start:]
	binary.LittleEndian.PutUint32(block, uint32(len(block)-blockHead))
	w.buf = binary.LittleEndian.AppendUint64(w.buf, checksum(block, w.at+int64(w.start)))
	w.blocks++
	if len(w.buf) >= writeSize {
		return w.flush()
	}
	return w.err
}

// flush writes what is in buf. After an error it writes nothing any more.
func (w *blockWriter) flush() error {
	if w.err == nil {
		_, w.err = w.file.Write(w.buf)
	}
	w.at += int64(len(w.buf))
	w.buf = w.buf[:0]
	return w.err
}

// A blockReader reads the blocks of a file in their order.
type blockReader struct {
	file io.ReaderAt
	name string
	size int64
	at   int64 // of the next block
	buf  []byte
	from int64 // in the file, of buf
}

// bytes returns the n bytes at the reader's place, nil where the file has not so many.
func (r *blockReader) bytes(n int64) ([]byte, error) {
	if n > r.size-r.at {
		return nil, nil
	}
	if r.at < r.from || r.at+n > r.from+int64(len(r.buf)) {
		size := min(max(n, writeSize), r.size-r.at)
		if int64(cap(r.buf)) < size {
			r.buf = make([]byte, size)
		}
		r.buf, r.from = r.buf[:size], r.at
		if _, err := r.file.ReadAt(r.buf, r.at); err != nil {
			r.buf = r.buf[:0]
			return nil, err
		}
	}
	return r.buf[r.at-r.from:][:n], nil
}

// A block is a piece of a file. Its payload lasts until the next one is read.
type block struct {
	kind    byte
	payload []byte
	at      int64 // of the payload
}

// next returns the next block, io.EOF at the end of the file.
func (r *blockReader) next() (block, error) {
	if r.at == r.size {
		return block{}, io.EOF
	}
	head, err := r.bytes(blockHead)
	if err != nil {
		return block{}, err
	}
	if head == nil {
		return block{}, r.bad("it ends within a block")
	}
	n := int64(binary.LittleEndian.Uint32(head))
	b, err := r.bytes(blockHead + n + blockTail)
	if err != nil {
		return block{}, err
	}
	if b == nil {
		return block{}, r.bad("it ends within a block")
	}
	body := b[:blockHead+n]
	if checksum(body, r.at) != binary.LittleEndian.Uint64(b[blockHead+n:]) {
		return block{}, r.bad("the checksum of a block is wrong")
	}
	out := block{body[4], body[blockHead:], r.at + blockHead}
	r.at += int64(len(b))
	return out, nil
}

func (r *blockReader) bad(reason string) error { return &Corruption{r.name, r.at, reason} }

// A cursor takes a payload apart. What is wrong with it is told by bad at the end.
type cursor struct {
	data []byte
	bad  bool
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.data)
	if n <= 0 {
		c.data, c.bad = nil, true
		return 0
	}
	c.data = c.data[n:]
	return v
}

// bytes takes bytes that stand behind their number.
func (c *cursor) bytes() []byte {
	n := c.uvarint()
	if n > uint64(len(c.data)) {
		c.data, c.bad = nil, true
		return nil
	}
	out := c.data[:n:n]
	c.data = c.data[n:]
	return out
}

func appendBytes[T ~string | ~[]byte](dst []byte, b T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}
