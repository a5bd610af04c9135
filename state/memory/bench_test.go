package memory

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/internal/cputime"
	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/vec"
)

// benchKeys draws 2^20 keys from the given number, in columns of 1024.
func benchKeys(groups int, text bool) []*vec.Vec {
	r := sample.Rand(1)
	var out []*vec.Vec
	for range 1 << 10 {
		b := vec.NewBuilder(types.Of(types.BigInt))
		if text {
			b = vec.NewBuilder(types.Of(types.Varchar))
		}
		for range 1 << 10 {
			k := r.Int64N(int64(groups)) * 7919
			if text {
				b.AppendString(fmt.Sprintf("user-%010d", k))
			} else {
				vec.Append(b, k)
			}
		}
		out = append(out, b.Vec())
	}
	return out
}

// Finding the groups of keys, most of which are there.
func BenchmarkGroups(b *testing.B) {
	for _, text := range []bool{false, true} {
		for _, n := range []int{100, 100_000, 5_000_000} {
			keys := benchKeys(n, text)
			b.Run(fmt.Sprintf("%s/%d", keys[0].Type, n), func(b *testing.B) {
				m := newMap(state.MapShape{Keys: []types.Type{keys[0].Type}, Width: 80})
				gids := make([]int32, 1<<10)
				for _, k := range keys {
					if err := m.Groups([]*vec.Vec{k}, k.Len, gids); err != nil {
						b.Fatal(err)
					}
				}
				done := cputime.PerRow(b, 1<<10)
				for i := range b.N {
					k := keys[i&(1<<10-1)]
					if err := m.Groups([]*vec.Vec{k}, k.Len, gids); err != nil {
						b.Fatal(err)
					}
				}
				done()
			})
		}
	}
}

// The same with Go's own map, which gives a number to each key.
func BenchmarkGroupsFloor(b *testing.B) {
	for _, text := range []bool{false, true} {
		for _, n := range []int{100, 100_000, 5_000_000} {
			keys := benchKeys(n, text)
			b.Run(fmt.Sprintf("%s/%d", keys[0].Type, n), func(b *testing.B) {
				words, texts := map[int64]int32{}, map[string]int32{}
				gids := make([]int32, 1<<10)
				find := func(k *vec.Vec) {
					for i := range gids {
						if text {
							g, ok := texts[k.Str(i)]
							if !ok {
								g = int32(len(texts))
								texts[string(k.Bytes(i))] = g
							}
							gids[i] = g
							continue
						}
						w := vec.Slice[int64](k)[i]
						g, ok := words[w]
						if !ok {
							g = int32(len(words))
							words[w] = g
						}
						gids[i] = g
					}
				}
				for _, k := range keys {
					find(k)
				}
				done := cputime.PerRow(b, 1<<10)
				for i := range b.N {
					find(keys[i&(1<<10-1)])
				}
				done()
			})
		}
	}
}

// Adding to and taking from an ordered set of many keys: in no order, and a thousand at a
// time in theirs.
func BenchmarkOrderedAdd(b *testing.B) {
	for _, keys := range []int{10_000, 100_000, 1_000_000, 10_000_000} {
		r := sample.Rand(1)
		o, key := newOrdered(), []byte{}
		next := func(dst []byte) []byte {
			dst = binary.BigEndian.AppendUint64(dst, r.Uint64N(uint64(keys)/10))
			return binary.BigEndian.AppendUint64(dst, r.Uint64N(1000))
		}
		for range keys {
			key = next(key[:0])
			o.Add(key, 1)
		}
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			done := cputime.PerRow(b, 1)
			for i := range b.N {
				key = next(key[:0])
				o.Add(key, int64(1-i%2*2))
			}
			done()
			b.ReportMetric(float64(o.bytes())/float64(o.Len()), "bytes/key")
		})
		b.Run(fmt.Sprintf("keys=%d/sorted", keys), func(b *testing.B) {
			const rows, near = 1000, 100
			batch := make([][]byte, rows)
			done := cputime.PerRow(b, rows)
			for i := range b.N {
				b.StopTimer()
				key = key[:0]
				for j := range batch {
					key = next(key)
					batch[j] = key[16*j : 16*j+16]
				}
				slices.SortFunc(batch, bytes.Compare)
				b.StartTimer()
				for j, k := range batch {
					if j%near == 0 {
						o.Near(batch[j : j+near])
					}
					o.Add(k, int64(1-i%2*2))
				}
			}
			done()
		})
	}
}

// What it costs that changes are noted for the next checkpoint, with many epochs between
// two of them.
func BenchmarkKept(b *testing.B) {
	for _, kept := range []bool{false, true} {
		b.Run(fmt.Sprintf("groups/kept=%v", kept), func(b *testing.B) {
			keys := benchKeys(100_000, false)
			m, gids := newMap(state.MapShape{Keys: []types.Type{keys[0].Type}, Width: 80}), make([]int32, 1<<10)
			if kept {
				m.keep()
			}
			done := cputime.PerRow(b, 1<<10)
			for i := range b.N {
				k := keys[i&(1<<10-1)]
				if err := m.Groups([]*vec.Vec{k}, k.Len, gids); err != nil {
					b.Fatal(err)
				}
				m.Clean()
			}
			done()
		})
		b.Run(fmt.Sprintf("index/kept=%v", kept), func(b *testing.B) {
			keys, values := benchKeys(100_000, false), benchKeys(1_000_000, false)
			t := keys[0].Type
			x, rows := newIndex(state.IndexShape{Keys: []types.Type{t}, Columns: []types.Type{t, t}}), make([]int32, 1<<10)
			if kept {
				x.keep()
			}
			done := cputime.PerRow(b, 1<<10)
			for i := range b.N {
				k := keys[i&(1<<10-1)]
				x.Add([]*vec.Vec{k}, []*vec.Vec{k, values[i*7&(1<<10-1)]}, nil, rows)
				x.Settle()
			}
			done()
		})
		b.Run(fmt.Sprintf("ordered/kept=%v", kept), func(b *testing.B) {
			r := sample.Rand(1)
			o, key := newOrdered(), []byte{}
			if kept {
				o.keep()
			}
			next := func(dst []byte) []byte {
				dst = binary.BigEndian.AppendUint64(dst, r.Uint64N(10_000))
				return binary.BigEndian.AppendUint64(dst, r.Uint64N(100))
			}
			for range 100_000 {
				o.Add(next(key[:0]), 1)
			}
			done := cputime.PerRow(b, 1)
			for i := range b.N {
				o.Add(next(key[:0]), int64(1-i%2*2))
			}
			done()
		})
	}
}
