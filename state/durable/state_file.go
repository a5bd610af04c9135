package durable

import (
	"encoding/binary"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/state"
)

// The blocks of a state file, in the order in which they stand there: what is said of all,
// then tables, each with its entries, then the end.
const (
	metaBlock    = 'M' // of the checkpoint
	adoptBlock   = 'A' // a flow whose stores are in here from now on
	dropBlock    = 'D' // a store of which older files count no more
	tableBlock   = 'T' // a table: store, name, shape, and whether its keys come in order
	belowBlock   = 'B' // the bound under which its keys are gone
	deletedBlock = 'K' // keys that are gone
	setBlock     = 'V' // keys with their values
	endBlock     = 'E' // how many blocks there were
)

// A stateFile is a file with what changed between two checkpoints; from the first, whose
// epoch is 0, on it is all there is.
type stateFile struct {
	Number   uint64
	From, To int64 // epochs
	Size     int64

	meta     []byte
	adopted  []flowRef
	drops    []string // stores
	sections []section
}

// A section is what a file has of a table.
type section struct {
	tableName
	shape   string
	sorted  bool  // by key, each of deleted and of set
	at, end int64 // in the file, without the table's own block
	setAt   int64 // where the keys that are set begin
	set     int64 // keys
	bytes   int64 // of set keys and values
}

// grow takes a block that ends there into the section.
func (s *section) grow(kind byte, end int64) {
	if s.end = end; kind != setBlock {
		s.setAt = end
	}
}

// A tableName is a table in a store.
type tableName struct{ store, table string }

// A stateWriter writes a state file.
type stateWriter struct {
	blockWriter
	kind     byte // of the block of entries at hand, 0 for none
	sections []section
	pending  section // a table that is written when it has anything
	open     bool    // its block is written
}

// newStateWriter begins a file over the epochs (from, to].
func newStateWriter(f vfs.File, from, to int64) *stateWriter {
	w := &stateWriter{}
	w.file = f
	w.buf = appendHeader(w.buf, stateFiles, uint64(from), uint64(to))
	return w
}

// note writes a block that is not of a table.
func (w *stateWriter) note(kind byte, payload []byte) error {
	w.begin(kind)
	w.buf = append(w.buf, payload...)
	return w.end()
}

// table begins a table; where always is not set it is left out if there is nothing in it.
func (w *stateWriter) table(s section, always bool) error {
	if err := w.endEntries(); err != nil {
		return err
	}
	w.pending, w.open = s, false
	if always {
		return w.openTable()
	}
	return nil
}

func (w *stateWriter) openTable() error {
	if w.open {
		return nil
	}
	w.open = true
	s := &w.pending
	w.begin(tableBlock)
	w.buf = appendBytes(appendBytes(appendBytes(w.buf, s.store), s.table), s.shape)
	sorted := byte(0)
	if s.sorted {
		sorted = 1
	}
	w.buf = append(w.buf, sorted)
	err := w.end()
	s.at = w.at + int64(len(w.buf))
	s.setAt, s.end = s.at, s.at
	w.sections = append(w.sections, *s)
	return err
}

// section is the one at hand.
func (w *stateWriter) section() *section { return &w.sections[len(w.sections)-1] }

// endOf ends a block of the section at hand.
func (w *stateWriter) endOf() error {
	kind := w.buf[w.start+4]
	err := w.end()
	w.section().grow(kind, w.at+int64(len(w.buf)))
	return err
}

// Below implements state.Delta.
func (w *stateWriter) Below(bound []byte) error {
	if err := w.openTable(); err != nil {
		return err
	}
	w.begin(belowBlock)
	w.buf = append(w.buf, bound...)
	return w.endOf()
}

// Delete implements state.Delta.
func (w *stateWriter) Delete(key []byte) error {
	if err := w.entry(deletedBlock); err != nil {
		return err
	}
	w.buf = appendBytes(w.buf, key)
	return nil
}

// Set implements state.Delta.
func (w *stateWriter) Set(key, value []byte) error {
	if err := w.entry(setBlock); err != nil {
		return err
	}
	w.buf = appendBytes(appendBytes(w.buf, key), value)
	s := w.section()
	s.set++
	s.bytes += int64(len(key) + len(value))
	return nil
}

