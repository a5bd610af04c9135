package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A sink writes each epoch into a stage, a hidden file beside its target, and makes
// it visible at Commit:
//
//	a directory, APPEND    the stage is renamed to a name with the epoch in it
//	a file, APPEND         the stage's content is added to the file
//	COMPLETE               the stage takes the place of the file
//
// Files are compressed as their name says. A stage that was prepared outlives the
// process, so that an epoch of a query that does so too is visible once, whatever happens.
type sink struct {
	table  *connectors.Table
	enc    format.Encoder
	format string
	codec  codec
	target publisher

	epoch  int64
	stage  *stage
	staged bool // the epoch is prepared and has a stage
	line   []byte
}

// A publisher knows where an epoch's rows go.
type publisher interface {
	// recover publishes the stage of the last epoch that has happened, where it is still
	// there, and removes the others.
	recover(happened int64) error
	// stagePath is where the rows of an epoch wait.
	stagePath(epoch int64) string
	// begins reports that what is written now begins a file.
	begins() (bool, error)
	// always reports that an epoch without rows is written too.
	always() bool
	// publish makes a stage visible, which is gone then.
	publish(epoch int64) error
	close() error
}

func openSink(_ context.Context, t *connectors.Table, mode connectors.Mode, schema *types.Schema, env connectors.Env) (connectors.Sink, error) {
	path, err := tablePath(t)
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(path, `*?[`) {
		return nil, fmt.Errorf("path '%s' is a pattern; rows are written to a file or a directory", path)
	}
	f, err := formatOf(t)
	if err != nil {
		return nil, err
	}
	if f.NewEncoder == nil {
		return nil, fmt.Errorf("format '%s' cannot be written into files", f.Name)
	}
	s := &sink{table: t, format: f.Name, codec: codecOf(t, path)}
	if s.enc, err = f.NewEncoder(t, schema); err != nil {
		return nil, err
	}
	dir, err := isDir(path)
	if err != nil {
		return nil, err
	}
	name := "." + f.Name + s.codec.suffix()
	switch {
	case dir && mode == connectors.Complete:
		s.target = &replacing{target{filepath.Join(path, "result"+name), env.Query}}
	case dir:
		s.target = &epochFiles{dir: path, suffix: name, query: env.Query}
	case mode == connectors.Complete:
		s.target = &replacing{target{path, env.Query}}
	default:
		s.target = &appending{target{path, env.Query}}
	}
	return s, nil
}

// isDir tells what rows are written to: what is there, or, where nothing is, a file
// if the name has an extension and no slash at its end. A directory is made.
func isDir(path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil:
		return info.IsDir(), nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, err
	case !strings.HasSuffix(path, "/") && filepath.Ext(path) != "":
		return false, os.MkdirAll(filepath.Dir(path), 0o777)
	}
	return true, os.MkdirAll(path, 0o777)
}

// Recover implements connectors.Sink.
func (s *sink) Recover(_ context.Context, happened int64) (int64, error) {
	return happened, s.target.recover(happened)
}

// Begin implements connectors.Sink.
func (s *sink) Begin(_ context.Context, epoch int64) error {
	s.epoch, s.staged = epoch, false
	if err := s.drop(); err != nil {
		return err
	}
	if s.target.always() {
		return s.open()
	}
	return nil
}

func (s *sink) open() error {
	begins, err := s.target.begins()
	if err != nil {
		return err
	}
	if s.stage, err = newStage(s.target.stagePath(s.epoch), s.codec); err != nil {
		return err
	}
	if begins && s.table.Options.Get("csv.header") == "true" && s.table.Options.Get("format") == "csv" {
		return s.stage.write(append(headerLine(s.table), '\n'))
	}
	return nil
}

// Write implements connectors.Sink.
func (s *sink) Write(_ context.Context, delta *zset.Batch) error {
	if delta.Len == 0 {
		return nil
	}
	if s.stage == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	for row := range delta.Len {
		n := delta.Weight(row)
		if n < 0 {
			return fmt.Errorf("table %s is files, and a row cannot be taken out of them again", s.table.Name)
		}
		var err error
		if s.line, err = s.enc.Encode(s.line[:0], delta, row); err != nil {
			return err
		}
		if bytes.IndexByte(s.line, '\n') >= 0 {
			if err := s.oneLine(); err != nil {
				return err
			}
		}
		s.line = append(s.line, '\n')
		for range n {
			if err := s.stage.write(s.line); err != nil {
				return err
			}
		}
	}
	return nil
}

// oneLine makes a line of a row with line ends in it.
func (s *sink) oneLine() error {
	switch s.format {
	case "raw":
		return errors.New("a value with a line end in it cannot be a line of a file (format 'raw'); json and csv can hold it")
	case "json": // they stand between tokens: in a string they are escaped
		for i, c := range s.line {
			if c == '\n' {
				s.line[i] = ' '
			}
		}
	}
	return nil
}

// Prepare implements connectors.Sink: the stage is on disk when it returns.
func (s *sink) Prepare(context.Context) ([]byte, error) {
	if s.stage == nil {
		return nil, nil
	}
	st := s.stage
	s.stage = nil
	err := st.finish()
	s.staged = err == nil
	return nil, err
}

// Commit implements connectors.Sink.
func (s *sink) Commit(_ context.Context, epoch int64) error {
	if !s.staged {
		return nil // an epoch without rows has no stage
	}
	if err := s.target.publish(epoch); err != nil {
		return err
	}
	s.staged = false
	return nil
}

// drop forgets an epoch that was not prepared.
func (s *sink) drop() error {
	if s.stage == nil {
		return nil
	}
	st := s.stage
	s.stage = nil
	return st.remove()
}

// Close implements connectors.Sink.
func (s *sink) Close() error { return errors.Join(s.drop(), s.target.close()) }
