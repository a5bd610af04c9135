package durable

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
)

// sealed makes a file whose checksums are right of any bytes: each block is what it is, how
// long it is, and then its payload.
func sealed(head, data []byte) []byte {
	w := blockWriter{buf: bytes.Clone(head)}
	for len(data) >= 2 {
		n := min(int(data[1]), len(data)-2)
		w.begin(data[0])
		w.buf = append(w.buf, data[2:2+n]...)
		_ = w.end()
		data = data[2+n:]
	}
	return w.buf
}

func addPieces(f *testing.F, pieces ...[]byte) {
	f.Add([]byte{})
	var all []byte
	for _, p := range pieces {
		one := append([]byte{p[0], byte(len(p) - 1)}, p[1:]...)
		f.Add(one)
		all = append(all, one...)
	}
	f.Add(all)
}

// tables are open tables of each kind, under the names "0", "1" …
func tables() []state.Table {
	s, text, dec := memory.New(), types.Of(types.Varchar), types.DecimalOf(38, 0)
	for i, shape := range []state.MapShape{
		{Width: 8},
		{Keys: bigints, Width: 16},
		{Keys: []types.Type{types.Of(types.Boolean), dec}, Width: 8},
		{Keys: []types.Type{text}, Width: 8},
		{Keys: []types.Type{text, types.Of(types.Float)}, Width: 8},
	} {
		if _, err := s.Map(fmt.Sprint(i), shape); err != nil {
			panic(err)
		}
	}
	for i, shape := range []state.IndexShape{{Keys: bigints, Columns: []types.Type{bigint, text}, Words: 1}, {Columns: bigints}} {
		if _, err := s.Index(fmt.Sprint(5+i), shape); err != nil {
			panic(err)
		}
	}
	if _, err := s.Ordered("7"); err != nil {
		panic(err)
	}
	var out []state.Table
	for _, t := range s.Tables() {
		out = append(out, t)
	}
	return out
}

// The bytes of a state file, damaged before their checksums were made, are an error or a
// state; they are merged or not.
func FuzzStateFile(f *testing.F) {
	table := func(n int, sorted byte) []byte {
		return append(appendBytes(appendBytes(appendBytes([]byte{tableBlock}, "s"), fmt.Sprint(n)), tables()[n].Shape()), sorted)
	}
	entry := func(kind byte, parts ...[]byte) []byte {
		out := []byte{kind}
		for _, p := range parts {
			out = appendBytes(out, p)
		}
		return out
	}
	for n := range tables() {
		key, value := []byte{1, 1, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 16)
		addPieces(f, []byte{metaBlock, 1}, append(appendBytes([]byte{adoptBlock}, "x"), 3), []byte("Ds"),
			table(n, byte(n%2)), []byte{belowBlock, 'b'}, entry(deletedBlock, key), entry(setBlock, key, value[:8+n%2*8]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := sealed(appendHeader(nil, stateFiles, 0, 1), data)
		w := blockWriter{buf: file}
		blocks := uint64(0)
		for r := (&blockReader{file: bytes.NewReader(file), size: int64(len(file)), at: headerSize}); ; blocks++ {
			if _, err := r.next(); err != nil {
				break
			}
		}
		w.begin(endBlock)
		w.buf = append(w.buf, byte(blocks), byte(blocks>>8), 0, 0, 0, 0, 0, 0)
		_ = w.end()
		for _, data := range [][]byte{w.buf, data} {
			loadHostile(data)
		}
		mergeHostile(t, w.buf)
	})
}

func loadHostile(data []byte) {
	r := &blockReader{file: bytes.NewReader(data), name: "f", size: int64(len(data))}
	s, err := scanState(r)
	if err != nil {
		return
	}
	for i := range s.sections {
		for _, t := range tables() {
			l := t.Load()
			if err := readSection(r, &s.sections[i], l); err == nil {
				_ = l.Done()
			}
		}
	}
}

// mergeHostile merges a file that is what a manifest names with itself.
func mergeHostile(t *testing.T, data []byte) {
	fs := vfs.NewMem()
	d, err := Open(fs, "dir", Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.Flow("f")
	if err != nil {
		t.Fatal(err)
	}
	replace(t, fs, f.path("snapshot-000001"), data)
	s, err := f.scan(entry{Number: 1, From: 0, To: 1, Size: int64(len(data))})
	if err != nil {
		return
	}
	for _, base := range []bool{false, true} {
		if _, err := (&merger{flow: f, files: []*stateFile{s, s}, base: base}).run(context.Background(), 2); err != nil {
			continue
		}
		if _, err := f.scanFile("snapshot-000002"); err != nil {
			t.Fatal(err)
		}
	}
}

// The bytes of a log are an error or records.
func FuzzLog(f *testing.F) {
	addPieces(f, []byte("R12345678record"), []byte("R12345678"), []byte("R"), []byte("Xnonsense"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		for _, data := range [][]byte{data, sealed(appendHeader(nil, logs, 1, 0), data), append(sealed(appendHeader(nil, logs, 1, 0), data), data...)} {
			_, _, _ = readLog("log", data, 0)
		}
	})
}

// The bytes of a manifest are an error or a manifest.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"instance": 1, "epoch": 3, "next": 4, "files": [{"number": 1, "from": 0, "to": 3, "size": 5}], "former": [[{"to": 1}]], "adopted": [{"flow": "x", "instance": 3}]}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = parseSmall("manifest", data, manifests)
		_, _ = parseSmall("manifest", sealed(appendHeader(nil, manifests, 0, 0), data), manifests)
		_, _ = decodeManifest("manifest", data)
	})
}
