package durable

import (
	"context"
	"fmt"
	"slices"
)

// When files are merged. Those behind the last merged one are single checkpoints; when there
// are many of them, or much is in them, they become one, together with those before them
// that are not much larger: so there are never many, and each is rewritten seldom. When all
// together are too large for the state that they are of, they become a snapshot.
type limits struct {
	singles int
	bytes   int64 // of singles
	look    int   // checkpoints between looks at the size of it all
	slack   int64 // bytes too few to be worth a snapshot
	sort    int   // bytes of memory to put a table's entries in order
}

var usualLimits = limits{singles: 64, bytes: 32 << 20, look: 8, slack: 4 << 20, sort: 64 << 20}

// A merging is a merge that goes on in the background.
type merging struct {
	files  []*stateFile
	cancel context.CancelFunc
	done   chan struct{}
	out    *stateFile
	err    error
}

// beginMerge starts a merge where one is due.
func (f *Flow) beginMerge() {
	if f.merge != nil {
		return
	}
	files := f.due()
	if len(files) < 2 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &merging{files: slices.Clone(files), cancel: cancel, done: make(chan struct{})}
	number := f.take()
	work := func() {
		defer close(m.done)
		merger := merger{flow: f, files: m.files, base: m.files[0].From == 0}
		m.out, m.err = merger.run(ctx, number)
	}
	f.merge = m
	if f.dir.options.Foreground {
		work()
	} else {
		go work()
	}
}

// due returns the files to be merged.
func (f *Flow) due() []*stateFile {
	l := f.dir.limits
	singles, bytes := f.singles()
	many := singles >= l.singles || bytes >= l.bytes
	if !many && singles%l.look != 0 || singles < f.mergeFrom {
		return nil
	}
	if f.size() > f.liveBytes()*3/2+l.slack {
		return f.files
	}
	if !many {
		return nil
	}
	from := len(f.files) - singles
	for from > 0 && f.files[from-1].Size <= 2*bytes {
		from--
		bytes += f.files[from].Size
	}
	return f.files[from:]
}

// singles returns how many files behind the last merged one there are, and their bytes.
func (f *Flow) singles() (n int, bytes int64) {
	for i := len(f.files) - 1; i >= 0 && !f.files[i].merged(); i-- {
		n++
		bytes += f.files[i].Size
	}
	return n, bytes
}

// merged reports that a file was made of others; one without tables is too small to matter.
func (f *stateFile) merged() bool { return len(f.sections) > 0 && f.sections[0].sorted }

func (f *Flow) size() int64 {
	n := int64(0)
	for _, s := range f.files {
		n += s.Size
	}
	return n
}

// liveBytes is about how large a snapshot would be: of each table the keys that it has, at
// what a key takes in the files; of one that nobody has opened all that the files have.
func (f *Flow) liveBytes() int64 {
	type sums struct{ keys, bytes int64 }
	of := map[tableName]*sums{}
	for _, file := range f.files {
		for i := range file.sections {
			s := &file.sections[i]
			x := of[s.tableName]
			if x == nil {
				x = &sums{}
				of[s.tableName] = x
			}
			x.keys += s.set
			x.bytes += s.end - s.at
		}
	}
	total := int64(0)
	for name, x := range of {
		keys := x.keys
		if s, ok := f.stores[name.store]; ok {
			if n, ok := s.TableLen(name.table); ok {
				keys = min(keys, int64(n))
			}
		} else if f.dropped[name.store] {
			keys = 0
		}
		if x.keys > 0 {
			total += x.bytes / x.keys * keys
		}
	}
	return total
}

// endMerge takes what a merge has made into a manifest that is about to be published, where
// it is done. A merge that has failed has changed nothing: there will be another one.
func (f *Flow) endMerge(m *manifest) *merging {
	if f.merge == nil {
		return nil
	}
	select {
	case <-f.merge.done:
	default:
		return nil
	}
	done := f.merge
	f.merge = nil
	if done.err != nil {
		f.dir.report(fmt.Errorf("files of flow %s in %s are not merged, which is tried again later: %w", f.id, f.dir.path, done.err))
		f.mergeFrom = len(f.files) + f.dir.limits.singles
		return nil
	}
	f.mergeFrom = 0
	at := slices.Index(f.files, done.files[0])
	var old []entry
	for _, s := range done.files {
		old = append(old, s.entry())
	}
	m.Files = slices.Replace(slices.Clone(m.Files), at, at+len(done.files), done.out.entry())
	m.Former = retained(append(slices.Clone(m.Former), old), int(f.dir.retain.Load()))
	return done
}

// retained are those of former generations, the oldest first, behind which there are fewer
// than so many that are of the same epochs in part.
func retained(former [][]entry, generations int) [][]entry {
	var kept [][]entry
	for i, g := range former {
		younger := 0
		for _, h := range former[i+1:] {
			if g[0].From < h[len(h)-1].To && h[0].From < g[len(g)-1].To {
				younger++
			}
		}
		if younger < generations {
			kept = append(kept, g)
		}
	}
	return kept
}

// replaced follows up a published manifest with a merged file.
func (f *Flow) replaced(done *merging, before manifest) error {
	at := slices.Index(f.files, done.files[0])
	f.files = slices.Replace(f.files, at, at+len(done.files), done.out)
	keep := map[uint64]bool{}
	for _, e := range slices.Concat(append(slices.Clone(f.manifest.Former), f.manifest.Files)...) {
		keep[e.Number] = true
	}
	for _, e := range slices.Concat(append(slices.Clone(before.Former), before.Files)...) {
		if keep[e.Number] {
			continue
		}
		if err := f.fs.Remove(f.path(e.name())); err != nil && !isNotExist(err) {
			return err
		}
	}
	return nil
}

// stopMerge ends a merge; what it has made is not used.
func (f *Flow) stopMerge() error {
	if f.merge == nil {
		return nil
	}
	f.merge.cancel()
	<-f.merge.done
	out := f.merge.out
	f.merge = nil
	if out == nil {
		return nil
	}
	return f.fs.Remove(f.path(out.entry().name()))
}
