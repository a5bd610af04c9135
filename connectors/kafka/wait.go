package kafka

import (
	"context"
	"errors"
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

// Wait implements connectors.Source.
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
			if _, known := after[split]; !known {
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
		for split, end := range p.ends {
			if end > after[split] {
				return nil
			}
		}
	}
}

const (
	firstPause = 10 * time.Millisecond
	lastPause  = 100 * time.Millisecond
)

// poll sends a fetch to every leader that has none.
func (s *source) poll(splits []connectors.Split, after connectors.Offsets) {
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
		req := newFetch(s.config)
		for _, split := range group {
			topic, part := splitOf(split)
			req.AddBlock(topic, part, int64(after[split]), 1, -1)
		}
		go s.pollOne(addr, l.pause, group, after, req)
	}
}

// newFetch returns a request without partitions. It keeps no session with the
// broker: each one names all that it wants. One batch is enough: what it has is not used, only
// that it is there.
func newFetch(c *config) *sarama.FetchRequest {
	return &sarama.FetchRequest{
		Version: 12, MaxWaitTime: int32(c.wait / time.Millisecond), MinBytes: 1, MaxBytes: 1,
		Isolation: c.isolation, SessionEpoch: -1,
	}
}

// pollOne pauses, makes one fetch and hands over what it says. The end of Wait does
// not end it.
func (s *source) pollOne(addr string, pause time.Duration, group []connectors.Split, after connectors.Offsets, req *sarama.FetchRequest) {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.polls.ended:
		return
	}
	started := time.Now()
	res, err := call(context.Background(), s.pool, addr, func(b *sarama.Broker) (*sarama.FetchResponse, error) { return b.Fetch(req) })
	p := polled{addr: addr, ends: connectors.Offsets{}, asked: connectors.Offsets{}, err: err, quick: time.Since(started) < s.wait/4}
	if err == nil {
		for _, split := range group {
			s.endIn(&p, res, split)
			if p.ends[split] > after[split] {
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
func (s *source) endIn(p *polled, res *sarama.FetchResponse, split connectors.Split) {
	topic, part := splitOf(split)
	b := res.GetBlock(topic, part)
	switch {
	case b == nil: // left out for lack of room
	case errors.Is(b.Err, sarama.ErrOffsetOutOfRange):
		// Whoever reads from there will say what was lost.
		ends, _ := s.ask(context.Background(), []connectors.Split{split}, endOf) // none, where it fails
		if end, ok := ends[split]; ok {
			p.ends[split], p.asked[split] = end, end
		}
	case b.Err != sarama.ErrNoError:
		p.err = b.Err
	case s.isolation == sarama.ReadCommitted:
		p.ends[split] = connectors.Offset(b.LastStableOffset)
	default:
		p.ends[split] = connectors.Offset(b.HighWaterMarkOffset)
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
