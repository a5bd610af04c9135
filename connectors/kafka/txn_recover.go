package kafka

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/faultpoint"
)

// A note is what a transaction keeps beyond the process.
type note struct {
	Version int               `json:"v"`
	Begun   bool              `json:"begun"`            // from now on there is a marker
	Topics  map[string]string `json:"topics,omitempty"` // what was written to: topic ids by name
	Ended   string            `json:"ended,omitempty"`  // how the coordinator had ended the last transaction when its id was taken
	Mending *mending          `json:"mending,omitempty"`
}

// A mending is an empty transaction that ends one which the broker has lost.
type mending struct {
	Commit bool  `json:"commit"`
	PID    int64 `json:"pid"`
	Epoch  int16 `json:"epoch"`
}

// A notebook has the note as it is kept.
type notebook struct {
	book connectors.Notebook
	last note
	text []byte
}

func (n *notebook) read(ctx context.Context) error {
	text, err := n.book.Read(ctx)
	if err != nil {
		return err
	}
	n.last, n.text = note{}, text
	if text != nil {
		if err := json.Unmarshal(text, &n.last); err != nil {
			return fmt.Errorf("what is kept of the transaction cannot be read: %w", err)
		}
		if n.last.Version != 1 {
			return fmt.Errorf("what is kept of the transaction is of version %d, and this program reads version 1", n.last.Version)
		}
	}
	if n.last.Topics == nil {
		n.last.Topics = map[string]string{}
	}
	return nil
}

// change writes the note where it differs from what is kept.
func (n *notebook) change(ctx context.Context, f func(*note)) error {
	f(&n.last)
	n.last.Version = 1
	text, err := json.Marshal(n.last)
	if err != nil || string(text) == string(n.text) {
		return err
	}
	if err := n.book.Write(ctx, text); err != nil {
		return err
	}
	n.text = text
	return nil
}

// Recover implements connectors.Transaction.
func (t *transaction) Recover(ctx context.Context, happened, prepared int64) (int64, error) {
	if err := t.notes.read(ctx); err != nil {
		return 0, err
	}
	if err := t.sameTopics(); err != nil {
		return 0, err
	}
	visible, err := t.recover(ctx, happened, prepared)
	if err != nil {
		return 0, err
	}
	t.state, t.happened, t.sent = ready, visible, false
	return visible, nil
}

// mendings is how often a lost transaction is mended before a person is asked to.
const mendings = 3

// recover finds out what has happened, at the start and in process alike. Each of its steps
// may be repeated, also by another process after this one has died between any two.
func (t *transaction) recover(ctx context.Context, happened, prepared int64) (int64, error) {
	t.stopChecking()
	own := t.state != opened && t.next != nil
	knows := own // what has happened, and that nobody else has written since
	t.state = recovering
	clear(t.coordinators)
	for n := 0; ; n++ {
		if err := t.takeNote(ctx); err != nil {
			return 0, err
		}
		faultpoint.At("txn-noted")
		if err := t.take(ctx, own); err != nil {
			return 0, err
		}
		own = true
		faultpoint.At("txn-taken")
		where, err := t.hanging(ctx, nil)
		if err != nil {
			return 0, t.explained(err)
		}
		if where == "" {
			break
		}
		if n == mendings {
			return 0, fmt.Errorf("a transaction of %s that Kafka has lost does not end in %s; end it with kafka-transactions.sh abort, or ask the cluster's keeper", t.id, where)
		}
		if err := t.mend(ctx, where); err != nil {
			return 0, err
		}
	}
	if err := t.notes.change(ctx, func(n *note) { n.Mending = nil }); err != nil {
		return 0, err
	}
	var last int64
	if err := t.persist(ctx, func() (err error) { last, err = t.marker(ctx); return err }); err != nil {
		return 0, err
	}
	faultpoint.At("txn-recovered")
	visible, err := t.decide(last, happened, prepared)
	if err != nil {
		if knows && last < 0 { // a marker that is forgotten after days without an epoch
			visible, err = happened, nil
		}
		for _, s := range t.sinks { // the marker goes with its topic
			_ = s.refresh(ctx) // what cannot be asked is no better known than before
			err = cmp.Or(s.cluster.gone(), err)
		}
	}
	return visible, err
}

