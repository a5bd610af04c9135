package sqltest

import (
	"maps"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/faultfs"
	"github.com/sqlstream/sqlstream/internal/probe"
)

// A disk is the directory of a database, and what is needed to open it again.
type disk struct {
	fs      *vfs.MemFS
	now     *faultfs.Disk // of the process that has it open
	options []sqlstream.Option
}

// open opens the directory. Continuous SELECTs are kept in it, too: so all that a script
// starts goes on.
func (d *disk) open(s *session) (*sqlstream.DB, error) {
	d.now = faultfs.New(d.fs, s.dice.Uint64())
	options := append(slices.Clone(d.options),
		sqlstream.WithDir("dir"), probe.On(d.now).(sqlstream.Option), probe.KeepSelects().(sqlstream.Option))
	return sqlstream.Open(s.ctx, options...)
}

// reopen lets the process end between two statements, in an orderly way or by a crash that
// leaves nothing but what was synced, and another one open its directory. What runs goes on,
// and the next tick tells what is new since the last one, as if nothing had happened.
func (s *session) reopen() error {
	if err := s.flush(); err != nil {
		return err
	}
	var crash *vfs.MemFS
	if s.dice.IntN(2) == 0 {
		crash = s.disk.fs.CrashClone(vfs.CrashCloneCfg{})
		s.event("dies between two statements")
	} else {
		s.event("ends")
	}
	if err := s.reopenAs(crash, s.running()); err != nil {
		return err
	}
	return s.check()
}

// reopenAs opens the directory again: as a crash has left it, or after an orderly end. The
// queries that ran go on, also where the disk has made them fail.
func (s *session) reopenAs(crash *vfs.MemFS, ran []bool) error {
	set, sick := maps.Clone(probe.Look(s.db).Settings), s.disk.now.Came()
	if err := s.close(); err != nil && crash == nil && !sick {
		return err
	}
	if crash != nil {
		s.disk.fs = crash
	}
	var err error
	if s.db, err = s.disk.open(s); err != nil {
		return err
	}
	now := probe.Look(s.db).Settings
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if now[name] != set[name] {
			if err := s.db.Exec(s.ctx, "SET "+name+" = '"+set[name]+"'"); err != nil {
				return err
			}
		}
	}
	if sick && crash == nil {
		s.resumeFailed(ran)
	}
	for i, w := range s.watched {
		if s.isLast(i) {
			s.watched[i] = s.again(w, ran[i])
		}
	}
	return nil
}

// isLast reports that no query was watched later that has the name of the i-th.
func (s *session) isLast(i int) bool {
	return !slices.ContainsFunc(s.watched[i+1:], func(w *watched) bool { return w.q.Name() == s.watched[i].q.Name() })
}

// again is the watched query as it is in the database that was opened again. One that had
// ended may be gone.
func (s *session) again(w *watched, ran bool) *watched {
	for _, q := range slices.Backward(s.db.Queries()) {
		if q.Name() != w.q.Name() {
			continue
		}
		again := watch(s.ctx, q, w.name, w.text)
		again.zone, again.start, again.unjudged, again.shown, again.judgedFailure = w.zone, w.start, w.unjudged, w.shown, w.judgedFailure && !ran
		return again
	}
	if ran {
		s.breach("query %s is gone after the directory was opened again", w.name)
	}
	return w
}
