package scalar

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash/crc32"

	"github.com/cespare/xxhash/v2"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// MD5 is MD5(x).
var MD5 = function.Scalar{
	Name: "md5", Category: ofHash,
	Doc: "The MD5 checksum of the bytes, as 32 hexadecimal digits.",
	Examples: []function.Example{
		{Expr: "md5('')", Value: "d41d8cd98f00b204e9800998ecf8427e"},
		{Expr: "md5('한글')", Value: "52b8c54ab4ea672ee6cdfdfef0a31db4"},
		{Expr: "md5(NULL)", Value: "NULL"},
	},
	Overloads: digests(func(dst, s []byte) []byte { h := md5.Sum(s); return hex.AppendEncode(dst, h[:]) }),
}

// SHA1 is SHA1(x).
var SHA1 = function.Scalar{
	Name: "sha1", Aliases: []string{"sha"}, Category: ofHash,
	Doc: "The SHA-1 checksum of the bytes, as 40 hexadecimal digits.",
	Examples: []function.Example{
		{Expr: "sha1('abc')", Value: "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{Expr: "sha1(NULL)", Value: "NULL"},
	},
	Overloads: digests(func(dst, s []byte) []byte { h := sha1.Sum(s); return hex.AppendEncode(dst, h[:]) }),
}

func digests(f func(dst, s []byte) []byte) []function.Overload {
	return []function.Overload{textOf(plain(f), function.Text), textOf(plain(f), function.Bytes)}
}

// SHA2 is SHA2(x, bits).
var SHA2 = function.Scalar{
	Name: "sha2", Category: ofHash,
	Doc: "The SHA-2 checksum of the bytes, of 224, 256 (also 0), 384 or 512 bits, in hexadecimal digits; NULL for another number of bits.",
	Examples: []function.Example{
		{Expr: "sha2('abc', 256)", Value: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{Expr: "sha2('abc', 224)", Value: "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
		{Expr: "sha2('abc', 100)", Value: "NULL"},
		{Expr: "sha2(NULL, 256)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(sha2, function.Text, function.Int), textOf(sha2, function.Bytes, function.Int)},
}

func sha2(_ *function.Call, dst []byte, args []*vec.Vec, row int) ([]byte, bool, error) {
	s := args[0].Bytes(row)
	switch intAt(args, 1, row) {
	case 0, 256:
		h := sha256.Sum256(s)
		return hex.AppendEncode(dst, h[:]), true, nil
	case 224:
		h := sha256.Sum224(s)
		return hex.AppendEncode(dst, h[:]), true, nil
	case 384:
		h := sha512.Sum384(s)
		return hex.AppendEncode(dst, h[:]), true, nil
	case 512:
		h := sha512.Sum512(s)
		return hex.AppendEncode(dst, h[:]), true, nil
	}
	return dst, false, nil
}

// CRC32 is CRC32(x).
var CRC32 = function.Scalar{
	Name: "crc32", Category: ofHash,
	Doc: "The CRC-32 checksum (IEEE) of the bytes, as a number.",
	Examples: []function.Example{
		{Expr: "crc32('MySQL')", Value: "3259397556"},
		{Expr: "crc32('')", Value: "0"},
		{Expr: "crc32(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		intOf(measure(func(s []byte) int64 { return int64(crc32.ChecksumIEEE(s)) }), function.Text),
		intOf(measure(func(s []byte) int64 { return int64(crc32.ChecksumIEEE(s)) }), function.Bytes),
	},
}

// XXHash64 is XXHASH64(x).
var XXHash64 = function.Scalar{
	Name: "xxhash64", Category: ofHash,
	Doc: "The XXH64 hash of the bytes with seed 0, as BIGINT UNSIGNED: fast, not for secrets. xxhash64(id) % 8 spreads rows over eight.",
	Examples: []function.Example{
		{Expr: "xxhash64('')", Value: "17241709254077376921"},
		{Expr: "xxhash64('abc')", Value: "4952883123889572249"},
		{Expr: "xxhash64(NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{xxhashOf(function.Text), xxhashOf(function.Bytes)},
}

func xxhashOf(arg types.Type) function.Overload {
	return function.Overload{
		Args: function.Params(arg), Returns: function.Always(function.Uint),
		Eval: function.Fixed(func(_ *function.Call, args []*vec.Vec, row int) (uint64, bool, error) {
			return xxhash.Sum64(args[0].Bytes(row)), true, nil
		}),
	}
}

// UUID is UUID().
var UUID = function.Scalar{
	Name: "uuid", Category: ofHash, Stability: function.Volatile,
	Doc: "A random UUID (version 4), another one for every row.",
	Examples: []function.Example{
		{Expr: "length(uuid())", Value: "36"},
		{Expr: "substring(uuid(), 15, 1)", Value: "4"},
		{Expr: "nullif(length(uuid()), 36)", Value: "NULL"},
	},
	Overloads: []function.Overload{textOf(func(c *function.Call, dst []byte, _ []*vec.Vec, row int) ([]byte, bool, error) {
		hi, lo := random(c.Seed, 2*uint64(row)), random(c.Seed, 2*uint64(row)+1)
		hi = hi&^0xF000 | 0x4000
		lo = lo&^(3<<62) | 1<<63
		var raw [16]byte
		for i := range 8 {
			raw[i], raw[8+i] = byte(hi>>(56-8*i)), byte(lo>>(56-8*i))
		}
		for i, part := range [][]byte{raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:]} {
			if i > 0 {
				dst = append(dst, '-')
			}
			dst = hex.AppendEncode(dst, part)
		}
		return dst, true, nil
	})},
}

// random returns the n-th number of the sequence that a seed begins (SplitMix64: G.
// Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
func random(seed, n uint64) uint64 { return mix(mix(seed) + (n+1)*0x9E3779B97F4A7C15) }

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
