package sqltest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/probe"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/zset"
)

// begin is what the clock of every script shows until a clock command moves it.
var begin = time.Date(2026, 3, 4, 5, 6, 7, 890123000, time.UTC)

// crowd is the memory of a variation that has hardly any.
const crowd = "64 KiB"

// A session is a script being run: a database, the queries it watches, and in a
// variation that cuts the rows not yet fed.
type session struct {
	ctx     context.Context
	db      *sqlstream.DB
	dir     string // of the database, to be removed; empty where it has none
	v       Variation
	dice    *rand.Rand
	watched []*watched // started by name, and materialized views
	pending []feeding
	disk    *disk    // of a variation that opens its directory again and again
	found   []string // breaches of law since they were last asked for
	line    int      // of the block that runs
	events  []string // how processes have ended

	mu  sync.Mutex
	now time.Time

	setBack bool // the clock was: to queries that run it stands until it is there again
}

func openSession(ctx context.Context, v Variation) (*session, error) {
	s := &session{ctx: ctx, v: v, dice: rand.New(rand.NewPCG(v.Recut, 0)), now: begin}
	options := []sqlstream.Option{
		sqlstream.WithParallelism(max(v.Workers, 1)), sqlstream.WithClock(s.clock),
	}
	if v.NoRules {
		options = append(options, sqlstream.WithoutRules())
	}
	var err error
	switch {
	case v.Restart > 0:
		s.dice = rand.New(rand.NewPCG(v.Recut, v.Restart))
		s.disk = &disk{fs: vfs.NewCrashableMem(), options: options}
		if v.Crowded {
			s.disk.options = append(options, sqlstream.WithMemory(crowd))
		}
		s.db, err = s.disk.open(s)
	case v.Crowded:
		if s.dir, err = os.MkdirTemp("", "sqltest"); err != nil {
			return nil, err
		}
		s.db, err = sqlstream.Open(ctx, append(options, sqlstream.WithDir(s.dir), sqlstream.WithMemory(crowd))...)
	default:
		s.db, err = sqlstream.Open(ctx, options...)
	}
	if err != nil {
		return nil, err
	}
	if v.Recut > 0 {
		// what a statement writes at once is cut by what an epoch may take in
		if n := s.dice.IntN(6); n > 0 {
			err = s.db.Exec(ctx, fmt.Sprintf("SET max_rows_per_trigger = %d", n))
		}
	}
	return s, err
}

func (s *session) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// settle is the query's settle; where its trigger goes by the clock, time passes
// meanwhile.
func (s *session) settle(w *watched) (*zset.Batch, error) {
	if strings.HasPrefix(w.q.Trigger(), everyPrefix) {
		defer s.passTime()()
	}
	return w.settle(s.ctx)
}

// passTime moves the clock on until the function it returns is called.
func (s *session) passTime() func() {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		beat := time.NewTicker(time.Millisecond)
		defer beat.Stop()
		for {
			select {
			case <-beat.C:
				s.mu.Lock()
				s.now = s.now.Add(time.Second)
				s.mu.Unlock()
			case <-stop:
				return
			}
		}
	}()
	return func() { close(stop); <-stopped }
}

// close ends everything and waits for it.
func (s *session) close() error {
	err := s.db.Close()
	for _, w := range s.watched {
		<-w.ended
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// problems hands out the breaches of law found since the last call.
func (s *session) problems() []string {
	out := s.found
	s.found = nil
	return out
}

func (s *session) breach(format string, args ...any) {
	s.found = append(s.found, fmt.Sprintf(format, args...))
}

// find returns the watched query of a name.
func (s *session) find(name string) (*watched, error) {
	for i := len(s.watched) - 1; i >= 0; i-- {
		if strings.EqualFold(s.watched[i].name, name) {
			return s.watched[i], nil
		}
	}
	return nil, fmt.Errorf("no query %s was started", name)
}

// notice begins to watch materialized views that statements made.
func (s *session) notice() error {
	for _, q := range s.db.Queries() {
		if q.Kind() != "MATERIALIZED VIEW" || s.watches(q) {
			continue
		}
		text, err := queryOf(q.Text())
		if err != nil {
			return err
		}
		w := watch(s.ctx, q, q.Name(), text)
		w.zone = s.zone()
		s.watched = append(s.watched, w)
	}
	return nil
}

func (s *session) zone() string { return probe.Look(s.db).Planner.Zone.String() }

// inZone sets the setting time_zone, and returns what sets it back.
func (s *session) inZone(zone string) (back func()) {
	was := s.zone()
	if was == zone {
		return func() {}
	}
	set := func(zone string) {
		if err := s.db.Exec(s.ctx, "SET time_zone = '"+zone+"'"); err != nil {
			s.breach("%v", err)
		}
	}
	set(zone)
	return func() { set(was) }
}

func (s *session) watches(q *sqlstream.Query) bool {
	for _, w := range s.watched {
		if w.q == q {
			return true
		}
	}
	return false
}

// queryOf returns the query in a statement that keeps its result up to date.
func queryOf(statement string) (string, error) {
	st, err := sql.ParseOne("", statement)
	if err != nil {
		return "", err
	}
	switch x := st.(type) {
	case *sql.CreateView:
		return x.Query.Mapping.Text(), nil
	case *sql.Select:
		return x.Query.Mapping.Text(), nil
	}
	return "", errors.New("only a SELECT can be started")
}
