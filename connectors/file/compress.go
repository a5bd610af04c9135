package file

import (
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds what a zstd file may ask of memory.
const maxWindow = 128 << 20

// decompress returns the content of a compressed file; closing it does not close r.
// A file without a byte is one without content.
func decompress(c codec, r io.Reader) (io.ReadCloser, error) {
	switch c {
	case gzipped:
		z, err := gzip.NewReader(r)
		if errors.Is(err, io.EOF) {
			return io.NopCloser(noBytes{}), nil
		}
		if err != nil {
			return nil, err
		}
		return z, nil
	case zstandard:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return io.NopCloser(r), nil
}

type noBytes struct{}

func (noBytes) Read([]byte) (int, error) { return 0, io.EOF }

// compress returns a writer that compresses into w; closing it does not close w.
// What is written after another such part to the same file follows it when read.
func compress(c codec, w io.Writer) (io.WriteCloser, error) {
	switch c {
	case gzipped:
		return gzip.NewWriterLevel(w, gzip.DefaultCompression)
	case zstandard:
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return nopCloser{w}, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
