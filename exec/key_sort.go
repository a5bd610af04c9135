package exec

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// A keySort puts byte keys in order. Keys of an epoch are alike in most of their bytes:
// those in which they differ are gathered into one word for each, and the words sorted.
type keySort struct {
	rows  []sortedKey
	spare []sortedKey
}

// A sortedKey is a key's number, and the first bytes in which keys differ.
type sortedKey struct {
	word uint64
	row  int32
}

// sortWindow is the bytes behind their common beginning in which keys are looked at.
const sortWindow = 32

// fewKeys is how many are sorted by comparing.
const fewKeys = 128

// sort returns the numbers of n keys in the order of the keys, equal ones in that of their
// numbers. It is good until the next call.
func (s *keySort) sort(n int, key func(i int) []byte) []sortedKey {
	if cap(s.rows) < n {
		s.rows, s.spare = make([]sortedKey, n), make([]sortedKey, n)
	}
	s.rows, s.spare = s.rows[:n], s.spare[:n]
	if n == 0 {
		return nil
	}
	common, same := commonOf(n, key)
	varies := varying(n, key, common)
	at := make([]int, 0, 8) // the bytes that make the word
	for i := 0; i < sortWindow && len(at) < cap(at); i++ {
		if byte(varies[i/8]>>(56-i%8*8)) != 0 {
			at = append(at, i)
			varies[i/8] &^= 0xFF << (56 - i%8*8)
		}
	}
	whole := same >= 0 && same <= common+sortWindow && varies == [sortWindow / 8]uint64{}
	for i := range n {
		s.rows[i] = sortedKey{gather(key(i)[common:], at), int32(i)}
	}
	if n <= fewKeys {
		slices.SortFunc(s.rows, func(a, b sortedKey) int {
			if c := cmp.Compare(a.word, b.word); c != 0 {
				return c
			}
			return cmp.Compare(a.row, b.row)
		})
	} else {
		s.radix(len(at))
	}
	if !whole {
		s.resolve(key)
	}
	return s.rows
}

// commonOf returns how many bytes keys have in common at their beginnings, and their
// length, -1 where it is not the same.
func commonOf(n int, key func(i int) []byte) (common, length int) {
	first := key(0)
	common, length = len(first), len(first)
	for i := 1; i < n; i++ {
		k := key(i)
		if len(k) != length {
			length = -1
			common = min(common, len(k))
		}
		if !bytes.Equal(k[:common], first[:common]) {
			common = 0
			for k[common] == first[common] {
				common++
			}
		}
	}
	return common, length
}

// varying returns the bits in which the keys differ behind their common beginning, where a
// key has ended taken for zeros.
func varying(n int, key func(i int) []byte, common int) (out [sortWindow / 8]uint64) {
	first := windowOf(key(0)[common:])
	for i := 1; i < n; i++ {
		w := windowOf(key(i)[common:])
		for j := range out {
			out[j] |= w[j] ^ first[j]
		}
	}
	return out
}

// windowOf is the first bytes of a key, a short one filled up with zeros.
func windowOf(key []byte) (out [sortWindow / 8]uint64) {
	if len(key) < sortWindow {
		var b [sortWindow]byte
		copy(b[:], key)
		key = b[:]
	}
	for i := range out {
		out[i] = binary.BigEndian.Uint64(key[8*i:])
	}
	return out
}

// gather makes a word of some bytes of a key.
func gather(key []byte, at []int) uint64 {
	w := uint64(0)
	for _, i := range at {
		w <<= 8
		if i < len(key) {
			w |= uint64(key[i])
		}
	}
	return w
}

// radix sorts by the lowest bytes of the words, as many as are given.
func (s *keySort) radix(size int) {
	for shift := 0; shift < 8*size; shift += 8 {
		var starts [256]int32
		for _, k := range s.rows {
			starts[byte(k.word>>shift)]++
		}
		sum := int32(0)
		for i, n := range starts {
			starts[i] = sum
			sum += n
		}
		for _, k := range s.rows {
			b := byte(k.word >> shift)
			s.spare[starts[b]] = k
			starts[b]++
		}
		s.rows, s.spare = s.spare, s.rows
	}
}

// resolve puts keys of equal words in order.
func (s *keySort) resolve(key func(i int) []byte) {
	for i := 0; i < len(s.rows); {
		from := i
		for i++; i < len(s.rows) && s.rows[i].word == s.rows[from].word; i++ {
			continue
		}
		if i-from > 1 {
			slices.SortFunc(s.rows[from:i], func(a, b sortedKey) int {
				if c := bytes.Compare(key(int(a.row)), key(int(b.row))); c != 0 {
					return c
				}
				return cmp.Compare(a.row, b.row)
			})
		}
	}
}
