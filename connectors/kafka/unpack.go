package kafka

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/IBM/sarama"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy/xerial"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/sqlstream/sqlstream/internal/invariants"
)

// longestBatch bounds what a record batch takes when it is unpacked, unless max.batch.bytes
// says otherwise, so that a small one cannot fill the memory. Brokers take a megabyte, packed,
// unless told otherwise.
const longestBatch = 256 << 20

// mostKept is the largest piece of memory that is kept for the next answer.
const mostKept = 8 << 20

// memories are pieces of memory that answers of brokers and unpacked batches lay in. What
// is not used is the collector's after a while.
var memories sync.Pool

// takeMemory returns n bytes of any content.
func takeMemory(n int) *[]byte {
	m, _ := memories.Get().(*[]byte)
	if m == nil {
		m = new([]byte)
	}
	if cap(*m) < n {
		*m = make([]byte, n+n/8)
	}
	*m = (*m)[:n]
	return m
}

// giveMemory takes back what nobody reads any more.
func giveMemory(m *[]byte) {
	if m != nil && cap(*m) <= mostKept {
		if invariants.Enabled {
			for i := range *m {
				(*m)[i] = 0xDB // whoever still reads it is to notice
			}
		}
		memories.Put(m)
	}
}

var (
	gzipReaders  sync.Pool
	lz4Readers   = sync.Pool{New: func() any { return lz4.NewReader(nil) }}
	zstdDecoders sync.Map // of *zstd.Decoder by limit; they serve everybody
)

// zstdDecoder returns one that gives no more than so many bytes.
func zstdDecoder(limit int) (*zstd.Decoder, error) {
	if d, ok := zstdDecoders.Load(limit); ok {
		return d.(*zstd.Decoder), nil
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(uint64(limit)))
	if err != nil {
		return nil, err
	}
	had, _ := zstdDecoders.LoadOrStore(limit, d)
	return had.(*zstd.Decoder), nil
}

// unpack returns what a batch's records are in full, in memory that is to be given back. More
// than limit bytes are an error.
func unpack(codec sarama.CompressionCodec, packed []byte, limit int) (*[]byte, error) {
	m := takeMemory(0)
	var err error
	switch codec {
	case sarama.CompressionGZIP:
		*m, err = unzip(*m, packed, limit)
	case sarama.CompressionSnappy:
		*m, err = unsnap(*m, packed, limit)
	case sarama.CompressionLZ4:
		r := lz4Readers.Get().(*lz4.Reader)
		r.Reset(bytes.NewReader(packed))
		*m, err = readAll(*m, r, limit)
		lz4Readers.Put(r)
	case sarama.CompressionZSTD:
		var d *zstd.Decoder
		if d, err = zstdDecoder(limit); err == nil {
			*m, err = d.DecodeAll(packed, *m)
		}
		if errors.Is(err, zstd.ErrDecoderSizeExceeded) {
			err = errTooLong
		}
	default:
		err = errors.New("its compression is unknown")
	}
	if errors.Is(err, errTooLong) {
		err = fmt.Errorf("%w: %s batch decompressed to more than %d bytes", sarama.ErrDecompressedBatchTooLarge, codec, limit)
	}
	if err != nil {
		giveMemory(m)
		return nil, err
	}
	return m, nil
}

var errTooLong = errors.New("too long")

func unzip(to, packed []byte, limit int) ([]byte, error) {
	r, _ := gzipReaders.Get().(*gzip.Reader)
	var err error
	if r == nil {
		r, err = gzip.NewReader(bytes.NewReader(packed))
	} else {
		err = r.Reset(bytes.NewReader(packed))
	}
	if err != nil {
		return to, err
	}
	to, err = readAll(to, r, limit)
	gzipReaders.Put(r)
	return to, err
}

// unsnap does not know how long the result is, since Java's framing has parts.
func unsnap(to, packed []byte, limit int) ([]byte, error) {
	for size := max(cap(to), 4*len(packed), 1<<10); ; size *= 2 {
		size = min(size, limit)
		if cap(to) < size {
			to = make([]byte, 0, size)
		}
		out, err := xerial.DecodeCapped(to[:0:size], packed)
		switch {
		case err == nil:
			return out, nil
		case !errors.Is(err, xerial.ErrDstTooSmall):
			return to, err
		case size == limit:
			return to, errTooLong
		}
	}
}

// readAll appends what a reader has.
func readAll(to []byte, r io.Reader, limit int) ([]byte, error) {
	if cap(to) == 0 {
		to = make([]byte, 0, 1<<20)
	}
	for {
		if len(to) == cap(to) {
			to = append(to, 0)[:len(to)]
		}
		n, err := r.Read(to[len(to):cap(to)])
		to = to[:len(to)+n]
		switch {
		case len(to) > limit:
			return to, errTooLong
		case errors.Is(err, io.EOF):
			return to, nil
		case err != nil:
			return to, err
		}
	}
}
