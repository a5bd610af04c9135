package kafka

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/sqlstream/sqlstream/connectors"
)

// What is read behind waits is what was written, wherever ranges end, whoever has brought it, and
// whatever has come to nothing in between.
func TestReadBehindWaits(t *testing.T) {
	onBrokers(t, func(t *testing.T, w *writer) {
		for _, isolation := range []string{"read_committed", "read_uncommitted"} {
			const parts = 3
			topic := w.topic("brought", parts, nil)
			s := open(t, w.table(topic, "isolation.level", isolation))
			r := rand.New(rand.NewPCG(1, 2))
			x := w.begin()
			at, want, got := connectors.Offsets{}, map[connectors.Split][]string{}, map[connectors.Split][]string{}
			for p := range int32(parts) {
				at[splitName(topic, p)] = 0
			}
			for i := range 60 {
				for range 1 + r.IntN(3) {
					p, how := int32(r.IntN(parts)), r.IntN(4)
					split := splitName(topic, p)
					n, first := 1+r.IntN(3), int64(0)
					texts := numbered(10*i, n, 20)
					if how == 0 || how == 1 {
						first = x.put(topic, p, values(texts...))
						x.end(how == 0, topic, p)
					} else {
						first = w.put(topic, p, values(texts...))
					}
					for k, text := range texts {
						if how != 1 || isolation == "read_uncommitted" {
							want[split] = append(want[split], fmt.Sprintf("%s@%d %s", split, first+int64(k), text))
						}
					}
				}
				if err := s.Wait(t.Context(), at); err != nil {
					t.Fatal(err)
				}
				ends, _ := s.Known(at)
				for split, end := range ends {
					to := at[split] + connectors.Offset(r.Int64N(int64(end-at[split])+1))
					if r.IntN(2) == 0 {
						to = end
					}
					rows, err := read(t.Context(), s, connectors.Range{Split: split, From: at[split], To: to})
					if err != nil {
						t.Fatal(err)
					}
					got[split], at[split] = append(got[split], rows...), to
				}
			}
			ends, err := s.Latest(t.Context(), []connectors.Split{splitName(topic, 0), splitName(topic, 1), splitName(topic, 2)})
			if err != nil {
				t.Fatal(err)
			}
			for split, end := range ends {
				rows, err := read(t.Context(), s, connectors.Range{Split: split, From: at[split], To: end})
				if err != nil {
					t.Fatal(err)
				}
				same(t, append(got[split], rows...), want[split]...)
			}
		}
	})
}

// A record that was waited for is there with the answer that says so: nobody fetches it again.
func TestWaitBringsRecords(t *testing.T) {
	c := fake(t, kfake.SeedTopics(2, "t"))
	w := newWriter(t, c.ListenAddrs()[0])
	s := open(t, w.table("t"))
	at := connectors.Offsets{"t/0": 0, "t/1": 0}
	var fetches atomic.Int64
	c.ControlKey(fetchKey, func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		fetches.Add(1)
		return nil, nil, false
	})
	w.put("t", 0, values("a"))
	w.put("t", 1, values("b", "c"))
	if err := s.Wait(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range []connectors.Range{{Split: "t/0", To: 1}, {Split: "t/1", To: 2}} {
		rows, err := read(t.Context(), s, r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rows...)
	}
	same(t, got, "t/0@0 a", "t/1@0 b", "t/1@1 c")
	if n := fetches.Load(); n > 2 { // the second one waits for what comes next
		t.Errorf("%d fetches", n)
	}
}
