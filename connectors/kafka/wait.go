package kafka

import (
	"context"
	"maps"
	"time"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
)

// polls are the fetches that wait at the brokers for new data, one a leader. One
// that nobody waits for any more ends by itself and is taken up by the next Wait.
type polls struct {
	turn  chan struct{} // held by the Wait that runs, which owns leaders
	back  chan polled
	ended chan struct{} // closed with the source

	leaders map[string]*leaderPoll
}

// A leaderPoll is what is known of the fetches to one leader.
type leaderPoll struct {
	out   bool // one is on its way
	pause time.Duration
	again retry
}

// A polled is what a fetch brought.
type polled struct {
	addr  string
	from  connectors.Offsets
	got   *fetchAnswer // nil where it failed
	ends  connectors.Offsets
	asked connectors.Offsets // of them, those of splits that do not have what was asked for
	err   error
	quick bool // the broker did not wait, though there was nothing
}

func newPolls() *polls {
	return &polls{
		turn: make(chan struct{}, 1), back: make(chan polled), ended: make(chan struct{}),
		leaders: map[string]*leaderPoll{},
	}
}

// Wait implements connectors.Source. What a fetch brings is kept for who reads it, and while that
// is so the next fetch waits at the broker for what comes behind it.
func (s *source) Wait(ctx context.Context, after connectors.Offsets) error {
	select {
	case s.polls.turn <- struct{}{}:
		defer func() { <-s.polls.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		splits, err := s.Splits(ctx)
		if err != nil {
			return err
		}
		for _, split := range splits {
			if at, known := after[split]; !known || s.ahead(split, at) {
				return nil
			}
		}
		s.poll(splits, after)
		p, err := s.nextPoll(ctx)
		if err != nil {
			return err
		}
		s.learnEnds(p.ends)
		if err := s.see(ctx, s.goneBack(p.asked, after)); err != nil {
			return err
		}
		if p.got != nil {
			s.bring(p.got, p.from)
		}
		some := false
		for split, end := range p.ends {
			some = some || end > after[split]
		}
		if some {
			s.poll(splits, further(after, p.ends))
			return nil
		}
	}
}

// further is the later of two positions of each split of the first.
func further(at, ends connectors.Offsets) connectors.Offsets {
	out := maps.Clone(at)
	for split, end := range ends {
		out[split] = max(out[split], end)
	}
	return out
}

const (
	firstPause = 10 * time.Millisecond
	lastPause  = 100 * time.Millisecond
)

// poll sends a fetch from these positions on to every leader that has none.
func (s *source) poll(splits []connectors.Split, from connectors.Offsets) {
	groups, _ := s.byLeader(splits)
	for addr, group := range groups {
		l := s.polls.leaders[addr]
		if l == nil {
			l = &leaderPoll{again: retry{c: s.cluster, what: "asking the broker at " + addr}}
			s.polls.leaders[addr] = l
		}
		if l.out {
			continue
		}
		l.out = true
		req := fetchRequest{
			from: connectors.Offsets{}, wait: s.wait, maxBytes: min(s.fetchBytes, mostBroughtSplit), most: mostBrought, isolated: s.isolation,
		}
		for _, split := range group {
			req.from[split] = from[split]
		}
		go s.pollOne(addr, l.pause, req)
	}
}

// pollOne pauses, makes one fetch and hands over what it says. The end of Wait does
// not end it.
func (s *source) pollOne(addr string, pause time.Duration, req fetchRequest) {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.polls.ended:
		return
	}
	started := time.Now()
	got, err := exchange(context.Background(), s.pool, addr, true, func(c *conn) (*fetchAnswer, error) { return c.fetch(req) })
	p := polled{
		addr: addr, from: req.from, got: got, ends: connectors.Offsets{}, asked: connectors.Offsets{}, err: err,
		quick: time.Since(started) < s.wait/4,
	}
	if err == nil {
		for split, from := range req.from {
			s.endIn(&p, got.parts[split], split)
			if p.ends[split] > from {
				p.quick = false
			}
		}
	}
	select {
	case s.polls.back <- p:
	case <-s.polls.ended:
	}
}

// endIn takes the end of a split out of an answer.
func (s *source) endIn(p *polled, f *fetched, split connectors.Split) {
	switch {
	case f == nil: // left out for lack of room
	case f.err == sarama.ErrOffsetOutOfRange:
		// Whoever reads from there will say what was lost.
		ends, _ := s.ask(context.Background(), []connectors.Split{split}, endOf) // none, where it fails
		if end, ok := ends[split]; ok {
			p.ends[split], p.asked[split] = end, end
		}
	case f.err != sarama.ErrNoError:
		p.err = f.err
	case s.isolation == sarama.ReadCommitted:
		p.ends[split] = connectors.Offset(f.stable)
	default:
		p.ends[split] = connectors.Offset(f.end)
	}
}

// nextPoll waits for a fetch to come back, at most until the cluster is to be asked
// for new partitions. It decides how long the next one to the same leader pauses.
func (s *source) nextPoll(ctx context.Context) (polled, error) {
	t := time.NewTimer(s.discovery)
	defer t.Stop()
	var p polled
	select {
	case p = <-s.polls.back:
	case <-t.C:
		return p, nil
	case <-ctx.Done():
		return p, ctx.Err()
	}
	l := s.polls.leaders[p.addr]
	l.out = false
	switch {
	case p.err != nil:
		pause, err := l.again.judge(ctx, p.err)
		l.pause = pause
		return p, err
	case p.quick:
		// Between the last stable offset and the high watermark the broker
		// answers at once, data or not.
		l.pause = min(max(2*l.pause, firstPause), lastPause)
	default:
		l.pause = 0
	}
	l.again.done()
	return p, nil
}
