package exec

// blocks holds byte strings one after the other in pieces of memory of which none moves
// when more come. One long slice would be copied, and twice as large, each time it grows.
type blocks struct {
	all [][]byte
	at  int // the one that is appended to
}

// A span is where a byte string lies in blocks.
type span struct{ block, from, to int32 }

const (
	blockBytes = 1 << 20  // when a block is full
	blockRoom  = 16 << 10 // for the string that makes it so
)

// tail returns a block to append one string to; hand the grown block to end. The first
// block grows from nothing, since most uses are small.
func (b *blocks) tail() []byte {
	if b.at < len(b.all) && len(b.all[b.at]) >= blockBytes {
		b.at++
	}
	switch {
	case b.at < len(b.all):
	case b.at == 0:
		b.all = append(b.all, nil)
	default:
		b.all = append(b.all, make([]byte, 0, blockBytes+blockRoom))
	}
	return b.all[b.at]
}

// end makes everything beyond what tail returned a string.
func (b *blocks) end(grown []byte) span {
	from := len(b.all[b.at])
	b.all[b.at] = grown
	return span{int32(b.at), int32(from), int32(len(grown))}
}

func (b *blocks) bytes(s span) []byte { return b.all[s.block][s.from:s.to] }

// reset forgets all strings and keeps the memory.
func (b *blocks) reset() {
	for i := range b.all {
		b.all[i] = b.all[i][:0]
	}
	b.at = 0
}
