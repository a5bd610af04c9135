package kafka

import (
	"strings"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
)

// A broker that answers at once because there is something is asked again without a pause: a
// query that is quicker than its input waited up to a tenth of a second for what came next.
// One that answers at once with nothing, as before an open transaction, is not asked in a loop.
func TestWaitPausesForNothingOnly(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("pauses", 1, nil)
		split := splitName(topic, 0)
		s := open(t, w.table(topic))
		paused := func() time.Duration {
			var longest time.Duration
			for _, l := range s.polls.leaders {
				longest = max(longest, l.pause)
			}
			return longest
		}
		for at := range connectors.Offset(5) {
			w.put(topic, 0, values("some"))
			if err := s.Wait(t.Context(), connectors.Offsets{split: at}); err != nil {
				t.Fatal(err)
			}
			if p := paused(); p != 0 {
				t.Fatalf("after record %d it pauses for %s", at, p)
			}
		}
	})
}

// What a wait has been told need not be asked for; where reading is further, that is the end.
// A partition that ends before what was there already has lost records, and says so.
func TestWaitTellsEnds(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		topic := w.topic("ends", 1, nil)
		split := splitName(topic, 0)
		s := open(t, w.table(topic))
		if ends, ok := s.Known(connectors.Offsets{split: 0}); ok {
			t.Fatalf("%v is known before anything was asked", ends)
		}
		w.put(topic, 0, values("some"))
		if err := s.Wait(t.Context(), connectors.Offsets{split: 0}); err != nil {
			t.Fatal(err)
		}
		for at, want := range map[connectors.Offset]connectors.Offset{0: 1, 1: 1, 3: 3} {
			if ends, ok := s.Known(connectors.Offsets{split: at}); !ok || ends[split] != want {
				t.Errorf("behind %d the end is %v, want %d", at, ends, want)
			}
		}
		s.learnEnds(connectors.Offsets{split: 5})
		if err := s.Wait(t.Context(), connectors.Offsets{split: 5}); err == nil || !strings.Contains(err.Error(), "offsets 1 to 4 are gone") {
			t.Errorf("got %v", err)
		}
	})
}
