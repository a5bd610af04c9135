package memory

import (
	"bytes"
	"cmp"
	"slices"
)

// sortedKeys are keys to be looked up, in ascending order, and which rows they are of.
type sortedKeys struct {
	data []byte
	keys [][]byte
	rows []int32
	perm []int
	ends []int
}

func (k *sortedKeys) reset() { k.data, k.ends, k.rows = k.data[:0], k.ends[:0], k.rows[:0] }

// end makes a key of row i of what was appended to data.
func (k *sortedKeys) end(i int32) {
	k.ends, k.rows = append(k.ends, len(k.data)), append(k.rows, i)
}

func (k *sortedKeys) at(i int) []byte {
	from := 0
	if i > 0 {
		from = k.ends[i-1]
	}
	return k.data[from:k.ends[i]]
}

// sort returns the keys in the order of less. perm then leads from them to rows.
func (k *sortedKeys) sort(less func(a, b []byte) int) [][]byte {
	k.perm, k.keys = k.perm[:0], k.keys[:0]
	for i := range k.ends {
		k.perm = append(k.perm, i)
	}
	slices.SortFunc(k.perm, func(a, b int) int { return less(k.at(a), k.at(b)) })
	for _, i := range k.perm {
		k.keys = append(k.keys, k.at(i))
	}
	return k.keys
}

// distinct is sort of keys of which some are equal: each comes once.
func (k *sortedKeys) distinct(less func(a, b []byte) int) [][]byte {
	k.sort(less)
	n := 0
	for i, key := range k.keys {
		if i == 0 || !bytes.Equal(key, k.keys[n-1]) {
			k.keys[n], k.perm[n] = key, k.perm[i]
			n++
		}
	}
	k.keys, k.perm = k.keys[:n], k.perm[:n]
	return k.keys
}

// byHead orders heads as the keys that are made with them.
func byHead(a, b []byte) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), bytes.Compare(a, b))
}

// of returns the row of the i-th key in order.
func (k *sortedKeys) of(i int) int32 { return k.rows[k.perm[i]] }
