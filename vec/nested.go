package vec

import (
	"bytes"
	"errors"
	"slices"

	"github.com/sqlstream/sqlstream/sql/types"
)

// A value of a nested type is bytes: for each element of an ARRAY, each key with its value
// of a MAP, a 1 and the values as AppendOrdered writes them, and a 0 at the end; for a ROW
// the values of its fields. A MAP has its keys in order, each once. So two values are equal
// where their bytes are, their order is that of the bytes, and state, keys and exchange
// take them for texts.

// Parts returns the types of which the entries of a nested type consist: the element's,
// key and value, or the fields'.
func Parts(t types.Type) []types.Type {
	switch t.Kind {
	case types.Array:
		return []types.Type{*t.Elem}
	case types.Map:
		return []types.Type{*t.Key, *t.Elem}
	}
	out := make([]types.Type, len(t.Fields))
	for i, f := range t.Fields {
		out[i] = f.Type
	}
	return out
}

// Parts returns the builders of the entries of a nested value, empty. What is appended to
// them EndNested makes the column's next value: any number of entries, of a ROW one.
func (b *Builder) Parts() []*Builder {
	if b.parts == nil {
		for _, t := range Parts(b.typ) {
			b.parts = append(b.parts, NewBuilder(t))
		}
		b.partVecs = make([]*Vec, len(b.parts))
	}
	for _, p := range b.parts {
		p.Reset()
	}
	return b.parts
}

// ErrNullKey says that a key of a MAP is NULL, which none can be.
var ErrNullKey = errors.New("a key of a MAP cannot be NULL")

// EndNested appends the value of the entries in Parts. Of equal keys of a MAP the last
// counts.
func (b *Builder) EndNested() error {
	for i, p := range b.parts {
		b.partVecs[i] = p.Vec()
	}
	n := b.parts[0].Len()
	switch b.typ.Kind {
	case types.Row:
		buf := b.Tail()
		for _, v := range b.partVecs {
			buf = AppendOrdered(buf, v, 0)
		}
		b.EndBytes(buf)
		return nil
	case types.Map:
		return b.endMap(n)
	}
	buf := b.Tail()
	for i := range n {
		buf = AppendOrdered(append(buf, 1), b.partVecs[0], i)
	}
	b.EndBytes(append(buf, 0))
	return nil
}

func (b *Builder) endMap(n int) error {
	keys := make([][]byte, n)
	order := make([]int, n)
	for i := range n {
		if b.partVecs[0].IsNull(i) {
			return ErrNullKey
		}
		keys[i], order[i] = AppendOrdered(nil, b.partVecs[0], i), i
	}
	slices.SortStableFunc(order, func(x, y int) int { return bytes.Compare(keys[x], keys[y]) })
	buf := b.Tail()
	for at, i := range order {
		if at+1 < n && bytes.Equal(keys[i], keys[order[at+1]]) {
			continue
		}
		buf = append(append(buf, 1), keys[i]...)
		buf = AppendOrdered(buf, b.partVecs[1], i)
	}
	b.EndBytes(append(buf, 0))
	return nil
}

// AppendParts appends the entries of a row's nested value to builders of its Parts, and
// returns how many they are. The value is not NULL.
func (v *Vec) AppendParts(row int, out []*Builder) int {
	key, n := v.Bytes(row), 0
	if v.Type.Kind == types.Row {
		for _, b := range out {
			key = DecodeOrdered(key, b)
		}
		return 1
	}
	for key[0] == 1 {
		key = key[1:]
		for _, b := range out {
			key = DecodeOrdered(key, b)
		}
		n++
	}
	return n
}

// Entries returns how many elements or keys a row's ARRAY or MAP has.
func (v *Vec) Entries(row int) int {
	key, n := v.Bytes(row), 0
	parts := Parts(v.Type)
	for key[0] == 1 {
		key = key[1:]
		for _, t := range parts {
			key = skipOrdered(key, t)
		}
		n++
	}
	return n
}

// AppendElement appends the i-th element of a row's ARRAY, from 0 on, or field of a ROW;
// false where there is none.
func (v *Vec) AppendElement(row, i int, out *Builder) bool {
	key := v.Bytes(row)
	if v.Type.Kind == types.Row {
		for _, f := range v.Type.Fields[:i] {
			key = skipOrdered(key, f.Type)
		}
		DecodeOrdered(key, out)
		return true
	}
	for ; key[0] == 1; i-- {
		if i == 0 {
			DecodeOrdered(key[1:], out)
			return true
		}
		key = skipOrdered(key[1:], *v.Type.Elem)
	}
	return false
}

// AppendValueOf appends the value that a row's MAP has for a key, which is given as
// AppendOrdered writes it; false where it has none.
func (v *Vec) AppendValueOf(row int, key []byte, out *Builder) bool {
	at := v.Bytes(row)
	for at[0] == 1 {
		rest := skipOrdered(at[1:], *v.Type.Key)
		if bytes.Equal(at[1:len(at)-len(rest)], key) {
			DecodeOrdered(rest, out)
			return true
		}
		at = skipOrdered(rest, *v.Type.Elem)
	}
	return false
}

// skipOrdered returns what follows the first value of key.
func skipOrdered(key []byte, t types.Type) []byte {
	if key[0] == 0 {
		return key[1:]
	}
	key = key[1:]
	switch {
	case t.IsNested():
		return skipNested(key, t)
	case t.Layout() == types.Int128:
		return key[16:]
	case t.Layout() != types.Bytes:
		return key[8:]
	}
	for {
		at := bytes.IndexByte(key, 0)
		if key[at+1] == 1 {
			return key[at+2:]
		}
		key = key[at+2:]
	}
}

func skipNested(key []byte, t types.Type) []byte {
	parts := Parts(t)
	skip := func() {
		for _, p := range parts {
			key = skipOrdered(key, p)
		}
	}
	if t.Kind == types.Row {
		skip()
		return key
	}
	for key[0] == 1 {
		key = key[1:]
		skip()
	}
	return key[1:]
}
