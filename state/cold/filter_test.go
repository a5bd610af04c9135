package cold_test

import (
	"encoding/binary"
	"testing"

	"github.com/sqlstream/sqlstream/state"
)

// What is there is found, whether there is a filter or no room for one, and while keys come and
// go; a filter takes no more memory for those that are gone.
func TestKeysComeAndGo(t *testing.T) {
	for _, memory := range []int64{0, 1 << 16, 1 << 18, 64 << 20} {
		db := openWith(t, memory)
		for _, heads := range []bool{false, true} {
			s := db.Space(heads)
			const each = 20_000
			most := int64(0)
			for round := range 10 {
				for i := range each {
					s.Set(numbered(heads, round*each+i), []byte{byte(round)})
					if round > 0 {
						s.Delete(numbered(heads, (round-1)*each+i))
					}
				}
				s.Flush()
				found := foundOf(s, heads, round*each-each/2, round*each+each/2)
				if want := each / 2; found != want {
					t.Fatalf("memory %d, heads %t, round %d: %d keys of %d were found", memory, heads, round, found, want)
				}
				if round == 3 {
					most = db.Held()
				}
			}
			if held := db.Held(); held > most {
				t.Errorf("memory %d, heads %t: %d bytes are held for as many keys as took %d", memory, heads, held, most)
			}
		}
	}
}

func numbered(heads bool, i int) []byte {
	key := binary.BigEndian.AppendUint64(nil, uint64(i))
	if heads {
		return state.SpaceKey(nil, key, []byte("row"))
	}
	return key
}

// foundOf counts the keys of a range that are found.
func foundOf(s state.Space, heads bool, from, to int) int {
	var keys [][]byte
	for i := from; i < to; i++ {
		keys = append(keys, binary.BigEndian.AppendUint64(nil, uint64(i)))
	}
	found := 0
	if heads {
		s.Under(keys, func(int, []byte, []byte) bool { found++; return true })
	} else {
		s.Find(keys, func(int, []byte) { found++ })
	}
	return found
}
