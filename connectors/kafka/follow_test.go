package kafka

import (
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/sqlstream/sqlstream/connectors"
)

// A table promises what it asks for, and without a word what its surroundings allow.
func TestGuarantee(t *testing.T) {
	for _, c := range []struct {
		options []string
		durable bool
		want    connectors.Guarantee
	}{
		{nil, true, connectors.ExactlyOnce},
		{nil, false, connectors.AtLeastOnce},
		{[]string{"delivery.guarantee", "exactly-once"}, true, connectors.ExactlyOnce},
		{[]string{"delivery.guarantee", "at-least-once"}, true, connectors.AtLeastOnce},
		{[]string{"sink.delivery-guarantee", "at-least-once"}, true, connectors.AtLeastOnce},
		{[]string{"sink.delivery-guarantee", "none"}, true, connectors.NoGuarantee},
		{[]string{"delivery.guarantee", "none"}, false, connectors.NoGuarantee},
	} {
		if got := guarantee(tweets("b:1", "t", c.options...), c.durable); got != c.want {
			t.Errorf("%v, durable %v: %s, want %s", c.options, c.durable, got, c.want)
		}
	}
	err := check(tweets("b:1", "t", "delivery.guarantee", "none", "sink.delivery-guarantee", "exactly-once"))
	if err == nil || err.Error() != "options 'delivery.guarantee' and 'sink.delivery-guarantee' are the same, and have two values" {
		t.Errorf("got %v", err)
	}
}

// Without a guarantee records are written all the same.
func TestNoGuarantee(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		table := w.table(w.topic("careless", 1, nil), "delivery.guarantee", "none")
		put(t, table, connectors.Append, rows(table, "1 a", "2 b"), rows(table, "3 c"))
		same(t, wrote(t, table), `0@0 {"id":1,"body":"a"}`, `0@1 {"id":2,"body":"b"}`, `0@2 {"id":3,"body":"c"}`)
	})
}

// groupOffset is what a consumer group has of a partition.
func (w *writer) groupOffset(group, topic string, part int32) (offset int64) {
	w.t.Helper()
	w.again(func() error {
		res, err := w.b.FetchOffset(sarama.NewOffsetFetchRequest(w.conf.Version, group, map[string][]int32{topic: {part}}))
		w.must(err)
		g := res.Groups[0]
		if b := g.GetBlock(topic, part); b != nil {
			offset = b.Offset
		}
		return coded(g.Err)
	})
	return offset
}

// The group of a table is told where its query is, and no others'.
func TestPassed(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		group := freshTopic(t, "lag")
		topic := w.topic("passed", 2, nil)
		table := w.table(topic, "group.id", group)
		s := open(t, table)
		for _, at := range []connectors.Offsets{{splitName(topic, 0): 3}, {splitName(topic, 0): 7, splitName(topic, 1): 2}} {
			w.must(s.Passed(t.Context(), at))
		}
		s.follow.wait()
		if a, b := w.groupOffset(group, topic, 0), w.groupOffset(group, topic, 1); a != 7 || b != 2 {
			t.Errorf("the group is at %d and %d, want 7 and 2", a, b)
		}
		w.must(open(t, w.table(topic)).Passed(t.Context(), connectors.Offsets{splitName(topic, 0): 1}))
	})
}

// What the group does not take is a notice, once, and no harm to the query.
func TestPassedFails(t *testing.T) {
	c := fake(t, kfake.SeedTopics(1, "t"))
	n := newNotices()
	s := openWith(t, tweets(c.ListenAddrs()[0], "t", "group.id", "lag"), n.env())
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: errorCode(25), Count: 2})
	for i := range 3 {
		if err := s.Passed(t.Context(), connectors.Offsets{"t/0": connectors.Offset(i)}); err != nil {
			t.Fatal(err)
		}
		s.follow.wait()
	}
	same(t, n.all(),
		"table tweets: the offsets of consumer group lag are not kept up to date: "+sarama.ErrUnknownMemberId.Error()+"; a consumer is a member of the group: give the table a group.id of its own; reading does not depend on it",
		"table tweets: the offsets of consumer group lag are kept up to date again")
}

// A topic that is made again under its name is another one.
func TestIdentify(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("identity", 2, nil)
		of := func() string {
			s := open(t, w.table(topic))
			ids, err := s.Identify(t.Context(), s.splits)
			w.must(err)
			if a := ids[splitName(topic, 0)]; a == "" || a != ids[splitName(topic, 1)] {
				t.Fatalf("identities %v", ids)
			}
			return ids[splitName(topic, 0)]
		}
		before := of()
		if again := of(); again != before {
			t.Errorf("%s is %s for the next one who asks", before, again)
		}
		w.drop(topic)
		w.create(topic, 2, nil)
		if after := of(); after == before {
			t.Errorf("the new topic is %s, too", after)
		}
	})
}
