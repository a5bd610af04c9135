package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/sqlstream/sqlstream"
)

// refresh is how often the progress line is written anew.
const refresh = 500 * time.Millisecond

// A meter follows the queries' progress, shows it in one line, and sums it up.
type meter struct {
	screen *screen

	mu      sync.Mutex
	order   []string
	queries map[string]*reading
	was     int64 // input rows at the last look
	at      time.Time
	rate    float64
}

// A reading is what is known of one query.
type reading struct {
	epoch   int64
	in, out int64
	lag     int64
	state   int64 // bytes
}

func newMeter(s *screen) *meter { return &meter{screen: s, queries: map[string]*reading{}} }

// observe takes the progress of one epoch.
func (m *meter) observe(p sqlstream.Progress) {
	easeCollector(p)
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.queries[p.Name]
	if !ok {
		r = &reading{}
		m.queries[p.Name] = r
		m.order = append(m.order, p.Name)
	}
	r.epoch, r.in, r.lag, r.state = p.BatchID, p.TotalRows, 0, 0
	for _, s := range p.Sources {
		r.lag += s.Lag()
	}
	for _, s := range p.StateOperators {
		r.state += s.MemoryUsedBytes
	}
	for _, s := range p.Sink {
		r.out += s.NumOutputRows
	}
}

// start shows the progress line until the function that it returns is called.
func (m *meter) start() (stop func()) {
	if !m.screen.errTerminal {
		return func() {}
	}
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(refresh)
		defer tick.Stop()
		for {
			select {
			case now := <-tick.C:
				m.screen.status(m.line(now))
			case <-done:
				m.screen.status("")
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(done)
		<-gone
	})
}

// line sums all queries up: rows a second, lag, state.
func (m *meter) line(now time.Time) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.order) == 0 {
		return ""
	}
	var in, lag, state, epoch int64
	for _, r := range m.queries {
		in, lag, state, epoch = in+r.in, lag+r.lag, state+r.state, max(epoch, r.epoch)
	}
	if !m.at.IsZero() && now.After(m.at) {
		m.rate = float64(in-m.was) / now.Sub(m.at).Seconds()
	}
	m.was, m.at = in, now
	line := fmt.Sprintf("%s · epoch %s · %s rows/s · %s · lag %s · state %s · ^C stops",
		queriesWord(m.order), humanize.Comma(epoch), humanize.Comma(int64(m.rate)), count(in, "row"),
		humanize.Comma(lag), humanize.IBytes(uint64(max(state, 0))))
	width, _ := m.screen.size()
	return clip(line, width-4) // the terminal writes ^C behind it
}

func queriesWord(names []string) string {
	if len(names) == 1 && !strings.HasPrefix(names[0], "select_") {
		return names[0]
	}
	return count(int64(len(names)), "query")
}

// report says what the queries have done: where they were stopped always, where they
// ended by themselves only to a terminal.
func (m *meter) report(queries []*sqlstream.Query, stopped bool) {
	if !stopped && !m.screen.errTerminal {
		return
	}
	for _, q := range queries {
		status, err := q.Status()
		if err != nil {
			continue
		}
		m.mu.Lock()
		r, ok := m.queries[q.Name()]
		if !ok {
			r = &reading{}
		}
		did := "finished"
		switch epoch, resumed := q.Resumed(); {
		case stopped && status == sqlstream.Stopped && !ok && resumed:
			m.mu.Unlock()
			m.screen.say(fmt.Sprintf("%s stopped behind epoch %d: nothing new has come", q.Name(), epoch))
			continue
		case stopped && status == sqlstream.Stopped:
			did = fmt.Sprintf("stopped at the end of epoch %d", r.epoch)
		}
		text := fmt.Sprintf("%s %s: %s in", q.Name(), did, count(r.in, "row"))
		if q.Kind() == "INSERT" {
			text += ", " + humanize.Comma(r.out) + " out"
		}
		m.mu.Unlock()
		m.screen.say(text)
	}
}
