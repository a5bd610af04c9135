package durable

import (
	"encoding/binary"
	"fmt"

	"github.com/zeebo/xxh3"
)

// A file begins with a header: magic, the version of the format, what the file is, two
// numbers that depend on that, and a checksum of it all.
const (
	magic      = "sqlstate"
	version    = 1
	headerSize = 40
)

// What a file is.
const (
	stateFiles = 's'
	logs       = 'l'
	manifests  = 'm'
	smallFiles = 'f'
)

func appendHeader(dst []byte, kind byte, a, b uint64) []byte {
	at := len(dst)
	dst = append(dst, magic...)
	dst = append(dst, version, kind, 0, 0, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, a)
	dst = binary.LittleEndian.AppendUint64(dst, b)
	return binary.LittleEndian.AppendUint64(dst, xxh3.Hash(dst[at:]))
}

// parseHeader reads the header of a file that is to be of a kind.
func parseHeader(name string, data []byte, kind byte) (a, b uint64, err error) {
	bad := func(at int64, reason string) (uint64, uint64, error) {
		return 0, 0, &Corruption{name, at, reason}
	}
	switch {
	case len(data) < headerSize:
		return bad(int64(len(data)), "it ends within its header")
	case string(data[:8]) != magic:
		return bad(0, "it is not a file of sqlstream's state")
	case xxh3.Hash(data[:32]) != binary.LittleEndian.Uint64(data[32:]):
		return bad(32, "the checksum of its header is wrong")
	case data[8] != version:
		return 0, 0, fmt.Errorf("%s is in version %d of the format; this sqlstream reads version %d: use the one that wrote it", name, data[8], version)
	case data[9] != kind:
		return bad(9, fmt.Sprintf("it is a file of kind %q, not %q", data[9], kind))
	}
	return binary.LittleEndian.Uint64(data[16:]), binary.LittleEndian.Uint64(data[24:]), nil
}