// takeNote looks how the last transaction ended, which nobody can tell once its id is taken,
// or goes on with a mending that was cut off: taking the id would abort it, and with it
// what it was to commit.
func (t *transaction) takeNote(ctx context.Context) error {
	if m := t.notes.last.Mending; m != nil {
		err := t.persist(ctx, func() error { return t.end(ctx, m.Commit, m.PID, m.Epoch) })
		var code sarama.KError
		if errors.As(err, &code) {
			return nil // it had ended, or another owner has
		}
		return err
	}
	var state string
	err := t.persist(ctx, func() (err error) { state, err = t.coordinated(ctx); return err })
	if err != nil || state == "" || state == "Empty" || state == "Dead" {
		return err
	}
	return t.notes.change(ctx, func(n *note) { n.Ended = state })
}

// take makes this process the owner of the transactional id. One that has been it already
// never takes the id from another.
func (t *transaction) take(ctx context.Context, own bool) error {
	pid, epoch := int64(-1), int16(-1)
	if own {
		pid, epoch = t.pid, t.epoch
	}
	err := t.persist(ctx, func() error { return t.initProducer(ctx, pid, epoch) })
	switch {
	case own && (errors.Is(err, sarama.ErrProducerFenced) || errors.Is(err, sarama.ErrInvalidProducerEpoch)):
		t.state = taken
		return t.takenOver()
	case own && errors.Is(err, sarama.ErrInvalidProducerIDMapping):
		// The coordinator has forgotten the id. If another process took it since, the
		// marker will not be ours.
		return t.take(ctx, false)
	}
	return err
}

// mend ends a transaction that the coordinator holds for ended, while partitions wait for its
// end: an empty one over the same partitions, ended as the lost one was to end, writes to them
// what they wait for.
func (t *transaction) mend(ctx context.Context, where string) error {
	t.c.notice(fmt.Sprintf("Kafka has lost the end of a transaction in %s, which it does when a broker dies at the wrong moment; ending it again", where))
	commit := strings.HasSuffix(t.notes.last.Ended, "Commit")
	err := t.notes.change(ctx, func(n *note) { n.Mending = &mending{Commit: commit, PID: t.pid, Epoch: t.epoch} })
	if err != nil {
		return err
	}
	faultpoint.At("txn-mending")
	all := map[string][]int32{}
	for _, s := range t.sinks {
		all[s.topic] = s.allPartitions()
	}
	for _, step := range []func() error{
		func() error { return t.addPartitions(ctx, all) },
		func() error { return t.addOffsets(ctx) },
		func() error { return t.end(ctx, commit, t.pid, t.epoch) },
	} {
		if err := t.persist(ctx, step); err != nil {
			return err
		}
	}
	faultpoint.At("txn-mended")
	if err := t.take(ctx, true); err != nil { // answered when the end is everywhere
		return err
	}
	return t.notes.change(ctx, func(n *note) { n.Mending = nil })
}

