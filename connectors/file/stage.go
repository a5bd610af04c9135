package file

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// A stage is the file in which the rows of an epoch wait to become visible.
// Until it is finished its name ends in .part.
type stage struct {
	path string
	file *os.File
	buf  *bufio.Writer
	z    io.WriteCloser
}

const partSuffix = ".part"

func newStage(path string, c codec) (*stage, error) {
	file, err := os.OpenFile(path+partSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, err
	}
	s := &stage{path: path, file: file, buf: bufio.NewWriterSize(file, 1<<16)}
	if s.z, err = compress(c, s.buf); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

func (s *stage) write(line []byte) error {
	_, err := s.z.Write(line)
	return err
}

// finish brings the stage to disk under its name.
func (s *stage) finish() error {
	err := s.z.Close()
	if err == nil {
		err = s.buf.Flush()
	}
	if err == nil {
		err = s.file.Sync()
	}
	if err = errors.Join(err, s.file.Close()); err != nil {
		return errors.Join(err, os.Remove(s.path+partSuffix))
	}
	return rename(s.path+partSuffix, s.path)
}

func (s *stage) remove() error {
	return errors.Join(s.file.Close(), os.Remove(s.path+partSuffix))
}

// rename renames within a directory, and has it on disk when it returns.
func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
