package memory

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"iter"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A journal is a file of records, each of which is on disk when append returns. A record is
//
//	8 bytes  the length of its payload
//	8 bytes  its number: one more than that of the record before
//	4 bytes  CRC-32C of these 16 bytes
//	4 bytes  CRC-32C of the payload
//	         the payload
//
// numbers little-endian. The last record may be torn, if the process or the machine ended
// while it was written, and nobody was told that it is there; then it is none. Anything else
// that does not read as it was written is an error with its place.
type journal struct {
	fs        vfs.FS
	dir, path string

	end   int64  // where the next record goes
	next  uint64 // its number
	fresh bool   // the file has to be written anew before anything is added to it
}

const (
	journalName     = "log"
	temporarySuffix = ".new" // of one that is about to take the place of another
	frameBytes      = 24
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openJournal reads the records of a directory's journal, of which there are none where
// there is no file. A payload is good for ever.
func openJournal(fsys vfs.FS, dir string, record func(payload []byte) error) (*journal, error) {
	j := &journal{fs: fsys, dir: dir, path: fsys.PathJoin(dir, journalName), next: 1, fresh: true}
	data, err := readFile(fsys, j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return j, nil
	}
	if err != nil {
		return nil, err
	}
	j.fresh = false
	for at := 0; at < len(data) || at == 0; {
		payload, number, ok := frameAt(data[at:])
		switch {
		case ok && (at == 0 || number == j.next):
		case at == 0: // which was there before the file had its name
			return nil, fmt.Errorf("%s at offset 0: the file does not begin with a record", j.path)
		case anyFrame(data[at+1:], j.next):
			return nil, fmt.Errorf("%s at offset %d: the record is damaged, and there are others behind it", j.path, at)
		default:
			j.fresh = true // what is left of the last one goes
			return j, nil
		}
		if err := record(payload); err != nil {
			return nil, fmt.Errorf("%s at offset %d: %w", j.path, at, err)
		}
		at += frameBytes + len(payload)
		j.end, j.next = int64(at), number+1
	}
	return j, nil
}

func readFile(fsys vfs.FS, path string) ([]byte, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data := make([]byte, info.Size())
	_, err = io.ReadFull(f, data)
	return data, err
}

// frameAt returns the record that data begins with, false where it begins with none.
func frameAt(data []byte) (payload []byte, number uint64, ok bool) {
	if len(data) < frameBytes || crc32.Checksum(data[:16], castagnoli) != binary.LittleEndian.Uint32(data[16:]) {
		return nil, 0, false
	}
	n := binary.LittleEndian.Uint64(data)
	if n > uint64(len(data)-frameBytes) {
		return nil, 0, false
	}
	payload = data[frameBytes : frameBytes+n : frameBytes+n]
	return payload, binary.LittleEndian.Uint64(data[8:]), crc32.Checksum(payload, castagnoli) == binary.LittleEndian.Uint32(data[20:])
}

// anyFrame reports that a record with at least this number begins somewhere in data.
func anyFrame(data []byte, least uint64) bool {
	for ; len(data) >= frameBytes; data = data[1:] {
		if _, number, ok := frameAt(data); ok && number >= least {
			return true
		}
	}
	return false
}

// appendFrame appends a record.
func appendFrame(dst []byte, number uint64, payload []byte) []byte {
	at := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(len(payload)))
	dst = binary.LittleEndian.AppendUint64(dst, number)
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[at:], castagnoli))
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(payload, castagnoli))
	return append(dst, payload...)
}

// append adds a record. After an error it is not known what the file holds behind the
// records before, so that it is not added to any more until it has been replaced.
func (j *journal) append(payload []byte) error {
	f, err := j.fs.OpenReadWrite(j.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	frame := appendFrame(nil, j.next, payload)
	j.fresh = true
	_, err = f.WriteAt(frame, j.end)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	j.fresh = false
	j.end += int64(len(frame))
	j.next++
	return nil
}

// replace puts a file of other records in the place of the one there is: a process that
// dies meanwhile has left either.
func (j *journal) replace(payloads iter.Seq[[]byte]) error {
	if err := j.makeDir(); err != nil {
		return err
	}
	temp := j.path + temporarySuffix
	f, err := j.fs.Create(temp, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	end, next := int64(0), j.next
	for payload := range payloads {
		frame := appendFrame(nil, next, payload)
		end += int64(len(frame))
		next++
		if _, err = f.Write(frame); err != nil {
			break
		}
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, j.fs.Remove(temp))
	}
	if err := j.fs.Rename(temp, j.path); err != nil {
		return err
	}
	if err := syncDir(j.fs, j.dir); err != nil {
		j.fresh = true // whether it is the old file or the new one that outlives the machine is not known
		return err
	}
	j.end, j.next, j.fresh = end, next, false
	return nil
}

// settle makes durable what was read. Who wrote it may have died before the disk had it, or
// have been refused: what others make of it now may not outlast it.
func (j *journal) settle() error {
	f, err := j.fs.OpenReadWrite(j.path, vfs.WriteCategoryUnspecified)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), syncDir(j.fs, j.dir), j.syncParents())
}

func (j *journal) makeDir() error {
	if _, err := j.fs.Stat(j.dir); err == nil {
		return nil
	}
	if err := j.fs.MkdirAll(j.dir, 0o700); err != nil {
		return err
	}
	return j.syncParents()
}

func (j *journal) syncParents() error {
	parent := j.fs.PathDir(j.dir)
	return errors.Join(syncDir(j.fs, parent), syncDir(j.fs, j.fs.PathDir(parent)))
}

func syncDir(fsys vfs.FS, dir string) error {
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
