package durable

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/state"
)

// recordBlock is a block of a log: the epoch in 8 bytes, then what was logged of it.
const recordBlock = 'R'

// logSize is the size at which a log is followed by another one.
const logSize = 1 << 20

// A logFile is a log and the greatest epoch in it.
type logFile struct {
	number uint64
	last   int64
	size   int64
}

// A logWriter appends to the newest log. A process begins one of its own: what another has
// left at the end of its last one may be torn.
type logWriter struct {
	blockWriter
	files []logFile // the last is the one that is written where file is not nil
}

// append makes a record durable.
func (l *logWriter) append(epoch int64, record []byte) error {
	l.begin(recordBlock)
	l.buf = binary.LittleEndian.AppendUint64(l.buf, uint64(epoch))
	l.buf = append(l.buf, record...)
	if err := l.end(); err != nil {
		return err
	}
	if err := l.flush(); err != nil {
		return err
	}
	if err := l.file.SyncData(); err != nil {
		return err
	}
	f := &l.files[len(l.files)-1]
	f.last, f.size = max(f.last, epoch), l.at
	return nil
}

// Log implements state.Backend.
func (f *Flow) Log(ctx context.Context, epoch int64, record []byte) error {
	if err := f.usable(ctx); err != nil {
		return err
	}
	if f.log.file == nil {
		if err := f.beginLog(); err != nil {
			return f.fail(err)
		}
	}
	return f.fail(f.log.append(epoch, record))
}

// keepLog makes the records durable that were found. Who wrote them may have died before they
// were, or have been refused it: the epochs are run again, and there must be no hole behind them.
func (f *Flow) keepLog() error {
	for _, l := range f.log.files {
		if l.last <= f.found.Latest.Epoch {
			continue
		}
		if err := f.sync(f.path(logName(l.number))); err != nil {
			return err
		}
	}
	return nil
}

// beginLog starts a log.
func (f *Flow) beginLog() error {
	number := f.take()
	file, err := f.fs.Create(f.path(logName(number)), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	f.log.file, f.log.blockWriter = file, blockWriter{file: file, buf: appendHeader(nil, logs, number, 0)}
	if err := f.log.flush(); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	f.log.files = append(f.log.files, logFile{number: number})
	return f.syncDir()
}

// trimLogs removes the logs of which nothing is needed behind an epoch.
func (f *Flow) trimLogs(epoch int64) error {
	var kept []logFile
	for i, l := range f.log.files {
		writing := f.log.file != nil && i == len(f.log.files)-1
		switch {
		case l.last > epoch || writing && l.size < logSize:
			kept = append(kept, l)
			continue
		case writing:
			if err := f.log.file.Close(); err != nil {
				return err
			}
			f.log.file = nil
		}
		if err := f.fs.Remove(f.path(logName(l.number))); err != nil {
			return err
		}
	}
	f.log.files = kept
	return nil
}

// readLog returns the records of a log behind an epoch. A record that was not written to
// its end, because the process died, is the last: what was told to be durable is before it.
func readLog(name string, data []byte, behind int64) (records []state.Record, last int64, err error) {
	if len(data) < headerSize { // nothing was told to be in there
		return nil, 0, nil
	}
	if _, _, err := parseHeader(name, data[:headerSize], logs); err != nil {
		if followed(data, 1) {
			return nil, 0, err
		}
		return nil, 0, nil
	}
	r := &blockReader{file: bytes.NewReader(data), name: name, size: int64(len(data)), at: headerSize}
	for {
		b, err := r.next()
		var bad *Corruption
		switch {
		case err == io.EOF:
			return records, last, nil
		case errors.As(err, &bad) && !followed(data, int(r.at)+1):
			return records, last, nil
		case err != nil:
			return nil, 0, err
		case b.kind != recordBlock || len(b.payload) < 8:
			return nil, 0, &Corruption{name, b.at, "it is not a record"}
		}
		epoch := int64(binary.LittleEndian.Uint64(b.payload))
		last = max(last, epoch)
		if epoch > behind {
			records = append(records, state.Record{Epoch: epoch, Data: append([]byte{}, b.payload[8:]...)})
		}
	}
}

// followed reports that a whole record stands somewhere from a place on.
func followed(data []byte, from int) bool {
	for at := from; at+blockHead+blockTail <= len(data); at++ {
		if data[at+4] != recordBlock || data[at+5]|data[at+6]|data[at+7] != 0 {
			continue
		}
		n := int64(binary.LittleEndian.Uint32(data[at:]))
		if n > int64(len(data)-at-blockHead-blockTail) {
			continue
		}
		end := at + blockHead + int(n)
		if checksum(data[at:end], int64(at)) == binary.LittleEndian.Uint64(data[end:]) {
			return true
		}
	}
	return false
}
