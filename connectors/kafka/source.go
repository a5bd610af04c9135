package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
)

// A source reads a table's topics.
type source struct {
	*cluster
	first map[connectors.Split]bool // the splits that there were at the start

	mu   sync.Mutex
	seen connectors.Offsets // the furthest ends

	polls   *polls
	known   connectors.Offsets // ends that fetches have told which waited for data; nil before the first
	brought map[connectors.Split]brought
	follow  follow
}

func openSource(ctx context.Context, t *connectors.Table, env connectors.Env) (*source, error) {
	if err := checkChanges(t); err != nil {
		return nil, err
	}
	c, err := connect(ctx, t, env)
	if err != nil {
		return nil, err
	}
	s := &source{cluster: c, first: map[connectors.Split]bool{}, seen: connectors.Offsets{}, polls: newPolls(), brought: map[connectors.Split]brought{}}
	s.follow.c = c
	for _, split := range c.splits {
		s.first[split] = true
	}
	return s, nil
}

// Splits implements connectors.Source.
func (s *source) Splits(ctx context.Context) ([]connectors.Split, error) {
	if err := s.fresh(ctx); err != nil {
		return nil, err
	}
	s.cluster.mu.Lock()
	defer s.cluster.mu.Unlock()
	return s.splits, nil // made anew whenever it changes
}

// Open implements connectors.Source.
func (s *source) Open(ctx context.Context, r connectors.Range) (connectors.Reader, error) {
	if r.From < 0 || r.From > r.To {
		return nil, fmt.Errorf("%s cannot be read from %d to %d", r.Split, r.From, r.To)
	}
	return openReader(ctx, s, r), nil
}

// Close implements connectors.Source.
func (s *source) Close() error {
	s.follow.wait()
	close(s.polls.ended)
	s.pool.close()
	return nil
}

// checkKey says what is wrong with key.fields and key.format.
func checkKey(t *connectors.Table) error {
	if _, err := format.KeyColumns(t); err != nil {
		return err
	}
	if t.Options.Get("key.format") != "" && t.Options.Get("key.fields") == "" && len(t.PrimaryKey) == 0 {
		return errors.New("option 'key.format' needs 'key.fields', which names the columns of the key")
	}
	return nil
}