// allPartitions lists the partitions of the sink's topic.
func (s *sink) allPartitions() []int32 {
	all := make([]int32, s.partitionsOf(s.topic))
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

// hanging says where the last transaction has not ended although the coordinator holds it
// for ended, "" for nowhere. nil stands for all partitions.
func (t *transaction) hanging(ctx context.Context, parts map[string][]int32) (where string, err error) {
	since := time.Now()
	err = t.persist(ctx, func() error {
		where, err = t.unfinished(ctx, parts)
		switch {
		case err != nil:
			since = time.Now()
			return err
		case where == "" || time.Since(since) > t.patience:
			return nil
		}
		return sarama.ErrUnstableOffsetCommit
	})
	return where, err
}

// unfinished is hanging, asked once.
func (t *transaction) unfinished(ctx context.Context, parts map[string][]int32) (string, error) {
	asked := map[string]bool{}
	var open []string
	for _, s := range t.sinks {
		list := parts[s.topic]
		if parts == nil {
			list = s.allPartitions()
		}
		if asked[s.topic] || len(list) == 0 {
			continue
		}
		asked[s.topic] = true
		on, err := s.openOn(ctx, list, t.pid)
		if err != nil {
			return "", err
		}
		open = append(open, on...)
	}
	if len(open) > 0 {
		return strings.Join(open, ", "), nil
	}
	_, err := t.marker(ctx)
	if errors.Is(err, sarama.ErrUnstableOffsetCommit) {
		return "consumer group " + t.id, nil
	}
	return "", err
}

// decide tells by the marker which epoch is visible, and refuses one that is neither of those
// that this directory knows.
func (t *transaction) decide(marker, happened, prepared int64) (int64, error) {
	const anew = "; to begin anew, drop the query and create it again"
	begun := t.notes.last.Begun
	switch {
	case prepared != 0 && marker == prepared:
		return prepared, nil
	case marker == happened, marker < 0 && !begun:
		return happened, nil
	case marker < 0 && happened == 0 && !strings.HasSuffix(t.notes.last.Ended, "Commit"): // begun, and nothing was committed
		return 0, nil
	case marker < 0:
		return 0, fmt.Errorf("the marker of epoch %d is no longer in consumer group %s: Kafka forgets one that is older than offsets.retention.minutes, and with a topic that is dropped. "+
			"So it is not known whether the output of the next epoch is there%s", happened, t.id, anew)
	case marker > max(happened, prepared):
		return 0, fmt.Errorf("the cluster has the output of epoch %d of this query, and the directory knows only %d: an older copy of the directory has been put in its place. "+
			"Going on would write again what is there already; put the newest copy back%s", marker, max(happened, prepared), anew)
	}
	return 0, fmt.Errorf("the cluster has the output of this query up to epoch %d, and the directory knows of %d: this is another cluster, or an older copy of it. "+
		"Going on would leave out what is missing%s", marker, happened, anew)
}

// sameTopics refuses a topic that was dropped and made again: what had been written is gone.
func (t *transaction) sameTopics() error {
	for _, name := range slices.Sorted(maps.Keys(t.notes.last.Topics)) {
		was := t.notes.last.Topics[name]
		for _, s := range t.sinks {
			if is := s.topicID(name); s.topic == name && is != "" && was != "" && is != was {
				return fmt.Errorf("topic '%s' was dropped and made again since this query wrote to it: what it had written is gone; to begin anew, drop the query and create it again", name)
			}
		}
	}
	return nil
}

// A checking looks, while the next epoch is computed, whether the last one is finished.
type checking struct {
	stop  context.CancelFunc
	ended chan struct{}
	where string
	err   error
}

// check begins to look. Until it has been waited for nobody else may use the transaction.
func (t *transaction) check(ctx context.Context) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	c := &checking{stop: stop, ended: make(chan struct{})}
	t.checking = c
	go func() {
		defer close(c.ended)
		c.where, c.err = t.hanging(ctx, t.touched)
	}()
}

// finished waits until the last epoch is seen to be finished, and mends it if it is not.
func (t *transaction) finished(ctx context.Context) error {
	c := t.checking
	if c == nil {
		return nil
	}
	select {
	case <-c.ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	c.stop()
	t.checking = nil
	if c.err != nil {
		t.state = recovering
		return t.explained(c.err)
	}
	if c.where == "" {
		return nil
	}
	_, err := t.recover(ctx, t.happened, 0)
	if err == nil {
		t.state = ready
	}
	return err
}

func (t *transaction) stopChecking() {
	if c := t.checking; c != nil {
		c.stop()
		<-c.ended
		t.checking = nil
	}
}
