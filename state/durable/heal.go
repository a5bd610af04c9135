package durable

import (
	"errors"
	"fmt"
)

// heal finds former files that are whole and say together what a damaged one said; nil where
// there are none.
func (f *Flow) heal(bad entry, cause error) []*stateFile {
	var damage *Corruption
	if !errors.As(cause, &damage) && !isNotExist(cause) {
		return nil
	}
	var former []entry
	for _, generation := range f.manifest.Former {
		former = append(former, generation...)
	}
	out := f.tile(bad.From, bad.To, former)
	if out != nil {
		f.dir.report(fmt.Errorf("%w; healed from %d former files", cause, len(out)))
	}
	return out
}

// tile finds whole files that follow each other from an epoch to another.
func (f *Flow) tile(from, to int64, among []entry) []*stateFile {
	for _, e := range among {
		if e.From != from || e.To > to {
			continue
		}
		s, err := f.scan(e)
		if err != nil {
			continue
		}
		if e.To == to {
			return []*stateFile{s}
		}
		if rest := f.tile(e.To, to, among); rest != nil {
			return append([]*stateFile{s}, rest...)
		}
	}
	return nil
}
