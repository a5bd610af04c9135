package durable

import (
	"bytes"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// dataBlock is the only block of a manifest or a small file.
const dataBlock = 'J'

// maxSmall is the most that a small file may have.
const maxSmall = 1 << 30

// writeSmall puts a file in place at once: whoever reads it finds the old content or the
// new one. The file's directory is made durable.
func writeSmall(fs vfs.FS, path string, kind byte, data []byte) error {
	temporary := path + temporarySuffix
	f, err := fs.Create(temporary, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	w := blockWriter{file: f, buf: appendHeader(nil, kind, 0, 0)}
	w.begin(dataBlock)
	w.buf = append(w.buf, data...)
	err = w.end()
	if err == nil {
		err = w.flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = fs.Rename(temporary, path)
	}
	if err != nil {
		_ = fs.Remove(temporary) // it is removed when the directory is opened, too
		return err
	}
	return syncDir(fs, fs.PathDir(path))
}

const temporarySuffix = ".tmp"

// readSmall returns what writeSmall put there.
func readSmall(fs vfs.FS, path string, kind byte) ([]byte, error) {
	data, err := readFile(fs, path)
	if err != nil {
		return nil, err
	}
	return parseSmall(path, data, kind)
}

func parseSmall(path string, data []byte, kind byte) ([]byte, error) {
	if _, _, err := parseHeader(path, data[:min(headerSize, len(data))], kind); err != nil {
		return nil, err
	}
	r := &blockReader{file: bytes.NewReader(data), name: path, size: int64(len(data)), at: headerSize}
	b, err := r.next()
	if err == io.EOF || err == nil && (b.kind != dataBlock || r.at != r.size) {
		return nil, &Corruption{path, headerSize, "it is not one block"}
	}
	return b.payload, err
}

// readFile reads a whole file.
func readFile(fs vfs.FS, path string) ([]byte, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := readAll(f, path)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return data, err
}

func readAll(f vfs.File, path string) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSmall {
		return nil, &Corruption{path, maxSmall, "it is too large"}
	}
	data := make([]byte, info.Size())
	_, err = io.ReadFull(f, data)
	return data, err
}

// syncDir makes durable which files a directory has.
func syncDir(fs vfs.FS, path string) error {
	d, err := fs.OpenDir(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closed := d.Close(); err == nil {
		err = closed
	}
	return err
}