// entry makes the block at hand one of a kind, with room for an entry.
func (w *stateWriter) entry(kind byte) error {
	if w.kind == kind && w.payload() < blockSize {
		return nil
	}
	if err := w.endEntries(); err != nil {
		return err
	}
	if err := w.openTable(); err != nil {
		return err
	}
	w.begin(kind)
	w.kind = kind
	return nil
}

func (w *stateWriter) endEntries() error {
	if w.kind == 0 {
		return w.err
	}
	w.kind = 0
	return w.endOf()
}

// finish ends the file, which is not durable yet.
func (w *stateWriter) finish() error {
	if err := w.endEntries(); err != nil {
		return err
	}
	blocks := w.blocks
	w.begin(endBlock)
	w.buf = binary.LittleEndian.AppendUint64(w.buf, blocks)
	if err := w.end(); err != nil {
		return err
	}
	return w.flush()
}

// readSection gives a table what a file has of it.
func readSection(r *blockReader, s *section, to state.Delta) error {
	r.at = s.at
	for r.at < s.end {
		b, err := r.next()
		if err != nil {
			return err
		}
		c := cursor{data: b.payload}
		switch b.kind {
		case belowBlock:
			err = to.Below(b.payload)
		case deletedBlock:
			for len(c.data) > 0 && err == nil {
				if key := c.bytes(); !c.bad {
					err = to.Delete(key)
				}
			}
		case setBlock:
			for len(c.data) > 0 && err == nil {
				key, value := c.bytes(), c.bytes()
				if !c.bad {
					err = to.Set(key, value)
				}
			}
		}
		if c.bad {
			return &Corruption{r.name, b.at, "an entry reaches beyond its block"}
		}
		if err != nil {
			return &Corruption{r.name, b.at, "table " + s.table + ": " + err.Error()}
		}
	}
	return nil
}

// scanState reads all of a state file, checks it and finds what is where.
func scanState(r *blockReader) (*stateFile, error) {
	f := &stateFile{Size: r.size}
	head, err := r.bytes(min(headerSize, r.size))
	if err != nil {
		return nil, err
	}
	from, to, err := parseHeader(r.name, head, stateFiles)
	if err != nil {
		return nil, err
	}
	f.From, f.To = int64(from), int64(to)
	if f.From < 0 || f.To <= f.From {
		return nil, &Corruption{r.name, 16, "its epochs are out of order"}
	}
	r.at = headerSize
	for blocks := uint64(0); ; blocks++ {
		at := r.at
		b, err := r.next()
		switch {
		case err == io.EOF:
			return nil, &Corruption{r.name, r.at, "it ends before its last block"}
		case err != nil:
			return nil, err
		case b.kind == endBlock:
			if len(b.payload) != 8 || binary.LittleEndian.Uint64(b.payload) != blocks {
				return nil, &Corruption{r.name, b.at, "it has another number of blocks"}
			}
			if r.at != r.size {
				return nil, &Corruption{r.name, r.at, "there is something behind its last block"}
			}
			return f, nil
		}
		if reason := f.take(b, at, r.at); reason != "" {
			return nil, &Corruption{r.name, b.at, reason}
		}
	}
}

// take notes a block that stands in [at, end), and says what is wrong with it.
func (f *stateFile) take(b block, at, end int64) string {
	c := cursor{data: b.payload}
	switch b.kind {
	case metaBlock:
		f.meta = append([]byte{}, b.payload...)
		return ""
	case adoptBlock:
		f.adopted = append(f.adopted, flowRef{string(c.bytes()), c.uvarint()})
	case dropBlock:
		f.drops = append(f.drops, string(b.payload))
		return ""
	case tableBlock:
		s := section{tableName: tableName{string(c.bytes()), string(c.bytes())}, shape: string(c.bytes()), at: end, setAt: end, end: end}
		s.sorted = len(c.data) == 1 && c.data[0] == 1
		f.sections = append(f.sections, s)
		c.data = nil
	case belowBlock, deletedBlock, setBlock:
		if len(f.sections) == 0 {
			return "entries stand before any table"
		}
		s := &f.sections[len(f.sections)-1]
		s.grow(b.kind, end)
		if b.kind == setBlock {
			for len(c.data) > 0 {
				k, v := c.bytes(), c.bytes()
				s.set++
				s.bytes += int64(len(k) + len(v))
			}
		}
	default:
		return "a block of this kind is unknown"
	}
	if c.bad {
		return "it says something else than was written"
	}
	return ""
}
