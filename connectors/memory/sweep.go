package memory

import (
	"errors"
	"io/fs"
	"slices"
)

// sweep removes the journals of tables that are no more: of one that was replaced, or whose
// DROP was cut off. What is no journal is nobody's here, and stays.
func (s *store) sweep(has func(id string) bool) (gone []string, err error) {
	ids, err := s.fs.List(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(ids)
	for _, id := range ids {
		dir := s.fs.PathJoin(s.dir, id)
		if has(id) || !s.journalOnly(dir) {
			continue
		}
		if err := s.fs.RemoveAll(dir); err != nil {
			return gone, err
		}
		gone = append(gone, dir)
	}
	if len(gone) == 0 {
		return nil, nil
	}
	return gone, syncDir(s.fs, s.dir)
}

// journalOnly reports that a path is a directory with a journal, or one that was about to
// get its own, and nothing else.
func (s *store) journalOnly(path string) bool {
	info, err := s.fs.Stat(path)
	if err != nil || !info.IsDir() {
		return false
	}
	names, err := s.fs.List(path)
	return err == nil && !slices.ContainsFunc(names, func(n string) bool { return n != journalName && n != journalName+temporarySuffix })
}
