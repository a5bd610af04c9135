package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
)

// A follow tells a consumer group where a query is, for tools that show lag. Nothing is read
// from there, so what fails is a notice, and only the newest positions matter.
type follow struct {
	c *cluster

	mu   sync.Mutex
	next connectors.Offsets // to be told
	idle chan struct{}      // closed when nobody tells; nil before the first

	addr string // of the group's coordinator; of the one that tells
}

// Passed implements connectors.Follower. It does not wait for Kafka.
func (s *source) Passed(ctx context.Context, at connectors.Offsets) error {
	if s.group == "" || len(at) == 0 {
		return nil
	}
	f := &s.follow
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = maps.Clone(at)
	if f.idle == nil || isClosed(f.idle) {
		f.idle = make(chan struct{})
		go f.run(context.WithoutCancel(ctx), f.idle)
	}
	return nil
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// wait returns when the group has been told, or could not be.
func (f *follow) wait() {
	f.mu.Lock()
	idle := f.idle
	f.mu.Unlock()
	if idle != nil {
		<-idle
	}
}

// tellLimit bounds the attempts; the next checkpoint makes others.
const tellLimit = 5 * time.Second

func (f *follow) run(ctx context.Context, idle chan struct{}) {
	for {
		f.mu.Lock()
		at := f.next
		f.next = nil
		if at == nil {
			close(idle)
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		f.tell(ctx, at)
	}
}

func (f *follow) tell(ctx context.Context, at connectors.Offsets) {
	ctx, cancel := context.WithTimeout(ctx, tellLimit)
	defer cancel()
	what := "the offsets of consumer group " + f.c.group
	err := f.commit(ctx, at)
	for wait := 5 * time.Millisecond; err != nil && passing(err) && sleep(ctx, wait) == nil; wait *= 2 {
		f.addr = "" // the coordinator has moved
		err = f.commit(ctx, at)
	}
	if err == nil {
		f.c.over(what, what+" are kept up to date again")
		return
	}
	f.addr = ""
	hint := ""
	if errors.Is(err, sarama.ErrUnknownMemberId) || errors.Is(err, sarama.ErrRebalanceInProgress) {
		hint = "; a consumer is a member of the group: give the table a group.id of its own"
	}
	f.c.say(what, fmt.Sprintf("%s are not kept up to date: %v%s; reading does not depend on it", what, err, hint))
}

func (f *follow) commit(ctx context.Context, at connectors.Offsets) (err error) {
	if f.addr == "" {
		if f.addr, err = f.c.coordinator(ctx, sarama.CoordinatorGroup, f.c.group); err != nil {
			return err
		}
	}
	req := sarama.NewOffsetCommitRequest(f.c.client, f.c.group)
	for _, s := range slices.Sorted(maps.Keys(at)) {
		topic, part := splitOf(s)
		req.AddBlockWithLeaderEpoch(topic, part, int64(at[s]), -1, 0, "")
	}
	res, err := call(ctx, f.c.pool, f.addr, func(b *sarama.Broker) (*sarama.OffsetCommitResponse, error) { return b.CommitOffset(req) })
	if err != nil {
		return err
	}
	for _, parts := range res.Errors {
		for _, code := range parts {
			if code != sarama.ErrNoError {
				return code
			}
		}
	}
	return nil
}

// Identify implements connectors.Identifier: a split is known by its topic's id.
func (s *source) Identify(_ context.Context, splits []connectors.Split) (map[connectors.Split]string, error) {
	ids := make(map[connectors.Split]string, len(splits))
	for _, split := range splits {
		topic, _ := splitOf(split)
		ids[split] = s.topicID(topic)
	}
	return ids, nil
}

// Earliest implements connectors.Retainer. A table that goes on after lost records is not
// held to where it was.
func (s *source) Earliest(ctx context.Context, splits []connectors.Split) (connectors.Offsets, error) {
	if s.skipLoss {
		return connectors.Offsets{}, nil
	}
	return s.cluster.offsets(ctx, splits, startOf)
}

// Onward implements connectors.Retainer.
func (s *source) Onward() string { return onward }

// onward is what a user can do who wants to go on behind records that are gone.
const onward = "set on_data_loss = 'skip' to go on without them"
